"""``run.json`` and ``result.json`` with anything in any place: they are read, or a diagnostic says what is wrong."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from odd_data import odd_documents
from rich.console import Console

import stdsl
from stdsl.runtime.prepare.preparation import load_kept_job
from stdsl.runtime.report.progress import render_progress
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.report.table import render_result
from stdsl.runtime.result import RunResult
from stdsl.runtime.run import resume
from stdsl.runtime.tracking.directory import open_run, result_of
from stdsl.runtime.tracking.progress import progress_of
from stdsl.runtime.tracking.sealed import unsealed


def some(documents: Iterator[Any], step: int) -> Iterator[Any]:
    """Each ``step``-th one: steps that go with no period of the generator see all kinds in all places."""
    yield from (document for place, document in enumerate(documents) if place % step == 0)


def shown(folder: Path) -> None:
    """What `stdsl show` does, and what Python reads."""
    document = result_of(folder)
    render_result(document, Console(file=StringIO()), layers=True)
    found = RunResult(folder, document)
    assert found.accuracy is None or isinstance(found.accuracy, float)
    assert found.failures is not None
    json.dumps(document, allow_nan=False)


def test_any_result_is_shown_or_told_of(run: Path, tmp_path: Path) -> None:
    right = unsealed(json.loads((run / "result.json").read_text()))
    shutil.copy(run / "run.json", tmp_path)
    (tmp_path / "result.json").write_text(json.dumps(right))
    shown(tmp_path)
    codes = set()
    for document in some(odd_documents(right), 7):
        (tmp_path / "result.json").write_text(json.dumps(document))
        try:
            shown(tmp_path)
        except stdsl.RunError as error:
            codes |= {d.code for d in error.diagnostics}
    assert codes == {"E0722"}


def test_any_manifest_is_read_or_told_of(run: Path, tmp_path: Path) -> None:
    right = unsealed(json.loads((run / "run.json").read_text()))
    shutil.copytree(run / "space", tmp_path / "space")
    shutil.copy(run / "journal.jsonl", tmp_path)
    codes = set()
    for document in some(odd_documents(right), 11):
        (tmp_path / "run.json").write_text(json.dumps(document))
        try:
            directory = open_run(tmp_path)
            render_progress(progress_of(directory), Console(file=StringIO()))
            if document["config"] == right["config"]:  # which readers have alone
                load_kept_job(directory, directory.manifest)
        except stdsl.StdslError as error:
            codes |= {d.code for d in error.diagnostics}
    assert {"E0704", "E0723"} <= codes


def test_a_run_that_is_over_is_not_gone_on_with(run: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    found = resume(run, Silent())
    kept = unsealed(json.loads((run / "result.json").read_text()))
    kept["next"] = [command.replace("RUN", str(run)) for command in kept["next"]]
    assert found.document == kept
    after = {path: path.stat().st_mtime_ns for path in run.rglob("*") if path.is_file() and path.name != ".lock"}
    assert after == before


def test_a_result_that_is_damaged_is_made_anew(run: Path) -> None:
    right = unsealed(json.loads((run / "result.json").read_text()))
    (run / "result.json").write_text(json.dumps(right | {"networks": 3}))
    with pytest.raises(stdsl.RunError, match=r"E0722.*does not hold a result: networks"):
        result_of(run)
    resume(run, Silent())
    assert unsealed(json.loads((run / "result.json").read_text())) == right


@pytest.mark.parametrize("name", ["derived", "random-1"])
def test_another_architecture_in_the_place_of_one_is_told_of(run: Path, tmp_path: Path, name: str) -> None:
    """One that the space has as well: weights that were trained in another would be told as its own."""
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    file = folder / "architectures" / f"{name}.arch.json"
    kept = json.loads(file.read_text())
    ((path, value),) = kept["values"].items()
    kept["values"] = {path: "plain" if value == "deep" else "deep"}
    file.write_text(json.dumps(kept))
    (folder / "result.json").unlink()
    with pytest.raises(stdsl.StdslError, match=r"E0606.*its values and their hash do not agree"):
        resume(folder, Silent())
