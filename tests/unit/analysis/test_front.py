"""Fronts of budgets: each point held to all architectures of a small sibling of `examples/quickstart.space`."""

from __future__ import annotations

import math
import random
from pathlib import Path

import pytest

import stdsl
from stdsl.compiler.analysis.derivation import exactly as exactly_module
from stdsl.compiler.analysis.derivation import front as front_module
from stdsl.compiler.analysis.derivation.summed import summed
from stdsl.compiler.analysis.sums import bests, rounded
from stdsl.compiler.ir.graph import CostConstraint

QUICKSTART = Path(__file__).parents[3] / "examples" / "quickstart.space"
DROPPED = ("pool:", "conv133:", "dil133:", "conv311:")


def small(where: str) -> stdsl.Space:
    """The same cells with two candidates on an edge in the place of six: 2304 architectures."""
    lines = QUICKSTART.read_text(encoding="utf-8").splitlines(keepends=True)
    text = "".join(line for line in lines if not line.strip().startswith(DROPPED))
    text = text[: text.index("# The baseline")].replace("where flops <= 5.3M", where)
    return stdsl.loads(text, "cells")


def weights_of(space: stdsl.Space, seed: int) -> dict[str, list[float]]:
    rng = random.Random(seed)
    found = {}
    for d in space.decisions:
        raw = [math.exp(rng.gauss(0, 1)) for _ in d.options]
        found[d.path] = [r / (1 + r) for r in raw] if d.kind == "keep" else [r / sum(raw) for r in raw]
    return found


def middle_params() -> int:
    """What half of the small sibling's architectures have at most."""
    space = small("where flops <= 5.3M")
    found = sorted(costs.params for costs in space.costs(space.samples(50)))
    assert found[0] < found[25] < found[-1]
    return found[25]


def log_probability(space: stdsl.Space, weights: dict[str, list[float]], arch: stdsl.Architecture) -> float:
    total = 0.0
    for d in space.decisions:
        row = weights[d.path]
        if d.path in arch and d.kind == "keep":
            total += sum(math.log(w if i + 1 in arch[d.path] else 1 - w) for i, w in enumerate(row))
        elif d.path in arch:
            total += math.log(row[d.options.index(arch[d.path])] / max(row))
    return total


@pytest.mark.parametrize("where", ["where flops <= 5.3M", "where flops <= 5.3M, params <= 60K", ""])
@pytest.mark.parametrize(("metric", "listed"), [("flops", 0), ("flops", 20_000), ("params", 0)])
def test_ten_budgets_of_the_small_sibling(
    monkeypatch: pytest.MonkeyPatch, where: str, metric: str, listed: int
) -> None:
    monkeypatch.setattr(exactly_module, "LISTED", listed)
    space = small(where)
    weights = weights_of(space, 3)
    every = list(space.architectures())
    costs = [getattr(c, metric) for c in space.costs(every)]
    scores = [log_probability(space, weights, arch) for arch in every]
    points = space.front(weights, metric)
    assert len(points) == 10
    assert points[0].cost == min(costs)
    greatest = max(scores)
    assert scores[every.index(points[-1].architecture)] == pytest.approx(greatest)
    for point in points:
        assert point.best
        wanted = max(s for s, cost in zip(scores, costs, strict=True) if cost <= point.budget)
        assert point.cost == costs[every.index(point.architecture)] <= point.budget
        assert scores[every.index(point.architecture)] == pytest.approx(wanted)
        assert point.score - points[-1].score == pytest.approx(wanted - greatest)
    assert len({point.architecture for point in points}) > 3


@pytest.mark.parametrize("listed", [0, 20_000])
def test_an_even_front_begins_with_the_cheapest_within_where(monkeypatch: pytest.MonkeyPatch, listed: int) -> None:
    """Not below what is allowed, where nothing is."""
    monkeypatch.setattr(exactly_module, "LISTED", listed)
    space = small("where flops in 4.5M..5.3M")
    points = space.front(weights_of(space, 3), "flops", 4)
    assert points[0].cost == points[0].budget == min(space.costs(arch).flops for arch in space.architectures())
    assert all(point.architecture is not None for point in points)


