"""Number formats, clipping and compiled networks are settings of a search: with each it runs through and learns."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest

from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
use std.video (relu_conv_bn, sep3d)

ops candidates = {skip: identity, flat: relu_conv_bn(same, 1x3x3), full: relu_conv_bn(same, 3x3x3), apart: sep3d(3x3x3)}

meta net(c = 8) on video: clip(1, 6, 12, 12) {
  stem = video -> conv(c, 3x3x3, stride = 1x2x2) -> bn
  a = stem -> choose candidates as kind
  b = [stem, a] -> each choose candidates as kind -> sum
  return b -> relu -> global_avg_pool -> linear(2)
}
space cells = net

search small {
  space = cells
  data = motion_digits(
    frames = 6, size = 12, motions = 2, noise = 0, background = 0, jitter = 0, train = 64, valid = 64, test = 32,
  )
  strategy = gradient {
    steps = 36  batch = 16  measure = 0
    weights { optimizer = sgd(lr = 0.1, momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.05)  clip = 1 }
  }
  retrain { steps = 24  batch = 16  optimizer = sgd(lr = 0.1, momentum = 0.9)  clip = 5 }
}
"""
SETTINGS = {
    "clipped": [],
    "bfloat16": ["precision=bfloat16"],
    "bfloat16 when it is trained": ["retrain.precision=bfloat16"],
    "dropped paths": ["retrain.drop_path=0.2", "export.onnx=net.onnx", "export.source=net.py"],
    "compiled": ["compile=true"],
    "compiled and scheduled": ["compile=true", "strategy.discretize.count=M * t / T", "retrain=none"],
    "compiled bfloat16": ["compile=true", "precision=bfloat16", "retrain=none"],
    "compiled, second order": ["compile=true", "strategy.decisions.order=2", "retrain=none"],
    "compiled gumbel": ["compile=true", "strategy.relax.choose=gumbel(tau = 5 - 4 * t / T)", "retrain=none"],
}
SLOW = tuple(name for name in SETTINGS if "compiled" in name)


def losses(folder: Path, phase: str) -> list[float]:
    lines = read_journal(folder / "journal.jsonl")
    return [line["loss"] for line in lines if line["event"] == "step" and line["phase"] == phase]


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in SETTINGS])
def test_it_runs_and_learns(tmp_path: Path, stdsl: Callable[..., int], name: str) -> None:
    (tmp_path / "tiny.space").write_text(TEXT)
    options = [part for text in SETTINGS[name] for part in ("--set", text)]
    assert stdsl("run", str(tmp_path / "tiny.space"), "--out", str(tmp_path / "run"), "--quiet", *options) == 0
    assert json.loads((tmp_path / "run" / "result.json").read_text())["derived"]["values"]
    found = [losses(tmp_path / "run", "search"), losses(tmp_path / "run", "retrain")]
    assert [len(phase) for phase in found] == [36, 0 if "retrain=none" in SETTINGS[name] else 24]
    for phase in found:
        assert all(map(math.isfinite, phase))
        assert not phase or sum(phase[-8:]) < 0.9 * sum(phase[:8])
