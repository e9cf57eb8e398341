"""Runs that are not over: what `show` tells of them, and what else can be asked of them."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from stdsl.runtime.tracking.checkpoints import Checkpoints
from stdsl.runtime.trials.database import file_database
from stdsl.runtime.trials.store import TrialRow, TrialStore

CASE = Path(__file__).parents[1] / "golden" / "commands" / "e0716_not_over"
HOLD = (
    "import sys, pathlib\n"
    "from stdsl.runtime.tracking.directory import open_run\n"
    "directory = open_run(pathlib.Path(sys.argv[1]))\n"
    "directory.lock()\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)


@pytest.fixture
def unfinished(tmp_path: Path) -> Path:
    return Path(shutil.copytree(CASE / "run", tmp_path / "run"))


def test_show_tells_how_far_a_stopped_run_is(stdsl: Any, unfinished: Path) -> None:
    shown = stdsl("show", str(unfinished))
    assert shown.exit_code == 0
    assert "not over yet" in shown.stdout
    assert "at step 7 of 60" in shown.stdout
    assert f"stdsl run --resume {unfinished}" in shown.stdout
    facts = json.loads(stdsl("show", str(unfinished), "--json").stdout)
    assert (facts["over"], facts["running"]) == (False, False)
    states = {phase["name"]: phase["state"] for phase in facts["phases"]}
    assert states == {
        "search": "done",
        "derive": "done",
        "retrain": "under way",
        "evaluate": "to come",
        "export": "to come",
    }


def test_what_goes_on_with_a_run_can_be_copied(stdsl: Any, unfinished: Path, tmp_path: Path) -> None:
    """With the leave that it was given, which is asked for again, and its folder as a shell takes it."""
    manifest = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
    (unfinished / "run.json").write_text(json.dumps(manifest | {"allow_extern": True}), encoding="utf-8")
    (moved := tmp_path / "a run").mkdir()
    moved = unfinished.rename(moved / "it's mine")
    command = shlex.join(["stdsl", "run", "--resume", str(moved), "--allow-extern"])
    assert command in stdsl("show", str(moved)).stdout
    assert json.loads(stdsl("show", str(moved), "--json").stdout)["resume"] == command
    (moved / "weights" / "derived.safetensors").unlink(missing_ok=True)
    told = stdsl("compile", "darts::darts_small", "--to", "onnx", "--weights", str(moved))
    assert f"go on with `{command}`" in told.stderr


def test_show_tells_how_many_drawn_strategies_are_measured(stdsl: Any, unfinished: Path) -> None:
    """Steps that measure are none of the training of a search."""
    manifest = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
    manifest["config"]["strategy"] = {"steps": 20, "derive": {"samples": 60}}
    (unfinished / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    lines: list[dict[str, Any]] = [{"event": "step", "step": step, "accuracy": 0.5} for step in range(31)]
    lines[-1:-1] = [{"event": "drawn", "step": 29, "number": 10, "accuracy": 0.5}]
    for extra, measured in ((0, 10), (1, 11)):
        lines += [{"event": "drawn", "step": 30, "number": 11, "accuracy": 0.5}] * extra
        text = "".join(json.dumps({"time": "2026-01-01T00:00:00Z", "phase": "search", **line}) + "\n" for line in lines)
        (unfinished / "journal.jsonl").write_text(text, encoding="utf-8")
        assert f"20 steps, {measured} of 60 drawn architectures measured" in stdsl("show", str(unfinished)).stdout
        (search, *_) = json.loads(stdsl("show", str(unfinished), "--json").stdout)["phases"]
        assert (search["step"], search["steps"], search["measured"]) == (20, 20, measured)


def test_show_tells_of_the_last_checkpoint(stdsl: Any, unfinished: Path) -> None:
    checkpoints = Checkpoints(unfinished / "checkpoints")
    shutil.rmtree(checkpoints.folder, ignore_errors=True)
    assert "it has no checkpoint yet" in stdsl("show", str(unfinished)).stdout
    assert json.loads(stdsl("show", str(unfinished), "--json").stdout)["checkpoint"] is None
    for phase, step, said in (
        ("derive", 0, "at the end of derive"),
        ("retrain", 1, "after 1 step of retrain"),
        ("retrain", 5, "after 5 steps of retrain"),
    ):
        checkpoints.save({"phase": phase, "step": step, "state": {"w": torch.ones(2)}})
        assert f"its last checkpoint is {said}" in stdsl("show", str(unfinished)).stdout
        told = json.loads(stdsl("show", str(unfinished), "--json").stdout)["checkpoint"]
        assert told == {"phase": phase, "step": step, "over": phase == "derive"}
    newest = checkpoints.paths()[-1]
    newest.write_bytes(newest.read_bytes()[:20])
    assert "after 1 step of retrain" in stdsl("show", str(unfinished)).stdout


def test_show_tells_that_trials_of_a_stopped_search_are_kept(stdsl: Any, unfinished: Path) -> None:
    """They are in their own file, whether there is a checkpoint of the run or not; none of them is under way then."""
    shutil.rmtree(unfinished / "checkpoints", ignore_errors=True)
    (unfinished / "journal.jsonl").write_text("", encoding="utf-8")
    manifest = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
    store = TrialStore(file_database(unfinished / "trials.sqlite"), manifest.get("id", ""))
    for number in (1, 2):
        store.add(TrialRow(f"trial-{number}", number - 1, "running", "ab", {}, 0))
    store.close()
    shown = stdsl("show", str(unfinished)).stdout
    assert "2 stopped" in shown
    assert "it has no checkpoint yet" in shown
    store = TrialStore(file_database(unfinished / "trials.sqlite"), manifest.get("id", ""))
    store.end("trial-1", "done", ())
    store.close()
    shown = stdsl("show", str(unfinished)).stdout
    assert "1 done, 1 stopped" in shown
    assert "what its trials came to is kept" in shown
    assert "done again" not in shown
    assert json.loads(stdsl("show", str(unfinished), "--json").stdout)["trials"] == {"done": 1, "running": 1}


def test_show_tells_of_comparisons_and_leaves_everything_as_it_is(stdsl: Any, unfinished: Path) -> None:
    manifest = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
    store = TrialStore(file_database(unfinished / "trials.sqlite"), manifest.get("id", ""))
    for number in (1, 2):
        store.add(TrialRow(f"random-{number}", None, "waiting", "ab", {}, 0))
    store.end("random-1", "done", ())
    store.close()
    before = {path: path.stat().st_mtime_ns for path in unfinished.rglob("*")}
    assert "1 done, 1 waiting" in stdsl("show", str(unfinished)).stdout
    assert {path: path.stat().st_mtime_ns for path in unfinished.rglob("*")} == before


def test_show_tells_which_process_works_on_a_run(stdsl: Any, unfinished: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(unfinished)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        shown = stdsl("show", str(unfinished)).stdout
        assert f"process {process.pid} is working on it" in shown
        assert "--resume" not in shown
        assert json.loads(stdsl("show", str(unfinished), "--json").stdout)["running"] is True
        process.communicate("")


@pytest.mark.parametrize(("file", "said"), [("journal.jsonl", "journal.jsonl is"), ("result.json", "result.json is")])
def test_damaged_files_of_a_run_are_diagnostics(stdsl: Any, unfinished: Path, file: str, said: str) -> None:
    (unfinished / file).write_text("{\n", encoding="utf-8")
    shown = stdsl("show", str(unfinished))
    assert shown.exit_code == 2
    assert "error[E0722]" in shown.stderr
    assert f"{said} damaged" in shown.stderr


def test_missing_weights_are_told_before_a_missing_architecture(stdsl: Any, small: str, unfinished: Path) -> None:
    for given, code in (("nothere.safetensors", "E0810"), (str(unfinished), "E0716")):
        result = stdsl("compile", f"{small}::small", "--to", "onnx", "--weights", given)
        assert result.exit_code == 2
        assert f"error[{code}]" in result.stderr
        assert "--arch" not in result.stderr


SEARCH = CASE.parent / "e0651_no_such_search" / "short.space"


@pytest.fixture
def started(unfinished: Path) -> Path:
    """A run of ``main.space`` beside it."""
    main = unfinished.parent / "main.space"
    shutil.copy(SEARCH, main)
    (unfinished / "space").mkdir()
    shutil.copy(SEARCH, unfinished / "space" / "main.space")
    manifest = json.loads((unfinished / "run.json").read_text(encoding="utf-8"))
    manifest |= {"search": "short", "origins": {"main.space": str(main)}}
    (unfinished / "run.json").write_text(json.dumps(manifest), encoding="utf-8")
    (unfinished / "journal.jsonl").unlink()
    return unfinished


def test_a_run_is_not_resumed_as_that_of_another_file(stdsl: Any, started: Path, small: str) -> None:
    for other in (small, "darts", str(started.parent / "gone.space")):
        result = stdsl("run", other, "--resume", str(started), "-q")
        assert result.exit_code == 2
        assert f"is a run of {started.parent / 'main.space'}, not of {other}" in result.stderr
    result = stdsl("run", f"{started.parent / 'main.space'}::long", "--resume", str(started), "-q")
    assert result.exit_code == 2
    assert "run of the search `short`, not of `long`" in result.stderr
    for option in (("--device", "cpu"), ("--engine", "local"), ("--set", "seed=1"), ("--out", "x")):
        assert stdsl("run", "--resume", str(started), *option).exit_code == 2


def test_resuming_tells_that_the_file_has_changed(stdsl: Any, started: Path) -> None:
    main = started.parent / "main.space"
    main.write_text(main.read_text(encoding="utf-8") + "\n# more\n", encoding="utf-8")
    result = stdsl("run", str(main), "--resume", str(started))
    assert result.exit_code == 0, result.stderr
    assert f"{main} has changed since" in result.stderr
    assert "test accuracy" in result.stdout


def test_where_a_run_cannot_be_written_is_told_before_the_plan(stdsl: Any, tmp_path: Path) -> None:
    full, file, closed = tmp_path / "full", tmp_path / "file", tmp_path / "closed"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    file.write_text("")
    closed.mkdir(mode=0o555)
    places = {str(full): "not empty", str(file): "it is a file", str(file / "below"): "is a file"}
    if not os.access(closed, os.W_OK):  # root may write anywhere
        places[str(closed / "below")] = "permission denied"
    for out, said in places.items():
        result = stdsl("run", str(SEARCH), "--out", out, "--device", "cpu")
        assert result.exit_code == 2
        assert said in result.stderr
        assert "steps" not in result.stderr
        assert f"--out {out}" in result.stderr
