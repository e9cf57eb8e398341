"""Of a file that the system refuses, the command is told that goes on with what it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.runtime.tracking.files import file_refused


@pytest.mark.parametrize(
    ("marks", "file", "resume"),
    [
        (["a/run.json"], "a/journal.jsonl", "stdsl run --resume {}/a"),
        (["a/run.json", "a/needs/b/run.json"], "a/needs/b/weights/x", "stdsl run --resume {}/a"),
        (["f/asked.json"], "f/front.json", "stdsl derive --resume {}/f"),
        (["f/asked.json", "f/flops-5/run.json"], "f/flops-5/weights/x", "stdsl derive --resume {}/f"),
        (["its own/run.json"], "its own/run.json", "stdsl run --resume '{}/its own'"),
        ([], "a/run.json", ""),
    ],
)
def test_what_goes_on(tmp_path: Path, marks: list[str], file: str, resume: str) -> None:
    for mark in marks:
        (tmp_path / mark).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / mark).write_text("{}")
    found = file_refused(tmp_path / file, "written", "No space left on device")
    assert found.resume == resume.format(tmp_path)
    assert found.help.endswith(f"then go on with `{found.resume}`" if resume else "then start again")
