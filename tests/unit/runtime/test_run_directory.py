"""Run directories: made once, claimed by one process, and readable."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.tracking.directory import create, open_run, result_of
from stdsl.runtime.tracking.manifest import Manifest, cores, environment


def manifest() -> Manifest:
    return Manifest(
        file="a.space",
        origins={},
        search="small",
        overrides=("seed=3",),
        space="cells",
        parameters={"c": "8"},
        config={},
        seed=3,
        device="cpu",
        engine="local",
        threads=2,
        checkpoint_seconds=20.0,
        training_threads=1,
        environment=environment(),
    )


def test_numbered_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first = create(None, "small", manifest(), {"a.space": "stdsl 1\n", "library/std/image.space": "stdsl 1\n"})
    second = create(None, "small", manifest(), {})
    assert (first.path, second.path) == (Path("runs/small-0001"), Path("runs/small-0002"))
    assert (first.space / "library/std/image.space").read_text() == "stdsl 1\n"
    assert open_run(first.path).manifest == manifest().model_copy(
        update={"environment": open_run(first.path).manifest.environment}
    )


def test_a_folder_with_files_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="E0710"):
        create(tmp_path, "small", manifest(), {})
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "no run.json"), ("{", "damaged"), ("[]", "damaged"), ('{"format": 99}', "newer version")],
)
def test_what_is_no_run_directory(tmp_path: Path, content: str | None, reason: str) -> None:
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(RunError, match=f"E0704.*{reason}"):
        open_run(tmp_path)


def test_one_process_at_a_time(tmp_path: Path) -> None:
    directory = create(tmp_path / "run", "small", manifest(), {})
    script = (
        "import sys; from pathlib import Path\n"
        "from stdsl.runtime.tracking.directory import open_run\n"
        "open_run(Path(sys.argv[1])).lock()"
    )
    root = str(Path(__file__).parents[3])
    command = [sys.executable, "-c", script, str(directory.path)]
    refused = subprocess.run(command, capture_output=True, text=True, env={"PYTHONPATH": root}, check=False)
    assert "E0705" in refused.stderr
    directory.unlock()
    assert subprocess.run(command, env={"PYTHONPATH": root}, check=False).returncode == 0


def test_results_of_a_run_that_is_not_over(tmp_path: Path) -> None:
    directory = create(tmp_path / "run", "small", manifest(), {})
    with pytest.raises(RunError, match="--resume"):
        result_of(directory.path)
    directory.result.write_text(json.dumps({"seed": 3}))
    assert result_of(directory.path) == {"seed": 3}


def test_cores() -> None:
    assert cores() >= 1
