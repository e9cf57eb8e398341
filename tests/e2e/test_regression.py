"""Numbers to tell, from a search to an ONNX file, killed and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from kills.resumed import killed_and_gone_on_with

from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job

Order = Callable[..., int]

TEXT = """stdsl 1
meta mlp(inputs, outputs) on row: features(inputs) {
  a = row -> linear(8) -> choose {flat: linear(8), plain: skip} as first -> relu
  return a -> choose {flat: linear(8), plain: skip} as second -> relu -> linear(outputs)
}
space nets(inputs = 3, outputs = 1) = mlp(inputs, outputs)

search prices {
  space    = nets(data.channels, data.outputs)
  data     = table("rows.csv", target = "price")
  strategy = gradient { steps = 6  batch = 16  derive { snapshot = best } }
  retrain  { steps = 40  batch = 16  optimizer = adam(lr = 0.02)  holdout = 0.2  snapshot = best }
  compare  { random = 2 }
  export   { onnx = "prices.onnx" }
}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    size, age = rng.uniform(40, 200, 120), rng.uniform(0, 90, 120)
    rows = [f"{s:.2f},{a:.2f},{i % 3},{3000 * s - 900 * a:.1f}" for i, (s, a) in enumerate(zip(size, age, strict=True))]
    (tmp_path / "rows.csv").write_text("\n".join(["size,age,rooms,price", *rows]), encoding="utf-8")
    path = tmp_path / "prices.space"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_killed_and_resumed_it_is_the_same_and_results_are_in_units_of_the_data(
    space: Path, tmp_path: Path, stdsl: Order
) -> None:
    whole = killed_and_gone_on_with(stdsl, space, tmp_path, 20)
    assert stdsl("show", str(whole)) == 0

    result = json.loads((whole / "result.json").read_text())
    assert result["metric"] == "rmse"
    assert result["targets"]["kind"] == "numbers"
    assert result["targets"]["names"] == ["price"]
    assert result["classes"] == []
    assert result["search_facts"]["gap"]["metric"] == "rmse"
    tests = {network["title"]: network["test"] for network in result["networks"]}
    assert set(tests["derived"]) == {"loss", "rmse", "mae", "r2", "samples"}
    assert result["random"]["best"] == min(tests["random-1"]["rmse"], tests["random-2"]["rmse"])

    # What the file gives, scaled by what stands in it, is off by what the result says.
    session = onnxruntime.InferenceSession(str(whole / "prices.onnx"), providers=["CPUExecutionProvider"])
    told = json.loads(session.get_modelmeta().custom_metadata_map["targets"])
    dataset = opened(load_job(str(space), None))
    batch = dataset.samples("test", np.arange(dataset.size("test")), 0)
    (given,) = session.run(None, {session.get_inputs()[0].name: batch.inputs[0].numpy()})
    table = np.genfromtxt(tmp_path / "rows.csv", delimiter=",", names=True)
    mean, std = told["mean"][0], told["std"][0]
    assert mean == pytest.approx(table["price"].mean(), rel=0.1)
    prices = batch.targets.numpy() * std + mean
    assert np.abs(prices[:, None] - table["price"]).min(axis=-1).max() < 1
    assert np.sqrt(((given * std + mean - prices) ** 2).mean()) == pytest.approx(tests["derived"]["rmse"], rel=1e-4)


def test_trials_of_a_random_search_are_ranked_by_the_least_error(space: Path, tmp_path: Path, stdsl: Order) -> None:
    strategy = "random { trials = 3  fitness { steps = 4  batch = 16 } }"
    text = TEXT.replace("gradient { steps = 6  batch = 16  derive { snapshot = best } }", strategy)
    space.write_text(text.replace("  compare  { random = 2 }\n", ""), encoding="utf-8")
    assert stdsl("run", str(space), "--device", "cpu", "--out", str(tmp_path / "run")) == 0
    facts = json.loads((tmp_path / "run" / "result.json").read_text())["search_facts"]
    assert facts["metric"] == "rmse"
    values = {trial["name"]: trial["value"] for trial in facts["trials"]}
    assert facts["best"] == min(values, key=values.__getitem__)
    assert all(value > 0 for value in values.values())
