"""What partial channels save: `examples/partial_channels.py`, and what the documentation says that it prints."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LINE = re.compile(r"^(?P<title>\S.*?) +\d+  (?P<step>\w+) +(?P<darts>[\d.]+) MB +(?P<pc>[\d.]+) MB  [\d.]+$")


@pytest.fixture(scope="module")
def script(example: Callable[[str], ModuleType]) -> ModuleType:
    return example("partial_channels")


def documented() -> dict[tuple[str, str], tuple[float, float]]:
    """Megabytes by title and step."""
    text = (ROOT / "docs" / "systems" / "darts.md").read_text(encoding="utf-8")
    found = filter(None, map(LINE.match, text.splitlines()))
    return {(m["title"], m["step"]): (float(m["darts"]), float(m["pc"])) for m in found}


@pytest.mark.parametrize("step", ["weights", "decisions"])
@pytest.mark.parametrize("pair", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_a_fourth_of_the_channels_keeps_less_than_half(script: ModuleType, pair: int, step: str) -> None:
    """At most 0.45 of the bytes of DARTS, with the same space, passes and batch; the page gives the bytes."""
    title, batch, *searches = script.PAIRS[pair]
    whole, part = script.compared(batch, searches, step)
    assert part <= 0.45 * whole
    assert documented()[title, step] == pytest.approx((whole / 1e6, part / 1e6), rel=0.03), "run it for the page again"


@pytest.mark.slow
def test_both_sides_have_the_same_space_and_passes(script: ModuleType) -> None:
    for _, _, *searches in script.PAIRS:
        (darts, shapes), (partial, others) = map(script.supernet, searches)
        assert shapes == others
        names = [report.name for report in partial.passes if report.name != "partial_channels"]
        assert names == [report.name for report in darts.passes]
        assert [d.path for d in darts.graph.decisions] == [d.path for d in partial.graph.decisions]
