"""The published spaces that benchmarks measure: they are right, and as large as their papers' choices make them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

import stdsl
from stdsl.compiler.checks.check import check_file

SPACES: Final = Path(__file__).parents[3] / "benchmarks" / "spaces"

SIZES: Final[dict[str, int]] = {
    "fbnet::s": 9**22,
    "ofa::s": (9**2 + 9**3 + 9**4) ** 5,
    "proxyless": 6**6 * 7**15,
    "autoformer": 3 * (4**12 + 4**13 + 4**14),
    "evanet_table": (2 * 3 + (2 * 3) ** 2) * 3 * 2,
    "evanet_streams": (2 * 3 + (2 * 3) ** 2) * 3 * 2,
}
"""By what a layer chooses from and how many layers there are."""


@pytest.mark.parametrize("file", sorted(SPACES.glob("*.space")), ids=lambda file: file.stem)
def test_they_are_right(file: Path) -> None:
    assert [d.code for d in check_file(str(file)) if d.code.startswith("E")] == []


@pytest.mark.parametrize("name", SIZES)
def test_how_many_they_have(name: str) -> None:
    file, _, space = name.partition("::")
    assert stdsl.load(str(SPACES / f"{file}.space"), space or None).count() == SIZES[name]
