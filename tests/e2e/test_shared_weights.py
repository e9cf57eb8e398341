"""Searches whose trials are measured with the weights that another search trained for all architectures."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kills.outcome import differences, outcome

import stdsl as api
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.runtime.report.reporter import Silent

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
space heavy = net where width == "wide"
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
search kept {{
  space = every
  needs = [paths]
  strategy = random {{ trials = 4  fitness {{ weights = shared  batch = 16  metric = loss }} }}
  data = {DATA}
  export {{ onnx = "best.onnx" }}
}}
search narrow_paths {{
  space = light
  strategy = sampling {{ steps = 1  batch = 16  draw = uniform  relax {{ sharing = slice }} 
    derive {{ candidates = 2 }} }}
  data = {DATA}
}}
search beyond {{
  space = heavy
  needs = [narrow_paths]
  strategy = random {{ trials = 1  fitness {{ weights = shared  batch = 16 }} }}
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


@pytest.fixture(scope="module")
def kept(searched: Path, stdsl: Order) -> Path:
    assert stdsl("run", f"{searched / 'nets.space'}::kept", "--hands", "0", "--out", str(searched / "kept")) == 0
    return searched / "kept"


def test_what_trials_found_has_the_weights_that_they_were_measured_with(kept: Path, tmp_path: Path) -> None:
    """It is what `stdsl derive --arch` makes of the same weights, bit for bit."""
    found = result(kept)
    arch = kept / "architectures" / "derived.arch.json"
    again = api.derive(kept / "needs" / "paths", arch=arch, out=tmp_path / "again", progress=False)
    (row,), (other,) = found["networks"], again.document["networks"]
    assert row["title"] == "derived, with the weights of paths"
    assert (row["test"], row["flops"]) == (other["test"], other["flops"])
    one, two = (read_weights(folder / "weights" / "derived.safetensors") for folder in (kept, tmp_path / "again"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert found["derived"]["hash"] == min(found["search_facts"]["trials"], key=lambda trial: trial["value"])["hash"]


def test_the_file_of_what_trials_found_computes_what_it_does(kept: Path) -> None:
    import onnxruntime

    found = result(kept)
    assert max(found["onnx"]["difference"].values()) < 1e-4
    session = onnxruntime.InferenceSession(str(kept / "best.onnx"))
    model = build_module(api.load(kept / "space" / "nets.space", "every").graph, found["derived"]["values"])
    model.load_state_dict(read_weights(kept / "weights" / "derived.safetensors"))
    x = np.random.default_rng(0).normal(size=(2, 1, 8, 16, 16)).astype(np.float32)
    (given,) = session.run(None, {session.get_inputs()[0].name: x})
    with torch.no_grad():
        assert np.allclose(given, model.eval()(torch.from_numpy(x)).numpy(), atol=1e-4)


def test_a_run_without_training_goes_on_to_the_same_bits(
    searched: Path, kept: Path, stdsl: Order, tmp_path: Path
) -> None:
    """Killed when its trials are over, and what they found is not exported yet."""
    out, call = tmp_path / "broken", ("run", f"{searched / 'nets.space'}::kept", "--hands", "0")
    assert stdsl(*call, "--out", str(out), moment="over", number=2, journal="broken") == -signal.SIGKILL
    assert not (out / "best.onnx").exists()
    assert stdsl("run", "--resume", str(out), "--hands", "0") == 0
    assert differences(outcome(kept), outcome(out)) == []


class Listening(Silent):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


def test_what_the_weights_were_not_trained_for_is_told_of(searched: Path, tmp_path: Path) -> None:
    """Before the search, which may go beyond, and of what it found."""
    reporter = Listening()
    api.run(f"{searched / 'nets.space'}::beyond", out=tmp_path / "out", device="cpu", reporter=reporter)
    told = [text for text in reporter.said if "W0774" in text]
    assert ["may measure" in text for text in told] == [True, False]
    assert all("`narrow_paths`" in text for text in told)
