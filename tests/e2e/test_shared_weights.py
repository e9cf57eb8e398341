"""Searches whose trials are measured with the weights that another search trained for all architectures."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kills.outcome import differences, outcome

import stdsl as api

DATA = "motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)"
TEXT = f"""stdsl 1
meta net on video: clip(1, 8, 16, 16) {{
  c = choose {{narrow: 4, wide: 8}} as width
  y = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu
  z = y -> repeat choose 1..2 as times {{ conv(same, choose {{frame: 1x3x3, time: 3x1x1}} as kind) -> bn -> relu }}
  return z -> global_avg_pool -> linear(4)
}}
space every = net
space light = net where width == "narrow"
search paths {{
  space = every
  strategy = sampling {{ steps = 4  batch = 16  draw = uniform  samples = 2  relax {{ sharing = slice }}
    weights {{ optimizer = sgd(lr = 0.1) }}  derive {{ candidates = 200  metric = loss }} }}
  data = {DATA}
}}
search tried {{
  space = light
  needs = [paths]
  strategy = random {{ trials = 50  fitness {{ weights = shared  batch = 16  metric = loss }} }}
  data = {DATA}
}}
search bred {{
  space = every
  needs = [paths]
  strategy = evolution {{ population = 3  rounds = 3  tournament = 2
    fitness {{ weights = shared  batch = 16  metric = loss }} }}
  data = {DATA}
}}
"""
Order = Callable[..., int]


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    (folder / "nets.space").write_text(TEXT, encoding="utf-8")
    assert stdsl("run", f"{folder / 'nets.space'}::tried", "--hands", "0", "--out", str(folder / "run")) == 0
    return folder


def result(folder: Path) -> Any:
    return json.loads((folder / "result.json").read_text())


def test_trials_reach_what_the_search_of_the_weights_measured(searched: Path) -> None:
    """Both measure on the same samples, with norms measured anew on the same ones."""
    needed = result(searched / "run" / "needs" / "paths")["search_facts"]["drawn"]
    known = {one["hash"]: one["value"] for one in needed}
    facts = result(searched / "run")["search_facts"]
    space = api.load(searched / "nets.space", "light")
    assert {trial["hash"] for trial in facts["trials"]} == {arch.hash for arch in space.architectures()}
    assert all(trial["value"] == known[trial["hash"]] for trial in facts["trials"])
    assert [trial["steps"] for trial in facts["trials"]] == [0] * len(facts["trials"])
    assert len({trial["value"] for trial in facts["trials"]}) == len(facts["trials"])
    best = min(facts["trials"], key=lambda trial: trial["value"])
    assert facts["best"] == best["name"]


def test_evolution_goes_on_to_the_same_trials(searched: Path, stdsl: Order, tmp_path: Path) -> None:
    call = ("run", f"{searched / 'nets.space'}::bred", "--hands", "0", "--set", "seed=3")
    assert stdsl(*call, "--out", str(tmp_path / "whole")) == 0
    trials = result(tmp_path / "whole")["search_facts"]["trials"]
    assert len(trials) == 6
    drawn = result(tmp_path / "whole" / "needs" / "paths")["search_facts"]["drawn"]
    known = {one["hash"]: one["value"] for one in drawn}
    assert all(trial["value"] == known[trial["hash"]] for trial in trials)
    assert stdsl(*call, "--out", str(tmp_path / "broken"), moment="step", number=6) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(tmp_path / "broken"), "--hands", "0") == 0
    assert differences(outcome(tmp_path / "whole"), outcome(tmp_path / "broken")) == []
