"""A search within multiply-adds and parameters at once: what is derived and what it is compared with fit the device."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
from click.testing import CliRunner
from PIL import Image

import stdsl
from stdsl.cli.main import cli

FLOPS, PARAMS = 6_000_000, 300_000


def test_all_networks_of_a_run_are_within_both_budgets(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(48):
        file = tmp_path / "images" / f"class{number % 4}" / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (48, 48, 3), np.uint8)).save(file)
    few = (
        "strategy.epochs=1",
        "strategy.batch=8",
        "strategy.derive.candidates=4",
        "retrain.epochs=1",
        "retrain.batch=8",
    )
    settings = [word for text in (f"data.root={tmp_path / 'images'}", *few) for word in ("--set", text)]
    done = CliRunner().invoke(cli, ["run", "micro::images", *settings, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output

    networks = json.loads((tmp_path / "run" / "result.json").read_text())["networks"]
    assert [network["title"] for network in networks] == ["derived", "random-1", "random-2"]
    whole = stdsl.load("micro", "mcu")  # without budgets, which nothing here has heard of
    for network in networks:
        said = json.loads((tmp_path / "run" / "architectures" / f"{network['title']}.arch.json").read_text())
        costs = whole.costs(said["values"])
        assert (costs.flops, costs.params) == (network["flops"], network["params"])
        assert costs.flops is not None
        assert costs.flops <= FLOPS
        assert costs.params is not None
        assert costs.params <= PARAMS
    model = onnx.load(str(tmp_path / "run" / "model.onnx"))
    kept = sum(int(np.prod(tensor.dims)) for tensor in model.graph.initializer if len(tensor.dims) > 1)
    assert 0 < kept <= PARAMS
