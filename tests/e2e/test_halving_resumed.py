"""Trials that go on twice from others, in a run that is stopped between."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from calls import called
from kills.outcome import differences, outcome

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
meta net on video: clip(1, 8, 16, 16) {
  return video -> choose {a: conv(2, 1x3x3), b: conv(2, 3x1x1), c: conv(2, 3x3x3)} as one
    -> choose {a: relu, b: gelu} as two -> global_avg_pool -> linear(4)
}
space small = net
search tiny {
  space = small
  strategy = evolution {
    population = 4  tournament = 2  rounds = 2  halving { eta = 2  rungs = 2 }
    fitness { steps = 3  batch = 16  samples = 32 }
  }
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  retrain { steps = 2  batch = 16 }
}
"""


@pytest.mark.parametrize("strategy", ["evolution { halving { } }", "random { halving { } }", "bayes { budget { } }"])
def test_nothing_is_begun_on_other_machines(strategy: str, tmp_path: Path) -> None:
    before, _, after = TEXT.partition("strategy = evolution {")
    (tmp_path / "tiny.space").write_text(f"{before}strategy = {strategy}{after[after.index('  data =') :]}")
    with pytest.raises(RunError, match=r"E0701.*go on from the weights of others, on other machines"):
        run(RunRequest(str(tmp_path / "tiny.space"), out=tmp_path / "run", engine="ray"), Silent())
    assert not (tmp_path / "run").exists()


def test_a_trial_that_goes_on_for_the_second_time_is_the_same_after_a_resume(tmp_path: Path) -> None:
    """The how manyth time it goes on decides the order of its samples, and is known of trials of an earlier process."""
    (tmp_path / "tiny.space").write_text(TEXT)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    run(RunRequest(str(tmp_path / "tiny.space"), out=whole, hands=0), Silent())
    with closing(sqlite3.connect(whole / "trials.sqlite")) as store:
        starts = dict(store.execute("SELECT number, start FROM trials WHERE number IS NOT NULL"))
    twice = [number for number, start in starts.items() if start is not None and starts[start] is not None]
    assert twice, "none went on twice"
    names = {number: f"trial-{number + 1}" for number in starts}
    document = json.loads(called("show", str(whole), "--trials", "--json").output)
    told = {trial["name"]: trial["start"] for trial in document["trials"]}
    assert told == {names[number]: None if start is None else names[start] for number, start in starts.items()}
    listed = json.loads((whole / "result.json").read_text())["search_facts"]["trials"]
    assert {trial["name"]: trial.get("start") for trial in listed} == told

    class Stopper(Silent):
        def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
            if title == f"train trial-{twice[0] + 1}":
                os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted):
        run(RunRequest(str(tmp_path / "tiny.space"), out=broken, hands=0), Stopper())
    resume(broken, Silent(), hands=0)
    assert differences(outcome(broken), outcome(whole)) == []
