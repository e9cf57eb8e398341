"""Of a file that the system refuses, the command is told that goes on with what it belongs to."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from stdsl.runtime.tracking.files import file_refused

RUN, FRONT = "stdsl run --resume {}", "stdsl derive --resume {}"
WITH_CODE = '{"allow_extern": true}'


def written(folder: Path, marks: list[str], content: str = "{}") -> None:
    for mark in marks:
        (folder / mark).parent.mkdir(parents=True, exist_ok=True)
        (folder / mark).write_text(content)


@pytest.mark.parametrize(
    ("marks", "file", "resume"),
    [
        (["a/run.json"], "a/journal.jsonl", f"{RUN}/a"),
        (["a/run.json", "a/needs/b/run.json"], "a/needs/b/weights/x", f"{RUN}/a"),
        (["a/run.json", "a/needs/.b.0.part/run.json"], "a/needs/.b.0.part/weights/x", f"{RUN}/a"),
        (["f/asked.json"], "f/front.json", f"{FRONT}/f"),
        (["f/asked.json", "f/flops-5/run.json"], "f/flops-5/weights/x", f"{FRONT}/f"),
        (["its own/run.json"], "its own/run.json", "stdsl run --resume '{}/its own'"),
        ([], "a/run.json", ""),
        # What stands further out has nothing to do with it.
        (["run.json", "runs/a/run.json"], "runs/a/weights/x", f"{RUN}/runs/a"),
        (["asked.json", "runs/a/run.json"], "runs/a/weights/x", f"{RUN}/runs/a"),
        (["run.json", "runs/f/asked.json", "runs/f/flops-5/run.json"], "runs/f/flops-5/x", f"{FRONT}/runs/f"),
        (["needs/a/run.json"], "needs/a/x", f"{RUN}/needs/a"),
    ],
)
def test_what_goes_on(tmp_path: Path, marks: list[str], file: str, resume: str) -> None:
    written(tmp_path, marks)
    found = file_refused(tmp_path / file, "written", "No space left on device")
    assert found.resume == resume.format(tmp_path)
    assert found.help.endswith(f"then go on with `{found.resume}`" if resume else "then start again")
    written(tmp_path, marks, WITH_CODE)
    leave = f"{found.resume} --allow-extern" if resume and any("run.json" in mark for mark in marks) else found.resume
    assert file_refused(tmp_path / file, "written", "No space left on device").resume == leave


@pytest.mark.parametrize(
    ("marks", "closed", "file", "resume"),
    [
        (["a/run.json"], "a", "a/.lock", f"{RUN}/a"),
        (["a/run.json", "run.json"], "a", "a/weights/x", f"{RUN}/a"),
        (["a/run.json", "a/weights/x"], "a/weights", "a/weights/x", f"{RUN}/a"),
        (["a/run.json", "a/trials/1/x"], "a/trials/1", "a/trials/1/journal.jsonl", f"{RUN}/a"),
        (["a/run.json", "a/needs/b/run.json"], "a/needs/b", "a/needs/b/journal.jsonl", f"{RUN}/a"),
        (["f/asked.json", "f/flops-5/run.json"], "f/flops-5", "f/flops-5/weights/x", f"{FRONT}/f"),
        (["a/run.json"], "", "a/weights/x", f"{RUN}/a"),
        (["exports/x"], "exports", "exports/x", ""),
    ],
)
def test_where_nobody_may_look(
    tmp_path: Path, marks: list[str], closed: str, file: str, resume: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be searched is a run where files of runs are in it. (Root may search every folder.)"""
    written(tmp_path / "own", marks)
    shut, stat = tmp_path / "own" / closed, os.stat

    def refusing(path: Any, *more: Any, **named: Any) -> os.stat_result:
        if not isinstance(path, int) and shut in Path(path).parents:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return stat(path, *more, **named)

    with monkeypatch.context() as patched:
        patched.setattr(os, "stat", refusing)
        found = file_refused(tmp_path / "own" / file, "read", "Permission denied").resume
    assert found == resume.format(tmp_path / "own")
