"""Costs of any size: whole numbers have no end, floats have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import stdsl
from stdsl.cli.main import cli


@pytest.mark.parametrize("where", ["", " where params >= 1"])
@pytest.mark.parametrize("drawn", ["", " -> repeat choose 0..1 as times { bn }"])
def test_a_mean_that_no_float_holds_is_a_whole_number(where: str, drawn: str, tmp_path: Path) -> None:
    """Found by the fuzz: 10^400 channels were an internal error of `info`."""
    text = f"stdsl 1\nmeta net on x: features(4) = x -> linear(10 ** 400){drawn} -> linear(2)\nspace s = net{where}\n"
    costs = stdsl.loads(text).costs()
    assert isinstance(costs.params.mean, int)
    assert costs.params.min <= costs.params.mean <= costs.params.max
    path = tmp_path / "s.space"
    path.write_text(text, encoding="utf-8")
    shown = CliRunner().invoke(cli, ["info", str(path), "--json"])
    assert json.loads(shown.stdout)["params"]["max"] == costs.params.max
