"""GDAS that computes what it draws alone, from a text to a network: in a cell, and in a space of sizes that no mixture
holds."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from kills.outcome import differences, outcome

from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.build import build_drawn_network
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.compiler.checks.check import check_file
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
use std.strategies (gdas)
use std.video (relu_conv_bn)
ops candidates = {{ skip, frame: relu_conv_bn(same, 1x3x3), full: relu_conv_bn(same, 3x3x3) }}
tied cell motif(c) on s {{
  a = s -> relu_conv_bn(c)
  for i in 1..3 {{ x[i] = [a, *x[<i]] -> each choose candidates as kind -> keep 1 as inputs -> sum }}
  return x -> concat
}}
meta net on video: clip(1, 8, 16, 16) {{
  stem = video -> conv(4, 1x3x3, stride = 1x2x2) -> bn
  return stem -> motif(4) -> max_pool(2x2x2, stride = 2) -> motif(4) -> global_avg_pool -> linear(4)
}}
meta sized on video: clip(1, 8, 16, 16) {{
  c = choose {{narrow: 4, wide: 8}} as width
  y = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu
  z = y -> repeat choose 1..2 as times {{ conv(same, choose {{frame: 1x3x3, time: 3x1x1}} as kind) -> bn -> relu }}
  return [z, y -> maybe tanh as gate] -> sum -> global_avg_pool -> linear(4)
}}
meta joined on video: clip(1, 8, 16, 16) {{
  ys = [video -> conv(i, 1) for i in 1..3] -> keep 2 as kept
  return ys -> concat -> conv(4, 3) -> global_avg_pool -> linear(4)
}}
space cells = net
space sizes = sized
space lists = joined
search tiny {{
  space = {space}
  strategy = gdas {{ steps = 8  batch = 8  measure = 32  {strategy} }}
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  {rest}
}}
"""
Order = Callable[..., int]
OWN = {
    "cells": "relax { init = 1e-3 }  decisions { optimizer = adam(lr = 0.1) }",
    "sizes": """relax { sharing = slice }  decisions { optimizer = adam(lr = 0.1)  warmup = 2 }
      objectives = [cost(params, weight = 0.1, high = 400), entropy(weight = 0.01)]""",
}


def write(folder: Path, space: str, strategy: str, rest: str = "export { }") -> Path:
    path = folder / "tiny.space"
    path.write_text(TEXT.format(space=space, strategy=strategy, rest=rest), encoding="utf-8")
    return path


def events(folder: Path, event: str) -> list[Any]:
    return [e for e in read_journal(folder / "journal.jsonl") if e["event"] == event and e.get("phase") == "search"]


@pytest.fixture(scope="module", params=OWN)
def searched(request: Any, tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    """A run without a final training."""
    folder = tmp_path_factory.mktemp(request.param)
    path = write(folder, request.param, OWN[request.param])
    assert stdsl("run", str(path), "--out", str(folder / "run")) == 0
    return folder


def test_what_is_derived_is_its_part_of_the_weights(searched: Path) -> None:
    job = load_job(str(searched / "tiny.space"), None)
    relax = job.config.strategy.relax  # type: ignore[union-attr]
    arch = json.loads((searched / "run" / "architectures" / "derived.arch.json").read_text())["values"]
    shared = build_drawn_network(job.graph, relax.sharing, affine=False)
    shared.load_state_dict(read_weights(searched / "run" / "weights" / "search.safetensors"))
    shared.hold_architecture(arch)
    derived = build_module(job.graph, arch)
    derived.load_state_dict(read_weights(searched / "run" / "weights" / "derived.safetensors"))
    x = torch.randn(4, 1, 8, 16, 16)
    torch.testing.assert_close(derived.train()(x), shared.train()(x))


def test_decisions_move_but_during_the_warm_up(searched: Path) -> None:
    rows = [note["probabilities"] for note in events(searched / "run", "notes")]
    assert len(rows) == 8
    assert all(rows[7][path] != row for path, row in rows[0].items())
    if "width" in "".join(rows[0]):
        assert rows[1] == rows[0]
        assert rows[2] != rows[1]
    steps = events(searched / "run", "step")
    assert all("decision_loss" in step for step in steps[2:])


@pytest.mark.parametrize("step", [2, 6])
def test_killed_it_goes_on_to_the_same_bits(searched: Path, tmp_path: Path, stdsl: Order, step: int) -> None:
    broken = tmp_path / "broken"
    assert (
        stdsl("run", str(searched / "tiny.space"), "--out", str(broken), moment="step", number=step) == -signal.SIGKILL
    )
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(searched / "run")) == []


PHASES = """
  phase { free = "z[*].kind"  hold { "c.width" = "narrow"  "z.times" = uniform  gate = false }  steps = 4 }
  phase { free = ["z.times", "gate"]  hold { "c.width" = "narrow" }  steps = 3 }
  phase { free = "c.width"  steps = 3 }
"""


def test_phases_search_their_own_decisions(tmp_path: Path, stdsl: Order) -> None:
    """And what an earlier one found is what later ones compute; killed in the second, it ends the same."""
    path = write(tmp_path, "sizes", "decisions { optimizer = adam(lr = 0.1) }", f"{PHASES} export {{ }}")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert stdsl("run", str(path), "--out", str(whole)) == 0
    rows = [set(note["probabilities"]) for note in events(whole, "notes")]
    kinds = {"z[1].kind", "z[2].kind"}
    assert [row - {"z.times"} for row in rows[:4]] == [kinds] * 4
    assert rows[4:] == [{"z.times", "gate"}] * 3 + [{"c.width"}] * 3
    assert stdsl("run", str(path), "--out", str(broken), moment="step", number=5) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(whole)) == []


def test_the_plan_is_for_what_is_drawn(tmp_path: Path) -> None:
    """Not for all alternatives of each edge."""
    alone = load_job(str(write(tmp_path, "cells", "")), None)
    (stage,) = plan(alone, "cpu").stages
    of_all = load_job(str(write(tmp_path, "cells", "relax { choose = gumbel(hard = true) }")), None)
    (mixture,) = plan(of_all, "cpu").stages
    assert stage.flops < mixture.flops
    assert stage.bytes < mixture.bytes


@pytest.mark.parametrize(
    ("space", "strategy", "code"),
    [
        ("cells", "relax { keep = softmax }", "E0510"),
        ("cells", "decisions { order = 2 }", "E0510"),
        ("cells", "relax { recompute = cells }", "E0510"),
        ("cells", "relax { without = [merge_targets] }", "E0510"),
        ("cells", "relax { choose = partial(gumbel(hard = true, compute = sampled)) }", "E0510"),
        ("cells", "relax { choose = gumbel(compute = sampled) }", "E0510"),
        ("sizes", "relax { choose = gumbel(hard = true) }", "E0801"),
        ("lists", "", "E0802"),
    ],
)
def test_what_cannot_be_searched_so_is_said(tmp_path: Path, space: str, strategy: str, code: str) -> None:
    found = [d.code for d in check_file(write(tmp_path, space, strategy)) if d.severity.name == "ERROR"]
    assert code in found
