"""Which architectures differ most, by their active decisions."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.analysis.unlike import difference, most_different

ARCHITECTURES = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2), max_size=6)
"""A path that is absent is not active."""


def test_differences_by_hand() -> None:
    a, b = {"kind": "conv", "length": 3}, {"kind": "conv", "length": 5}
    assert difference(a, b) == Fraction(1, 2)
    assert difference(a, {"kind": "skip"}) == 1  # of two paths none is the same
    assert difference(a, {"kind": "conv", "length": 3, "width": 2}) == Fraction(1, 3)
    assert difference({}, {}) == 0


@given(ARCHITECTURES, ARCHITECTURES)
def test_it_is_the_same_both_ways_and_0_of_equal_ones(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert difference(a, b) == difference(b, a)
    assert 0 <= difference(a, b) <= 1
    assert (difference(a, b) == 0) is (a == b)


def least(chosen: list[dict[str, Any]]) -> Fraction:
    return min(difference(a, b) for a, b in combinations(chosen, 2))


@given(st.lists(ARCHITECTURES, min_size=1, max_size=8), st.integers(1, 9))
def test_the_best_first_and_each_as_far_as_can_be(ranked: list[dict[str, Any]], count: int) -> None:
    chosen = most_different(ranked, count)
    assert len(chosen) == min(count, len(ranked))
    assert chosen[0] is ranked[0]
    assert len({id(arch) for arch in chosen}) == len(chosen)
    for place in range(1, len(chosen)):
        before = chosen[:place]
        rest = [arch for arch in ranked if not any(arch is own for own in before)]
        gaps = [min(difference(arch, own) for own in before) for arch in rest]
        first = next(arch for arch, gap in zip(rest, gaps, strict=True) if gap == max(gaps))
        assert chosen[place] is first


def test_not_the_best_but_the_different() -> None:
    near = [{"a": 0, "b": 0, "c": 0}, {"a": 0, "b": 0, "c": 1}, {"a": 1, "b": 1, "c": 0}, {"a": 1, "b": 1, "c": 1}]
    assert most_different(near, 2) == [near[0], near[3]]
    assert least(most_different(near, 2)) == 1
