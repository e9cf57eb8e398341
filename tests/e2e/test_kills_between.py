"""Killed by SIGKILL in each stage of a staged search, and on each rung of brackets, and gone on with through the
command line: the same bits. A process is killed at a step that it writes down, whatever the machine does."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from kills.outcome import differences, outcome

from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
meta net(classes = 4) on video: clip(1, 4, 8, 8) {
  stem = video -> conv(4, 1x3x3) -> bn -> relu
  y = stem -> choose {frame: conv(4, 1x3x3), time: conv(4, 3x1x1)} as first -> bn -> relu
  z = y -> choose {frame: conv(4, 1x3x3), both: conv(4, 3x3x3)} as second -> bn -> dropout(0.1)
  return z -> relu -> global_avg_pool -> linear(classes)
}
space small = net
search sampled {
  space = small
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  strategy = sampling {
    steps = 5  batch = 8  draw = probability  samples = 2
    weights { optimizer = sgd(lr = cosine(0.1), momentum = 0.9) }
    derive { candidates = 3 }
  }
  phase { free = "y.first"  hold { "z.second" = uniform } }
  phase { free = "z.second"  strategy { samples = 3  weights { optimizer = sgd(lr = 0.05, momentum = 0.5) } } }
  phase { free = "**"  steps = 4 }
  retrain { steps = 5  batch = 8 }
}
search mixed {
  space = small
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  strategy = gradient {
    steps = 5  batch = 8  measure = 16
    weights { optimizer = sgd(lr = cosine(0.1), momentum = 0.9) }
    decisions { optimizer = adam(lr = 0.05) }
  }
  phase { free = "y.first"  hold { "z.second" = uniform } }
  phase { free = "z.second" }
  retrain { steps = 5  batch = 8 }
}
search bracketed {
  space = small
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 32)
  strategy = bayes {
    budget { least = 1  most = 4  eta = 2  iterations = 2 }
    fitness {
      samples = 16  batch = choose {8, 16}  dropout = choose real(0.0..0.3)
      optimizer = sgd(lr = cosine(0.1), momentum = 0.9)
    }
  }
  retrain { steps = 5  batch = 8 }
}
"""
Order = Callable[..., int]


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("between") / "between.space"
    path.write_text(TEXT)
    return path


def stages(run: Path) -> list[tuple[str, int]]:
    """The phase of each step that was written down, and in which part of the search it is."""
    found, part = list[tuple[str, int]](), 0
    for line in read_journal(run / "journal.jsonl"):
        if line["event"] == "part":
            part = line["part"]
        if line["event"] == "step":
            found.append((line["phase"], part if line["phase"] == "search" else 0))
    return found


@pytest.mark.parametrize("search", ["sampled", pytest.param("mixed", marks=pytest.mark.slow)])
def test_killed_in_each_stage_of_a_search(space: Path, tmp_path: Path, stdsl: Order, search: str) -> None:
    """And among the steps of the final training: one run, killed once in each."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert stdsl("run", f"{space}::{search}", "--out", str(whole)) == 0
    order = stages(whole)
    every = list(dict.fromkeys(order))
    assert len(every) == (4 if search == "sampled" else 3)
    call = ("run", f"{space}::{search}", "--out", str(broken))
    for stage in every:
        middle = order.index(stage) + 2
        assert stdsl(*call, moment="step", number=middle, journal="broken") == -signal.SIGKILL
        assert stages(broken) == order[:middle]
        call = ("run", "--resume", str(broken))
    assert stdsl(*call) == 0
    assert differences(outcome(broken), outcome(whole)) == []


def trials(run: Path) -> list[tuple[int | None, str]]:
    """Of each trial the one that it goes on from, and its state."""
    with closing(sqlite3.connect(run / "trials.sqlite")) as store:
        return list(store.execute("SELECT start, state FROM trials WHERE number IS NOT NULL ORDER BY number"))


def test_killed_on_each_rung_of_brackets(space: Path, tmp_path: Path, stdsl: Order) -> None:
    """Among the first ones of a bracket, which are many, while one goes on, when it goes on again, and in the next."""
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert stdsl("run", f"{space}::bracketed", "--hands", "0", "--out", str(whole)) == 0
    starts = [start for start, _ in trials(whole)]
    once = next(number for number, start in enumerate(starts) if start is not None)
    again = next(number for number, start in enumerate(starts) if start is not None and starts[start] is not None)
    after = next(number for number, start in enumerate(starts) if number > again and start is None)
    assert 1 < once < again < after
    call = ("run", f"{space}::bracketed", "--hands", "0", "--out", str(broken))
    for number in (1, once, again, after):
        name = f"trial-{number + 1}"
        assert stdsl(*call, moment="step", number=2, journal=name) == -signal.SIGKILL
        found = trials(broken)
        assert [start for start, _ in found] == starts[: number + 1]
        assert [state for _, state in found] == ["done"] * number + ["running"]
        call = ("run", "--resume", str(broken), "--hands", "0")
    assert stdsl(*call) == 0
    assert differences(outcome(broken), outcome(whole)) == []
