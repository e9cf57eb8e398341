"""Labels of which several may apply, and uneven classes: from a table to results and the files that go with them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from kills.resumed import killed_and_gone_on_with

Order = Callable[..., int]

TEXT = """stdsl 1
meta mlp(inputs, outputs) on row: features(inputs) {{
  a = row -> linear(8) -> choose {{flat: linear(8), plain: skip}} as first -> relu
  return a -> linear(outputs)
}}
space nets(inputs = 2, outputs = 3) = mlp(inputs, outputs)

search told {{
  space    = nets(data.channels, data.outputs)
  data     = table("rows.csv", target = {target})
  {more}
  strategy = gradient {{ steps = 4  batch = 16 }}
  retrain  {{ steps = 30  batch = 16  optimizer = adam(lr = 0.02) }}
  compare  {{ random = 1 }}
}}
"""


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    lines = ["x,y,right,high,rare,quarter"]
    for a, b in x:
        quarter = "both" if a > 1 and b > 1 else "right" if a > 0 else "left"
        lines.append(f"{a:.4f},{b:.4f},{int(a > 0)},{int(b > 0)},{int(a > 1.2)},{quarter}")
    (tmp_path / "rows.csv").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_several_labels(rows: Path, stdsl: Order) -> None:
    more = "task = multi_label  loss = bce(weights = balanced)"
    data = '["right", "high", "rare"], without = ["quarter"]'
    (rows / "a.space").write_text(TEXT.format(target=data, more=more), encoding="utf-8")
    assert stdsl("run", str(rows / "a.space"), "--device", "cpu", "--out", str(rows / "run")) == 0
    result = json.loads((rows / "run" / "result.json").read_text())
    assert result["metric"] == "mean_ap"
    assert result["classes"] == ["right", "high", "rare"]
    test = result["networks"][0]["test"]
    assert set(test) == {"loss", "accuracy", "macro_f1", "mean_ap", "auc", "samples"}
    assert test["mean_ap"] > 0.6
    found = table(rows / "run" / result["files"]["labels"])
    assert [row["label"] for row in found] == ["right", "high", "rare"]
    assert np.mean([float(row["f1"] or 0) for row in found]) == pytest.approx(test["macro_f1"])
    assert stdsl("data", "check", str(rows / "a.space")) == 0


def test_uneven_classes_killed_and_gone_on_with(rows: Path, stdsl: Order) -> None:
    more = "loss = cross_entropy(weights = balanced)  sampling = balanced  evaluate { metric = balanced_accuracy }"
    data = '"quarter", without = ["right", "high", "rare"]'
    (rows / "a.space").write_text(TEXT.format(target=data, more=more), encoding="utf-8")
    whole = killed_and_gone_on_with(stdsl, rows / "a.space", rows, 15)
    result = json.loads((whole / "result.json").read_text())
    for title in ("derived", "random-1"):
        test = next(network["test"] for network in result["networks"] if network["title"] == title)
        found = table(whole / "evaluation" / f"{title}-classes.csv")
        assert [row["class"] for row in found] == ["both", "left", "right"]
        recalls = [float(row["recall"]) for row in found if row["recall"]]
        assert np.mean(recalls) == pytest.approx(test["balanced_accuracy"])
        matrix = table(whole / "evaluation" / f"{title}-confusion.csv")
        right = sum(int(row[row["is, told as"]]) for row in matrix)
        assert right / test["samples"] == pytest.approx(test["accuracy"])
