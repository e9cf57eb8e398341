"""Shared weights are used on the data that they learnt from, and on no other: results would be of neither."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.drawn import drawn_of
from stdsl.runtime.elastic import ElasticRequest, derive_elastic
from stdsl.runtime.elastic_front import elastic_front
from stdsl.runtime.front import front_of
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import resume

TEXT = """stdsl 1
meta net on x: image(1, 6, 6) {
  y = x -> conv(choose {2, 4} as width, choose {1, 3} as window) -> bn -> relu
  return y -> global_avg_pool -> linear(2)
}
space small = net
search paths {
  space = small
  strategy = sampling { steps = 1  batch = 8  draw = uniform  samples = 1  derive { candidates = 2 } }
  data = arrays("data.npz")
}
search bred {
  space = small
  needs = [paths]
  strategy = random { trials = 2  fitness { weights = shared  batch = 8 } }
  data = arrays("data.npz")
}
"""
Order = Callable[..., int]
Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
CHANGES: Final[dict[str, Change]] = {
    "turned": lambda x, y: (x[:, ::-1], y),
    "brighter": lambda x, y: (2 * x + 1, y),
    "other labels": lambda x, y: (x, np.roll(y, 1)),
    "smaller": lambda x, y: (x[:, :4], y),
}


def images() -> tuple[np.ndarray, np.ndarray]:
    return np.random.default_rng(0).normal(size=(120, 6, 6)).astype(np.float32), np.arange(120) // 3 % 2


def save(folder: Path, change: Change = lambda x, y: (x, y)) -> None:
    x, y = change(*images())
    np.savez(folder / "data.npz", x=x, y=y)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    folder = tmp_path_factory.mktemp("searched")
    (folder / "own.space").write_text(TEXT, encoding="utf-8")
    save(folder)
    assert stdsl("run", f"{folder / 'own.space'}::bred", "--out", str(folder / "bred"), "--hands", "0") == 0
    shutil.copytree(folder / "bred/needs/paths", folder / "paths")
    assert stdsl("derive", str(folder / "paths"), "--candidates", "1", "--out", str(folder / "derived")) == 0
    return folder


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_no_network_is_derived_on_other_data(searched: Path, tmp_path: Path, change: Change) -> None:
    request = ElasticRequest(searched / "paths", candidates=1, out=tmp_path / "derived")
    save(searched, change)
    try:
        with pytest.raises(RunError) as raised:
            derive_elastic(request, Silent())
        with pytest.raises(RunError) as raised_by_front:
            elastic_front(request, "params", (10, 1000), Silent())
    finally:
        save(searched)
    assert [d.code for d in (*raised.value.diagnostics, *raised_by_front.value.diagnostics)] == ["E0727"] * 2
    assert not (tmp_path / "derived").exists()


def test_what_a_list_advises_can_be_done(searched: Path) -> None:
    """The search has no `retrain`, so that it trains no architecture of a list, and no distribution for a front; but
    every architecture has its part of the weights, of those too that trials were measured with."""
    for run in ("paths", "derived"):
        found = drawn_of(searched / run)
        assert found.network is not None
        assert found.network.command == f"stdsl derive {searched / run} --arch"
    tried = front_of(searched / "bred", "params")
    best = next(point.architecture for point in tried.points if point.architecture is not None)
    assert tried.network is not None
    assert tried.network.command == f"stdsl derive {searched / 'bred/needs/paths'} --arch"
    _, _, run, _ = tried.network.command.split()
    request = ElasticRequest(Path(run), out=searched / "taken", device="cpu", architecture=best)
    assert derive_elastic(request, Silent()).document["derived"]["hash"] == best.hash
    with pytest.raises(RunError) as raised:
        front_of(searched / "paths", "params")
    (fault,) = raised.value.diagnostics
    assert f"stdsl derive {searched / 'paths'} --front params --budget" in str(fault.help)


@pytest.mark.parametrize("run", ["derived", "bred"])
def test_a_run_that_was_killed_before_it_looked_at_the_data(searched: Path, tmp_path: Path, run: str) -> None:
    """What is there then is its beginning, and what it needs of other runs."""
    begun = tmp_path / run
    begun.mkdir()
    for name in ("run.json", "space", "needs"):
        if (source := searched / run / name).exists():
            (shutil.copytree if source.is_dir() else shutil.copy)(source, begun / name)
    save(searched, CHANGES["other labels"])
    try:
        with pytest.raises(RunError) as raised:
            resume(begun, Silent(), hands=0)
    finally:
        save(searched)
    assert [d.code for d in raised.value.diagnostics] == ["E0727"]
    shutil.rmtree(begun)
