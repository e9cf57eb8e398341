"""Classes and numbers at pixels and frames, from a search to its result, in one process; and the example."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import stdsl

EXAMPLE = Path(__file__).parents[2] / "examples" / "segment_digits.py"
TEXT = """stdsl 1
meta net(c, outputs) on x: clip(1, 4, 6, 6) {{
  y = x -> conv(c, 1x3x3) -> bn -> relu -> choose {{flat: conv(c, 1x1x1), full: conv(c, 3x3x3)}} as kind -> relu
  return {{first: y -> {end}, second: y -> {end}}}
}}
space nets(c = 4, outputs = 3) = net(c, outputs)

search at_positions {{
  space    = nets(outputs = data.outputs)
  data     = arrays("a.npz", axes = "NTHW"{axes})
  strategy = gradient {{ steps = 3  batch = 6  aux = 0.4 }}
  retrain  {{ steps = 3  batch = 6  aux = 0.4  holdout = 0.2 }}
  {more}
}}
"""
PIXELS = "pointwise(outputs)"
ALL = 'task = dense  loss = dice  compare { random = 1 }  export { onnx = "a.onnx" }'
FRAMES = "avg_pool(1x6x6, stride = 1x6x6) -> pointwise(outputs)"


@pytest.mark.parametrize(
    ("targets", "axes", "end", "more", "metric", "shape"),
    [
        ("classes", "", PIXELS, ALL, "iou", (3, 4, 6, 6)),
        ("numbers", ', target_axes = "NTHW"', PIXELS, "loss = l1  evaluate { metric = mae }", "mae", (1, 4, 6, 6)),
        ("void", ", ignore = 255", PIXELS, "loss = cross_entropy(weights = balanced)", "iou", (3, 4, 6, 6)),
        ("frames", ', target_axes = "NT"', FRAMES, "evaluate { metric = macro_f1 }", "macro_f1", (3, 4, 1, 1)),
    ],
)
def test_a_search_over_targets_at_positions(
    targets: str, axes: str, end: str, more: str, metric: str, shape: tuple[int, ...], tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 4, 6, 6))
    told: dict[str, Any] = {"classes": np.digitize(x, [-1, 1]), "numbers": 5 + 3 * x}
    told["void"] = np.where(x > 1.5, 255, told["classes"])
    told["void"][::3] = 255
    y = told["classes"][:, :, 0, 0] if targets == "frames" else told[targets]
    np.savez(tmp_path / "a.npz", x=x, y=y)
    (tmp_path / "a.space").write_text(TEXT.format(end=end, axes=axes, more=more), encoding="utf-8")
    result = stdsl.run(tmp_path / "a.space", out=tmp_path / "run", device="cpu")
    document = result.document
    assert document["metric"] == metric
    assert document["search_facts"]["gap"]["metric"] == metric
    assert document["targets"]["task"] == "dense"
    assert all(np.isfinite(value) for network in document["networks"] for value in network["test"].values())
    assert result.metrics[metric] == document["networks"][0]["test"][metric]
    if "export" not in more:
        return
    session = onnxruntime.InferenceSession(str(tmp_path / "run" / "a.onnx"), providers=["CPUExecutionProvider"])
    (given,) = session.run(None, {"x": np.zeros((2, 1, 4, 6, 6), np.float32)})
    assert given.shape == (2, *shape)


@pytest.mark.usefixtures("processes")
def test_the_example_that_segments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), str(tmp_path), "--clips", "80", "--steps", "12"])
    example = runpy.run_path(str(EXAMPLE), run_name="__main__")
    told = {name: float(value) for name, value in (line.split(": ") for line in capsys.readouterr().out.splitlines())}
    assert list(told) == [
        *("derived", "random-1", "random-2", "random-3", "per_frame"),
        "the best constant answer",
    ]
    answers = example["constant_answers"](tmp_path / "digits.npz")
    assert told["the best constant answer"] == pytest.approx(max(answers.values()), abs=1e-3)
    # The moving digit is where it was drawn: brighter than what is beside it.
    clips = np.load(tmp_path / "digits.npz")
    shown, there = clips["test_x"], clips["test_y"] == 1
    assert shown[there].mean() > shown[~there].mean() + 1
