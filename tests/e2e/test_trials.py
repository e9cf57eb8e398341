"""Searches of separate trainings in processes: the same trials with however many, whatever becomes of them."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import os
import random
import shutil
import signal
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from calls import called
from kills.outcome import differences, outcome

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas import run_files
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run

TEXT = """stdsl 1
use std.video (relu_conv_bn)
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {4, 6, 8} as width, 1x3x3) -> bn -> repeat choose 1..3 as depth {
    choose {skip, flat: relu_conv_bn(same, 1x3x3)} as kind
  }
  return y -> relu -> dropout(0.2) -> global_avg_pool -> linear(4)
}
space cells = net
search drawn {
  space = cells
  strategy = random { trials = 6  attempts = 20  fitness { steps = STEPS  batch = 8  samples = 16  optimizer = RATE } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 32, test = 32)
}
"""
pytestmark = pytest.mark.usefixtures("processes")


class Listener(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def write(folder: Path, steps: int = 8, rate: str = "sgd(lr = 0.05)") -> Path:
    path = folder / "tiny.space"
    path.write_text(TEXT.replace("STEPS", str(steps)).replace("RATE", rate))
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose trials were trained in its own process."""
    folder = tmp_path_factory.mktemp("alone")
    run(RunRequest(str(write(folder)), out=folder / "run", hands=0), Silent())
    return folder / "run"


@pytest.mark.parametrize("hands", [2, *(pytest.param(hands, marks=pytest.mark.slow) for hands in (1, 3))])
def test_however_many_hands_the_trials_are_the_same(alone: Path, tmp_path: Path, hands: int) -> None:
    run(RunRequest(str(write(tmp_path)), out=tmp_path / "run", hands=hands), Silent())
    assert differences(outcome(tmp_path / "run"), outcome(alone)) == []
    with closing(sqlite3.connect(tmp_path / "run" / "trials.sqlite")) as store:
        workers = [worker for (worker,) in store.execute("SELECT worker FROM trials")]
    assert len(set(workers)) == 6
    assert not any(worker.endswith(f" {os.getpid()}") for worker in workers)


class Killer(threading.Thread):
    """Kills processes of trials at random moments."""

    def __init__(self, out: Path, kills: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._store, self._left, self._chance = out / "trials.sqlite", kills, random.Random(seed)
        self.killed = 0
        self.over = threading.Event()

    def run(self) -> None:
        while self._left and not self.over.wait(self._chance.uniform(0.0, 0.15)):
            with (
                contextlib.suppress(sqlite3.Error),
                closing(sqlite3.connect(f"file:{self._store}?mode=ro", uri=True)) as store,
            ):
                query = "SELECT worker FROM trials WHERE state = 'running' AND worker IS NOT NULL"
                found = [int(worker.rpartition(" ")[2]) for (worker,) in store.execute(query)]
                if not found:
                    continue
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._chance.choice(found), signal.SIGKILL)
                    self.killed += 1
                    self._left -= 1


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_processes_that_are_killed_change_nothing(tmp_path: Path, kills: int) -> None:
    path = write(tmp_path, steps=40)
    run(RunRequest(str(path), out=tmp_path / "alone", hands=0), Silent())
    out = tmp_path / "run"
    killer, listener = Killer(out, kills, 0), Listener()
    killer.start()
    run(RunRequest(str(path), out=out, hands=2, checkpoint_seconds=0.02), listener)
    killer.over.set()
    killer.join()
    assert killer.killed
    assert any("W0751" in said and "signal SIGKILL" in said for said in listener.said)
    assert differences(outcome(out), outcome(tmp_path / "alone")) == []