@pytest.mark.parametrize(
    ("where", "cells"),
    [("where flops <= 5.3M", 800), ("where flops <= 5.3M", 5_000), ("where flops in 4M..5.3M", 5_000)],
)
def test_where_sums_are_too_many_costs_are_rounded(monkeypatch: pytest.MonkeyPatch, where: str, cells: int) -> None:
    """Without a search: what is said to be best is, and the rest is within its budget, and near."""

    def searched(*args: object, **named: object) -> None:
        raise AssertionError("nothing is searched for")

    monkeypatch.setattr(exactly_module, "LISTED", 0)
    monkeypatch.setattr(bests, "PASSING_WORK", 0)
    monkeypatch.setattr(rounded, "CELLS", cells)
    monkeypatch.setattr(front_module, "derived", searched)
    space = small(where)
    weights = weights_of(space, 3)
    every = list(space.architectures())
    costs = [c.flops for c in space.costs(every)]
    scores = [log_probability(space, weights, arch) for arch in every]
    budgets = [min(costs) - 1, *sorted(costs)[:: len(costs) // 8], max(costs) - 1]
    points = space.front(weights, "flops", budgets)
    assert points[0].architecture is None
    assert points[0].best
    near = 0
    for point in points[1:]:
        place = every.index(point.architecture)
        assert point.cost == costs[place] <= point.budget
        wanted = max(s for s, cost in zip(scores, costs, strict=True) if cost <= point.budget)
        if point.best:
            assert scores[place] == pytest.approx(wanted)
        else:
            near += 1
            assert scores[place] <= wanted + 1e-9
    assert near < len(points) - 2, near


def test_ten_budgets_of_the_quickstart() -> None:
    """Of 13 million architectures, in one go: none that is drawn is better."""
    space = stdsl.load(QUICKSTART, "cells")
    weights = weights_of(space, 0)
    points = space.front(weights, "flops")
    assert len(points) == 10
    assert all(point.best and point.cost <= point.budget for point in points)
    assert [p.score for p in points] == sorted(p.score for p in points)
    drawn = space.samples(300, seed=1)
    best = points[-1].architecture
    for arch, cost in zip(drawn, space.costs(drawn), strict=True):
        point = next((p for p in points if p.budget >= cost.flops), points[-1])
        more = log_probability(space, weights, arch) - log_probability(space, weights, best)
        assert more <= point.score - points[-1].score + 1e-9


def test_budgets_of_ones_own() -> None:
    space = small("where flops <= 5.3M")
    weights = weights_of(space, 1)
    none, first, last = space.front(weights, "flops", [1, 2_000_000, 10**12])
    assert (none.architecture, none.cost, none.score, none.best) == (None, None, None, True)
    assert first.cost <= 2_000_000
    assert last.cost <= 5_300_000, "within `where` all the same"
    assert last.architecture == space.front(weights, "flops", 1)[0].architecture
    with pytest.raises(ValueError, match="no cost"):
        space.front(weights, "seconds")


def test_where_it_cannot_be_computed_it_is_searched_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exactly_module, "LISTED", 0)
    space = small("where flops <= 5.3M")
    weights = weights_of(space, 2)
    wanted = space.front(weights, "flops", [2_000_000])
    monkeypatch.setattr(bests, "PASSING_WORK", 100)
    assert space.front(weights, "flops", [1, 2_000_000])[1:] == wanted
    assert space.front(weights, "flops", [1])[0].architecture is None
    assert all(point.cost <= point.budget for point in space.front(weights, "depth", 3))


def test_a_front_takes_no_more_steps_of_a_search_than_are_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """With several budgets that have too many sums each was searched for as if it were the only one: ten of them took a
    minute and a half."""
    monkeypatch.setattr(exactly_module, "LISTED", 0)
    monkeypatch.setattr(bests, "PASSING_WORK", 100)
    monkeypatch.setattr(bests, "QUICK", 100)
    monkeypatch.setattr(bests, "JOINT_WORK", 1000)
    taken, searched = [], front_module.derived

    def counted(*arguments: object, part: int, **named: object) -> object:
        taken.append(part)
        return searched(*arguments, part=part, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(front_module, "derived", counted)
    space = small(f"where flops <= 5.3M, params <= {middle_params()}")
    weights = weights_of(space, 2)
    points = space.front(weights, "flops", [1_000_000 + 45_000 * i for i in range(20)])
    assert taken
    assert sum(1 / part for part in taken) <= max(front_module.SEARCHED, len(taken) / front_module.SMALLEST)
    assert all(p.architecture is None or p.cost <= p.budget for p in points)
    taken.clear()
    space.front(weights, "flops", [1_500_000])
    assert taken in ([], [1]), "one by itself takes as many as deriving"


def test_all_budgets_together_have_one_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice what one may take by itself; what one leaves of it is for the next, the tightest ones first."""
    taken: list[int] = []
    begun = bests.beginnings

    def counted(places: object, start: object, effort: bests.Effort) -> object:
        before = effort.work
        try:
            return begun(places, start, effort)  # type: ignore[arg-type]
        finally:
            taken.append(before - max(0, effort.work))

    monkeypatch.setattr(bests, "beginnings", counted)
    # No cost by itself settles anything.
    monkeypatch.setattr(bests._Asked, "_take", lambda *_: None)
    monkeypatch.setattr(bests._Asked, "_alone", lambda *_: None)
    space = small("where flops <= 5.3M")
    preference = summed(space.graph, weights_of(space, 2), "beta", None, "allowed")
    most = middle_params()
    asked = [
        [
            CostConstraint(m, None, high, space.graph.span)
            for m, high in (("flops", 10**6 + 10**5 * i), ("params", most))
        ]
        for i in range(10)
    ]
    every = bests.bests(space.graph, asked, preference)
    assert len(every) == len(taken) == 10
    one = 2 * max(taken)
    assert sum(taken) > 2 * one, f"together they take more: {taken}"
    taken.clear()
    monkeypatch.setattr(bests, "JOINT_WORK", one)
    some = bests.bests(space.graph, asked, preference)
    assert sum(taken) <= 2 * one
    assert 2 <= len(some) < 10
    assert all(some[place] == every[place] for place in some)


@pytest.mark.parametrize("budgets", [0, -3, True, [math.nan], [10**6, True], ["1M"], [math.inf], "1M", 1.5, None])
def test_budgets_that_are_none_are_said_to_be(budgets: object) -> None:
    space = stdsl.loads(
        "stdsl 1\nmeta net on x: features(4) {\n  return x -> linear((choose {3, 2, 1} as w))\n}\nspace s = net\n"
    )
    with pytest.raises(ValueError, match="budget"):
        space.front({}, "flops", budgets)  # type: ignore[arg-type]


def test_a_budget_in_the_place_of_how_many_there_are_to_be_is_told_of() -> None:
    """`front(…, 3_000_000)` made a front of three million budgets."""
    space = small("where flops <= 5.3M")
    weights = weights_of(space, 1)
    with pytest.raises(ValueError, match=r"one of 3,000,000 is written \[3000000\]"):
        space.front(weights, "flops", 3_000_000)
    one, many = space.front(weights, "flops", iter([3_000_000, 10**9]))  # type: ignore[arg-type]
    assert [one] == space.front(weights, "flops", [3_000_000])
    assert [many] == space.front(weights, "flops", [10**9])


ZEROS = """stdsl 1
ops edge = {none: zero, skip, conv: conv(same, 3x3)}
meta net on x: image(4, 8, 8) {
  for i in 1..2 { y[i] = [x, x] -> each choose edge as kind -> keep 1 as inputs -> sum }
  return y -> sum -> global_avg_pool -> linear(2)
}
space s = net where flops <= 10K
"""


def test_zeros_on_kept_edges_are_counted_beside_the_score() -> None:
    """Without what makes them the last resort, a million each: the score is the logarithm of a probability."""
    space = stdsl.loads(ZEROS.replace("none: zero, skip", "none: zero"))
    weights = {d.path: [0.2, 0.8] for d in space.decisions if d.kind == "choose"}
    both, one = front_module.front(space.graph, weights, "flops", [8, 9_224], "alpha", zeros="never")
    assert (both.zeros, one.zeros) == (2, 1)
    assert both.score == pytest.approx(0, abs=1e-6)
    assert one.score == pytest.approx(0, abs=1e-6)
    assert both.document()["architecture"]["zeros"] == 2
    space = stdsl.loads(ZEROS)
    weights = {d.path: [0.2, 0.2, 0.6] for d in space.decisions if d.kind == "choose"}
    (skips,) = front_module.front(space.graph, weights, "flops", [8], "alpha", zeros="never")
    assert skips.zeros == 0
    assert skips.score == pytest.approx(2 * math.log(0.2 / 0.6))


def test_a_front_does_not_fall() -> None:
    """What a search gave up with is no worse than what is known within a smaller budget."""
    arch = stdsl.loads("stdsl 1\nspace s = net\nmeta net on x: image(3, 8, 8) { return x -> relu }\n", "s").sample()
    given = [
        front_module.FrontPoint(30, arch, 25, -4.0, False),
        front_module.FrontPoint(10, arch, 8, -1.0, True),
        front_module.FrontPoint(20, None, None, None, False),
        front_module.FrontPoint(40, arch, 39, -0.5, True),
        front_module.FrontPoint(5, None, None, None, True),
        front_module.FrontPoint(35, arch, 31, -0.25, False, zeros=1),
    ]
    rising = front_module._rising(given)
    assert [(p.budget, p.cost, p.score, p.best) for p in rising] == [
        (30, 8, -1.0, False),
        (10, 8, -1.0, True),
        (20, 8, -1.0, False),
        (40, 39, -0.5, True),
        (5, None, None, True),
        (35, 8, -1.0, False),
    ]
