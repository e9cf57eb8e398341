"""Run directories: made once, claimed by one process, and readable."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.tracking.directory import RunDirectory, create, open_run, outside, result_of, writable
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
    [
        (None, "no run.json"),
        ("{", "damaged"),
        ("[]", "damaged"),
        ('{"format": 99}', "newer version"),
        ('{"format": "2"}', "damaged"),
        ('{"format": 2}', "damaged"),
        ("[" * 100_000, "damaged"),
    ],
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


def test_a_start_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    """What it left is nobody's: it was empty before."""
    out = tmp_path / "run"
    directory = create(out, "small", manifest(), {"a.space": "stdsl 1\n", "b.space": "stdsl 1\n"})
    directory.unlock()
    assert not (out / ".starting").exists()
    (out / "run.json").unlink()
    with pytest.raises(RunError, match="E0710"):  # somebody's folder with a `space/` in it
        create(out, "small", manifest(), {"a.space": "stdsl 1\n"})
    (out / ".starting").touch()
    (out / ".run.json.1.tmp").touch()
    with pytest.raises(RunError, match=r"E0704.*start it again"):
        open_run(out)
    writable(out)
    again = create(out, "small", manifest(), {"a.space": "stdsl 1\nlet x = 1\n"})
    assert sorted(path.name for path in again.space.iterdir()) == ["a.space"]
    assert (again.space / "a.space").read_text() == "stdsl 1\nlet x = 1\n"
    again.unlock()
    (out / ".starting").touch()  # killed between the last two steps
    with pytest.raises(RunError, match="E0710"):
        create(out, "small", manifest(), {})
    again.lock()
    assert not (out / ".starting").exists()


def test_a_folder_that_another_start_has_filled_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both found it empty; the one was over before the other locked it."""
    out = tmp_path / "run"
    lock = RunDirectory.lock

    def late(self: RunDirectory) -> None:
        monkeypatch.setattr(RunDirectory, "lock", lock)
        create(out, "small", manifest(), {"a.space": "stdsl 1\n"}).unlock()
        lock(self)

    monkeypatch.setattr(RunDirectory, "lock", late)
    with pytest.raises(RunError, match=r"E0710.*not empty"):
        create(out, "other", manifest(), {"a.space": "other"})
    assert (out / "space" / "a.space").read_text() == "stdsl 1\n"


def test_a_directory_that_is_only_looked_at_can_be_claimed(tmp_path: Path) -> None:
    directory = create(tmp_path / "run", "small", manifest(), {})
    directory.unlock()
    with (directory.path / ".lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        looking = threading.Timer(0.03, fcntl.flock, (file, fcntl.LOCK_UN))
        looking.start()
        directory.lock()
        looking.join()


def test_what_killed_writers_left_goes(tmp_path: Path) -> None:
    directory = create(tmp_path / "run", "small", manifest(), {})
    directory.unlock()
    process = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    gone = int(process.stdout)
    left = [
        directory.path / "weights" / f".derived.safetensors.{gone}.tmp",
        directory.path / f".result.json.{gone}.tmp",
    ]
    others = [directory.path / f".result.json.{os.getppid()}.tmp", directory.path / ".notes.tmp"]
    for path in (*left, *others):
        path.parent.mkdir(exist_ok=True)
        path.touch()
    directory.lock()
    assert [path.exists() for path in (*left, *others)] == [False, False, True, True]


def test_a_search_with_a_long_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [create(None, "x" * length, manifest(), {}).path.name for length in (300, 301)]
    assert paths == [f"{'x' * 100}-0001", f"{'x' * 100}-0002"]


def test_exports_stay_inside_whatever_is_put_there_meanwhile(tmp_path: Path) -> None:
    directory = create(tmp_path / "run", "small", manifest(), {})
    (directory.path / "out").symlink_to(tmp_path)
    assert directory.exported("best/model.onnx") == directory.path / "best" / "model.onnx"
    with pytest.raises(RunError, match=r"E0721.*a link leads out"):
        directory.exported("out/model.onnx")


def test_results_of_a_run_that_is_not_over(tmp_path: Path) -> None:
    directory = create(tmp_path / "run", "small", manifest(), {})
    with pytest.raises(RunError, match="--resume"):
        result_of(directory.path)
    names = ("search", "space", "data", "seed", "derived", "networks", "files", "next")
    numbers = dict.fromkeys(names, 3)
    for wrong in ("{", "[]", "null", json.dumps({"seed": 3}), "[" * 100_000, json.dumps(numbers)):
        directory.result.write_text(wrong)
        with pytest.raises(RunError, match=r"E0722.*does not hold a result"):
            result_of(directory.path)
    texts = dict.fromkeys(names, "small") | {"seed": 3, "derived": {"values": {}}, "networks": [], "files": {}}
    directory.result.write_text(json.dumps(texts | {"next": []}))
    assert result_of(directory.path)["seed"] == 3


def test_cores() -> None:
    assert cores() >= 1


@pytest.mark.parametrize("name", ["a" * 300, f"{'c' * 300}/d"], ids=["itself", "above"])
def test_a_name_that_no_file_system_takes(name: str, tmp_path: Path) -> None:
    out = tmp_path / name
    with pytest.raises(RunError) as raised:
        writable(out)
    (fault,) = raised.value.diagnostics
    assert fault.code == "E0710"
    assert "File name too long" in fault.message
    (tmp_path / "run").mkdir()
    outside(tmp_path / "run", out)
