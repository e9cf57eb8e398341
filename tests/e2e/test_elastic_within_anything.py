"""Networks are derived within bounds that a search could not be trained within: deriving trains nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import stdsl as api
from stdsl.compiler.checks.check import check_module
from stdsl.compiler.checks.limits import limits
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.semantics.modules import Loader

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {2, 4} as width, 1x3x3, stride = 1x2x2) -> bn -> relu
  z = [y, y] -> each repeat choose 1..8 as times { choose {identity, relu, tanh, pointwise(same)} as kind } -> sum
  return z -> global_avg_pool -> linear(4)
}
space nets = net
space bounded = net where depth <= 4
strategy sandwich = sampling {
  steps = 1  batch = 8  draw = uniform  samples = 1  sandwich { }  derive { candidates = 2 }
}
strategy learnt = sampling { steps = 1  batch = 8  samples = 2 }
strategy rewarded = sampling { steps = 1  batch = 8  samples = 2  estimator = reinforce }
"""
SEARCH = """search of_{name} {{
  space = {space}
  strategy = {name}
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 8, valid = 8, test = 8)
}}
"""
STRATEGIES = ("sandwich", "learnt", "rewarded")
Order = Callable[..., int]


@pytest.fixture(scope="module", params=("sandwich", "learnt"))
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    folder = tmp_path_factory.mktemp("run")
    text = TEXT + "".join(SEARCH.format(name=name, space="nets") for name in STRATEGIES)
    (folder / "nets.space").write_text(text, encoding="utf-8")
    assert stdsl("run", f"{folder / 'nets.space'}::of_{request.param}", "--out", str(folder / "run")) == 0
    return folder / "run"


def points(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "front.json").read_text())["points"]
    return found


def test_the_lowest_budget_of_a_front_holds_nothing(run: Path, stdsl: Order, tmp_path: Path) -> None:
    call = ("derive", str(run), "--candidates", "1", "--front", "params")
    assert stdsl(*call, "--budget", "1", "--budget", "1M", "--out", str(tmp_path / "front")) == 0
    none, some = points(tmp_path / "front")
    assert none == {"budget": 1, "architecture": None}
    assert some["architecture"]


def test_bounds_on_depth(run: Path, tmp_path: Path) -> None:
    """Under which neither the ends of a space nor the marginals of a distribution are known exactly."""
    front = api.derive(run, front="depth", budgets=[4, 99], candidates=1, out=tmp_path / "front", progress=False)
    assert isinstance(front, api.ElasticFront)
    shallow, deep = (point.cost for point in front.points)
    assert shallow is not None
    assert deep is not None
    assert shallow <= 4 < deep


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_search_is_refused_there(name: str) -> None:
    """It would train what is drawn, and has to know."""
    sink = Sink()
    text = TEXT + SEARCH.format(name=name, space="bounded")
    checked = check_module(Loader(sink).source(Source("a.space", text)), sink)
    (search,) = checked.searches.values()
    assert [found.code for found in (*sink.errors, *limits(search))] == ["E0701"]


@pytest.mark.parametrize("name", STRATEGIES[:2])
def test_a_search_runs_within_a_depth_that_is_a_sum(name: str, stdsl: Order, tmp_path: Path) -> None:
    """Of a chain of blocks; what is derived is within it."""
    text = TEXT.replace("[y, y] -> each repeat", "y -> repeat").replace(" as kind } -> sum", " as kind }")
    assert "sum" not in text
    (tmp_path / "nets.space").write_text(text + SEARCH.format(name=name, space="bounded"), encoding="utf-8")
    assert stdsl("run", f"{tmp_path / 'nets.space'}::of_{name}", "--out", str(tmp_path / "run")) == 0
    space = api.load(tmp_path / "nets.space", "bounded")
    found = [space.load_architecture(file) for file in sorted((tmp_path / "run").rglob("*.arch.json"))]
    assert found
    assert all(space.costs(arch).depth <= 4 for arch in found)
