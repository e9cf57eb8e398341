"""The range of the depth of a space's networks."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.analysis.circuits.patience import A_QUARTER
from stdsl.compiler.analysis.costs import depth_range as module
from stdsl.compiler.analysis.costs import listing, measures
from stdsl.compiler.analysis.costs.depth_range import depth_range


@pytest.fixture
def no_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said where several paths may be the longest, so that the depth is no sum."""
    for where in (module, measures):
        monkeypatch.setattr(where, "depth_sum", lambda _: None)


TEXT = """stdsl 1
meta net on x: image(4, 8, 8) {
  y = x -> repeat choose 1..3 as n {
    choose {one: conv(same, 3x3), two: conv(same, 1x1) -> conv(same, 3x3), skip} as kind
  }
  return [y, x -> conv(4, 1x1)] -> sum -> global_avg_pool -> linear(2)
}
space s = net
space no_skips = net where pin("**.kind", "two")
"""


def test_of_few_all_are_looked_at() -> None:
    found = depth_range(stdsl.loads(TEXT, "s").graph)
    # 3 + 9 + 27 architectures; the parallel convolution is on the longest path where all kinds skip.
    assert found is not None
    assert (found.min, found.max, found.exact, found.mean_exact) == (2, 7, True, True)
    depths = [max(1, d) + 1 for n in (1, 2, 3) for d in sums(n)]
    assert found.mean == pytest.approx(sum(depths) / 39)


def sums(n: int) -> list[int]:
    return [0] if n == 0 else [rest + own for rest in sums(n - 1) for own in (0, 1, 2)]


def test_of_many_a_sum_is_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    few = depth_range(stdsl.loads(TEXT, "s").graph)
    monkeypatch.setattr(listing, "LISTED", 0)
    many = depth_range(stdsl.loads(TEXT, "s").graph, A_QUARTER)
    assert few is not None
    assert many is not None
    assert (many.min, many.max, many.mean, many.exact, many.mean_exact) == (2, 7, few.mean, True, True)
    graph = stdsl.loads(TEXT, "no_skips").graph
    found = depth_range(graph)
    assert found is not None
    # Two convolutions in one to three blocks, and the last one: each number is one architecture.
    assert (found.min, found.max, found.mean, found.exact, found.mean_exact) == (3, 7, 5, True, True)
    assert [stdsl.Space(graph).costs(end).depth for end in (found.cheapest, found.dearest)] == [3, 7]


@pytest.mark.usefixtures("no_sum")
def test_of_many_the_ends_are_those_of_architectures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED", 0)
    graph = stdsl.loads(TEXT, "no_skips").graph
    found = depth_range(graph)
    assert found is not None
    assert (found.min, found.max, found.exact, found.mean_exact) == (3, 7, True, False)
    assert found.dearest is not None
    assert stdsl.Space(graph).costs(found.dearest).depth == 7


@pytest.mark.usefixtures("no_sum")
def test_of_very_large_ones_bounds_alone_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED", 0)
    monkeypatch.setattr(module, "MADE", 0)
    found = depth_range(stdsl.loads(TEXT, "s").graph, A_QUARTER)
    assert found is not None
    assert (found.mean, found.exact) == (None, False)
    assert found.min <= 2
    assert found.max >= 7


@pytest.mark.usefixtures("no_sum")
def test_the_deepest_is_found_without_a_search() -> None:
    """Of 6 ** 10 architectures one has three convolutions in each of ten layers."""
    layers = "".join(
        f"  h[{i}] = [h[{i - 1}], h[{i - 1}] -> conv(same, 1x1) -> conv(same, 3x3), h[{i - 1}] -> conv(same, 3x3)]"
        f" -> keep 1 as ins -> choose {{sum, deep: mean -> conv(same, 1x1)}} as kind\n"
        for i in range(1, 11)
    )
    text = f"stdsl 1\nmeta net on x: image(4, 8, 8) {{\n  h[0] = x\n{layers}  return h[10]\n}}\nspace s = net\n"
    found = depth_range(stdsl.loads(text).graph, A_QUARTER)
    assert found is not None
    assert (found.max, found.mean_exact) == (30, False)
    assert found.dearest is not None
    assert {value for path, value in found.dearest.items() if path.endswith("ins")} == {(2,)}
    assert {value for path, value in found.dearest.items() if path.endswith("kind")} == {"deep"}


def test_all_of_what_is_kept_may_be_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """The least depth was that of the deepest element (a generated space's find), and `depth <= 1` an error."""
    text = """stdsl 1
meta net on x: image(4, 8, 8) {
  some = [x, x -> conv(4, 1x1), x -> conv(4, 1x1) -> conv(4, 3x3)] -> keep any as outer
  return some -> keep all as inner -> mean
}
space s = net where depth <= 1
"""
    monkeypatch.setattr(listing, "LISTED", 0)
    graph = stdsl.loads(text).graph
    found = depth_range(graph)
    assert found is not None
    assert (found.min, found.max) == (0, 1)
    assert sorted(stdsl.Space(graph).costs(arch).depth for arch in stdsl.Space(graph).architectures()) == [0, 1, 1]
