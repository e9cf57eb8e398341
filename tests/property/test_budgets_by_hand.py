"""What is said of a space within budgets, by whatever way it is computed, held to all of its architectures: they are
gone through by asking what evaluation asks, and each costs what its own network does.

Spaces are random ones, and ones in which numbers are read by several parts; budgets one to four, of all costs, from
above, from below, ranges, points and several of one cost, beside constraints over decisions.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction

import pytest
from space_texts import space_text

import stdsl
from stdsl.compiler.analysis import feasible
from stdsl.compiler.analysis.architecture import Architecture, answers_of
from stdsl.compiler.analysis.circuits.of_space import decided
from stdsl.compiler.analysis.circuits.patience import A_QUARTER, AT_LENGTH
from stdsl.compiler.analysis.costs import listing
from stdsl.compiler.analysis.costs.additive import ADDITIVE, additive_cost
from stdsl.compiler.analysis.costs.depth_range import depth_range
from stdsl.compiler.analysis.costs.depth_sum import depth_sum
from stdsl.compiler.analysis.costs.of_architecture import Costs, costs
from stdsl.compiler.analysis.costs.space_costs import CostRange, cost_range
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.derivation import exactly
from stdsl.compiler.analysis.derivation.preferences import regrets
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.sampling import draw
from stdsl.compiler.analysis.sums import nearly, within
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

from .test_best_within import regret, scores_of

MOST = 150
"""Spaces of more architectures are not gone through."""

METRICS = (*ADDITIVE, "depth")

WAYS = ("listed", "circuit", "sums", "nearly")
"""By which what is within constraints over costs is known; each after all before it were ruled out."""


@contextmanager
def computed(way: str, rng: random.Random) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        place = WAYS.index(way)
        if place > 0:
            patch.setattr(listing, "LISTED", 0)
            patch.setattr(exactly, "LISTED", 0)
        if place > 1:
            patch.setattr(feasible, "cost_circuit", lambda *_, **__: None)
        if place > 2:
            patch.setattr(within, "_exactly", lambda *_: None)
            patch.setattr(nearly, "CELLS", rng.choice((20, 300, 10_000)))
            patch.setattr(nearly, "HALVES_WORK", rng.choice((0, nearly.HALVES_WORK)))
        yield


@dataclass
class Told:
    """What was met, so that tests can ask whether that was enough."""

    spaces: int = 0
    deviations: list[float] = field(default_factory=list)
    """Of samples from uniform ones, in standard deviations."""
    met: Counter[str] = field(default_factory=Counter)


def shared_text(rng: random.Random) -> str:
    """A few layers whose widths, windows and lengths are read by several of them, with a constraint now and then."""
    widths = ", ".join(map(str, rng.sample(range(2, 12), rng.choice((2, 3)))))
    lines = [f"  w = choose {{{widths}}} as w", "  k = choose {1, 3} as k", "  n = choose 1..2 as n", "  h[0] = x"]
    for i in range(1, rng.choice((2, 3)) + 1):
        width = rng.choice(("w", "same", "w + n", "2 * w", "(choose {3, 5} as own)", "if k == 1 then w else 4"))
        window = rng.choice(("1", "k", "3", "(choose {1, 5} as window)"))
        layer = rng.choice(
            (
                f"conv({width}, {window})",
                f"conv({width}, {window})",
                f"choose {{plain: conv(w, {window}), deep: conv({width}, 1) -> conv(w, 3)}} as kind",
                f"conv({width}, 1) -> repeat n {{ conv(same, {window}) }}",
                "maybe conv(same, k) as gate",
            )
        )
        lines.append(f"  h[{i}] = h[{i - 1}] -> {layer}")
    last = len(lines) - 4
    if rng.random() < 0.4:
        lines.append(f"  y = [h[{last}] -> conv(w, 1) for j in 1..2] -> keep 1..n as inputs -> sum")
    else:
        lines.append(f"  y = h[{last}]")
    body = "\n".join([*lines, "  return y -> global_avg_pool -> linear(2)"])
    held = rng.choice(("", "", " where w <= 6 or k == 1", " where n == 1 or k == 3", " where w != 4"))
    return f"stdsl 1\nmeta net on x: image(3, 6, 6) {{\n{body}\n}}\nspace s = net{held}\n"


def made(rng: random.Random) -> SpaceGraph | None:
    """A space without constraints over costs, those over decisions as they come."""
    if rng.random() < 0.5:
        text = shared_text(rng)
        try:
            graph = stdsl.loads(text).graph
        except stdsl.SpaceError:
            return None  # nothing is within the constraint
    else:
        written = space_text(rng)
        if written.files or written.extern:
            return None
        graph = stdsl.loads(written.text).graph
    kept = tuple(c for c in graph.constraints if not isinstance(c, CostConstraint))
    return replace(graph, constraints=kept)


def bounded(graph: SpaceGraph, figures: Sequence[Costs], rng: random.Random) -> list[CostConstraint]:
    """Budgets that cut, and some a little beside a cost that occurs."""
    found = []
    for metric in rng.sample(METRICS, rng.choice((1, 1, 2, 2, 3, 3, 4))):
        for _ in range(rng.choice((1, 1, 1, 2))):
            low, high = sorted(getattr(rng.choice(figures), metric) for _ in range(2))
            ends = ((low, None), (None, high), (low, high), (low + 0.5, high - 0.5), (low, low), (high + 1, None))
            found.append(CostConstraint(metric, *rng.choices(ends, (4, 4, 4, 1, 1, 1))[0], graph.span))
    return found


def meets(own: Costs, constraint: CostConstraint) -> bool:
    value = getattr(own, constraint.metric)
    above = constraint.low is None or value >= constraint.low
    return above and (constraint.high is None or value <= constraint.high)


def look(seed: int, told: Told, ways: int = len(WAYS)) -> None:
    """``ways``: in so many of them, as they come."""
    rng = random.Random(seed)
    graph = made(rng)
    if graph is None or any(graph.not_stated(metric) for metric in METRICS):
        return
    if decided(replace(graph, constraints=())).high > 20 * MOST:
        return  # to go through those that constraints exclude takes as long
    every: dict[Architecture, Costs] = {}
    for arch in architectures(graph):
        if len(every) == MOST:
            return
        every[arch] = costs(graph, arch)
    if len(every) < 2:
        return
    constraints = bounded(graph, list(every.values()), rng)
    wanted = {arch: own for arch, own in every.items() if all(meets(own, c) for c in constraints)}
    told.spaces += 1
    told.met[f"{len({c.metric for c in constraints})} budgets"] += 1
    told.met["empty" if not wanted else "some"] += 1
    if graph.constraints:
        told.met["beside decisions"] += 1
    for way in rng.sample(WAYS, ways):
        told.met[way] += 1
        with computed(way, rng):
            own = replace(graph, constraints=(*graph.constraints, *constraints))
            check(own, every, wanted, way, rng, told)


def check(
    graph: SpaceGraph,
    every: dict[Architecture, Costs],
    wanted: dict[Architecture, Costs],
    way: str,
    rng: random.Random,
    told: Told,
) -> None:
    sums = all(additive_cost(graph, m).exact for m in ADDITIVE)
    bounds_depth = any(isinstance(c, CostConstraint) and c.metric == "depth" for c in graph.constraints)
    summed = depth_sum(graph) is not None
    known = sums and (way == "listed" or (way != "nearly" and (summed or not bounds_depth)))
    if summed and bounds_depth and len({own.depth for own in every.values()}) > 1:
        told.met["a depth that is a sum"] += 1
    found = count(graph)
    assert found.low <= len(wanted) <= found.high
    assert found.exact or not known
    sooner = count(replace(graph), A_QUARTER)
    assert sooner.low <= len(wanted) <= sooner.high
    verdict = satisfiable(replace(graph))
    if verdict.architecture is not None:
        assert verdict.architecture in wanted
    else:
        assert not wanted or verdict.diagnostic is None or verdict.diagnostic.code == "W0441"
        assert not known or verdict.diagnostic is None or verdict.diagnostic.code == "E0441"
    check_samples(graph, wanted, known, rng, told)
    if not wanted:
        with pytest.raises(SpaceError, match="E044"):
            stdsl.Space(graph).sample(1)
        return
    check_places(graph, every, wanted, known, rng, told)
    for patience in (AT_LENGTH, A_QUARTER):
        # Of what was counted at length already, more is known than there is patience for.
        fresh = graph if rng.random() < 0.5 else replace(graph)
        for metric in METRICS:
            span = depth_range(fresh, patience) if metric == "depth" else cost_range(fresh, metric, patience)
            assert span is not None
            exact = known and patience is AT_LENGTH and (metric != "depth" or summed or way == "listed")
            check_range(span, [getattr(own, metric) for own in wanted.values()], exact)
    check_front(graph, wanted, way, sums, rng, told)


def check_samples(
    graph: SpaceGraph, wanted: dict[Architecture, Costs], known: bool, rng: random.Random, told: Told
) -> None:
    n = len(wanted)
    asked = 15 * n if n <= 30 else 20
    sample = draw(graph, seed=rng.randrange(1000), n=asked)
    drawn = sample.architectures
    assert set(drawn) <= set(wanted)
    assert len(drawn) == asked or not sample.uniform or not wanted
    assert sample.uniform or not known or not wanted
    if sample.uniform and 2 <= n <= 30:
        counts = Counter(drawn)
        statistic = sum((counts[arch] - 15) ** 2 / 15 for arch in wanted)
        # Chi-square with n - 1 degrees of freedom: its mean is n - 1, its variance twice that.
        told.deviations.append((statistic - (n - 1)) / math.sqrt(2 * (n - 1)))


def check_places(
    graph: SpaceGraph,
    every: dict[Architecture, Costs],
    wanted: dict[Architecture, Costs],
    known: bool,
    rng: random.Random,
    told: Told,
) -> None:
    """Ranks and marginals; E0444 where there are none."""
    space = stdsl.Space(graph)
    if feasible.feasible(graph) is None:
        assert not known
        with pytest.raises(SpaceError, match="E0444"):
            space.unrank(0)
        return
    told.met["ranked"] += 1
    listed = [space.unrank(place) for place in range(len(wanted))]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(wanted)
    with pytest.raises(IndexError):
        space.unrank(len(wanted))
    for place in rng.sample(range(len(listed)), min(4, len(listed))):
        assert space.rank(listed[place]) == place
    beyond = next((arch for arch in every if arch not in wanted), None)
    if beyond is not None:
        with pytest.raises(stdsl.ArchitectureError, match="E0605"):
            space.rank(beyond)
    answers = [answers_of(graph, arch) for arch in wanted]
    marginals = space.marginals()
    for decision in graph.open:
        own = marginals[decision.path]
        first = decision.variables[0].index
        assert own.active == Fraction(sum(first in row for row in answers), len(wanted))
        if decision.kind == "keep":
            pairs = [(v.index, 1) for v in decision.variables]
        else:
            pairs = [(first, answer) for answer in range(len(decision.options))]
        shares = tuple(Fraction(sum(row.get(v) == a for row in answers), len(wanted)) for v, a in pairs)
        assert own.options == shares


def check_range(span: CostRange, values: Sequence[int], exact: bool) -> None:
    assert span.min <= min(values)
    assert max(values) <= span.max
    assert span.exact or not exact
    if span.exact:
        assert (span.min, span.max) == (min(values), max(values))
    if span.mean_exact:
        assert span.mean == pytest.approx(sum(values) / len(values), rel=1e-12)
    assert span.mean_exact or not exact


def check_front(
    graph: SpaceGraph, wanted: dict[Architecture, Costs], way: str, sums: bool, rng: random.Random, told: Told
) -> None:
    """The best one within each of some budgets, and within all that the space has by itself."""
    scores = scores_of(graph, rng)
    functions = regrets(graph, scores, "beta", (), "allowed")
    worth = {arch: regret(graph, functions, answers_of(graph, arch)) for arch in wanted}
    metric = rng.choice(METRICS)
    costly = sorted({getattr(own, metric) for own in wanted.values()})
    budgets = sorted({costly[0] - 1, *rng.choices(costly, k=2), costly[-1]})
    for point in stdsl.Space(graph).front(scores, metric, budgets):
        left = {arch: worth[arch] for arch, own in wanted.items() if getattr(own, metric) <= point.budget}
        if point.architecture is None:
            assert not left or not point.best
        else:
            assert point.architecture in left
            assert point.cost == getattr(wanted[point.architecture], metric)
            assert not point.best or left[point.architecture] == pytest.approx(min(left.values()), abs=1e-6)
        told.met["best" if point.best else "at least"] += 1
        assert point.best or way != "listed" or not sums


def looked(seeds: range, ways: int) -> Told:
    told = Told()
    for seed in seeds:
        try:
            look(seed, told, ways)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    return told


def evenly(told: Told) -> None:
    """Samples are as even as chance makes them."""
    assert abs(sum(told.deviations)) < 5 * math.sqrt(len(told.deviations))


def test_some_spaces() -> None:
    told = looked(range(24), 1)
    assert told.spaces >= 10
    assert len(told.deviations) > 3
    evenly(told)
    assert {"1 budgets", "2 budgets", "3 budgets", "beside decisions", "ranked", "best", *WAYS} <= set(told.met)
    assert told.met["a depth that is a sum"] > 2


@pytest.mark.slow
def test_many_spaces() -> None:
    told = looked(range(10_000, 11_000), len(WAYS))
    evenly(told)
    assert told.met["empty"] > 20
    assert told.met["4 budgets"] > 20
    assert told.met["a depth that is a sum"] > 100