def test_a_trial_that_diverges_counts_as_the_worst(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each time: it is not tried again."""
    from stdsl.runtime.training.loop import Diverged
    from stdsl.runtime.trials import training

    train = training.train_one

    def diverges(assignment: Any, *rest: Any) -> Any:
        if assignment.subject.name == "trial-3":
            raise Diverged("the trial", "loss", float("nan"), 4)
        return train(assignment, *rest)

    monkeypatch.setattr(training, "train_one", diverges)
    listener = Listener()
    found = run(RunRequest(str(write(tmp_path)), out=tmp_path / "run", hands=0), listener)
    facts = found.document["search_facts"]
    assert [trial["name"] for trial in facts["trials"]] == ["trial-1", "trial-2", "trial-4", "trial-5", "trial-6"]
    assert facts["failed"] == [{"name": "trial-3", "reason": "the loss is nan at step 4"}]
    assert [said for said in listener.said if "W0750" in said]


def test_where_all_fail_there_is_no_result(tmp_path: Path) -> None:
    path = write(tmp_path, rate="sgd(lr = 1e30)")
    for again in (False, True):
        with pytest.raises(RunError, match="E0752") as raised:
            begun(tmp_path / "run", path, 0, Silent(), again)
        assert "all of its 6 trials failed: the " in raised.value.diagnostics[0].message


def begun(out: Path, path: Path, hands: int, reporter: Silent, again: bool = False) -> None:
    if again:
        resume(out, reporter, hands=hands)
    else:
        run(RunRequest(str(path), out=out, hands=hands), reporter)


@pytest.mark.parametrize("hands", [0, 1])
def test_what_is_none_of_its_own_faults_ends_the_run_as_what_it_is(tmp_path: Path, hands: int) -> None:
    """Met in another process, and again in this one; mended, the run goes on."""
    out = tmp_path / "run"

    class Saboteur(Silent):
        def say(self, text: str) -> None:
            if text.startswith("run directory"):
                (out / "trials").touch()

    with pytest.raises(RunError, match="E0721"):
        begun(out, write(tmp_path), hands, Saboteur())
    with closing(sqlite3.connect(out / "trials.sqlite")) as store:
        assert "failed" not in {state for (state,) in store.execute("SELECT state FROM trials")}
    if not hands:
        (out / "trials").unlink()
        resume(out, Silent(), hands=0)


def test_trials_are_shown(alone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    shown = called("show", str(alone), "--trials")
    assert shown.exit_code == 0, shown.output
    assert "trials of cells, 6 done" in shown.output
    assert all(f"trial-{number}" in shown.output for number in range(1, 7))
    document = json.loads(called("show", str(alone), "--trials", "--json").output)
    result = json.loads((alone / "result.json").read_text())["search_facts"]["trials"]
    assert [trial["values"] for trial in document["trials"]] == [trial["metrics"] for trial in result]
    assert [trial["architecture"] for trial in document["trials"]] == [trial["architecture"] for trial in result]
    assert {each["split"] for trial in document["trials"] for each in trial["epochs"]} == {"train", "valid"}
    assert [(trial["params"], trial["flops"]) for trial in document["trials"]] == [
        (trial["params"], trial["flops"]) for trial in result
    ]
    assert all(f"{trial['flops']:,}" in shown.output for trial in result)
    assert called("show", str(alone), "--trials", "-o", str(tmp_path / "t.csv")).exit_code == 0
    with (tmp_path / "t.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["accuracy"]) for row in rows] == [trial["value"] for trial in result]
    assert [json.loads(row["architecture"]) for row in rows] == [trial["architecture"] for trial in result]


def test_of_a_run_that_nobody_works_on_no_trial_is_running(alone: Path, tmp_path: Path) -> None:
    """And costs are not told where the texts of the run tell them no more; its trials are."""
    copy = tmp_path / "run"
    shutil.copytree(alone, copy)
    with closing(sqlite3.connect(copy / "trials.sqlite")) as store:
        store.execute("UPDATE trials SET state = 'running' WHERE name = 'trial-3'")
        store.commit()
    (copy / "space" / "tiny.space").unlink()
    shown = called("show", str(copy), "--trials")
    assert "5 done, 1 stopped" in shown.output
    assert "params" not in shown.output
    states = [trial["state"] for trial in json.loads(called("show", str(copy), "--trials", "--json").output)["trials"]]
    assert states == ["done", "done", "stopped", "done", "done", "done"]
    with (copy / run_files.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "5 done, 1 running" in called("show", str(copy), "--trials").output


def test_of_a_run_without_trials_there_are_none_to_show(alone: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    copy.mkdir()
    (copy / "run.json").write_bytes((alone / "run.json").read_bytes())
    shown = called("show", str(copy), "--trials")
    assert shown.exit_code == 1
    assert "E0754" in shown.output
    assert called("show", str(copy), "--trials", "--marginals").exit_code == 2
    assert called("show", str(copy), "--store", "postgresql://a/b").exit_code == 2


def test_a_database_that_cannot_be_had_is_told_of_before_anything_is_made(tmp_path: Path) -> None:
    path = write(tmp_path)
    result = called("run", str(path), "--out", str(tmp_path / "run"), "--store", "mysql://me:secret@nowhere/trials")
    assert result.exit_code == 2
    assert "E0749" in result.output
    assert not (tmp_path / "run").exists()


def test_resumed_with_another_number_of_hands_it_is_the_same(alone: Path, tmp_path: Path) -> None:
    """Interrupted by its own trials, as Ctrl-C does it."""
    out = tmp_path / "run"

    class Stopper(Silent):
        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
            if title == "train trial-3":
                os.kill(os.getpid(), signal.SIGINT)

    from stdsl.runtime.training.interruption import Interrupted

    with pytest.raises(Interrupted):
        run(RunRequest(str(write(tmp_path)), out=out, hands=2), Stopper())
    with closing(sqlite3.connect(out / "trials.sqlite")) as store:
        states = [state for (state,) in store.execute("SELECT state FROM trials ORDER BY number")]
    assert states.count("done") < 6, "those under way may end while they are waited for, and no others are begun"
    shown = called("show", str(out))
    assert f"{states.count('done')} done" in shown.output
    document = json.loads(called("show", str(out), "--json").output)
    assert document["trials"] == {state: states.count(state) for state in sorted(set(states))}
    assert document["phases"][0]["state"] == "under way"
    resume(out, Silent(), hands=0)
    assert differences(outcome(out), outcome(alone)) == []


EXTERN = """import os
from torch import nn
class Twice(nn.Module):
    def forward(self, x):
        with open("loaded.txt", "a") as file:
            print(os.getpid(), file=file)
        return x * 2
"""


@pytest.mark.slow
def test_code_of_the_users_is_loaded_by_each_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It might keep files open, which processes must not share."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(EXTERN)
    path = write(tmp_path)
    head = 'stdsl 1\nextern op twice on x from "mine:Twice" { params = 0  flops = 0 }\n'
    path.write_text(head + path.read_text().removeprefix("stdsl 1\n").replace("-> relu ->", "-> twice ->"))
    run(RunRequest(str(path), out=tmp_path / "run", hands=2, allow_extern=True), Silent())
    processes = set((tmp_path / "loaded.txt").read_text().split())
    run(RunRequest(str(path), out=tmp_path / "alone", hands=0, allow_extern=True), Silent())
    assert differences(outcome(tmp_path / "run"), outcome(tmp_path / "alone")) == []
    with closing(sqlite3.connect(tmp_path / "run" / "trials.sqlite")) as store:
        assert {worker.split()[1] for (worker,) in store.execute("SELECT worker FROM trials")} <= processes
