"""The dynamic programme over sums against every architecture of a small space, with budgets in every combination."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

import pytest
from random_spaces.whole import space_text

import stdsl
from stdsl.compiler.analysis.circuits.of_space import circuits
from stdsl.compiler.analysis.costs.additive import ADDITIVE, additive_cost
from stdsl.compiler.analysis.costs.depth_sum import depth_sum
from stdsl.compiler.analysis.costs.measures import bounds_of, measure_of
from stdsl.compiler.analysis.costs.table import Table
from stdsl.compiler.analysis.sums import nearly as nearly_module
from stdsl.compiler.analysis.sums import within as within_module
from stdsl.compiler.analysis.sums.exactly import Sums
from stdsl.compiler.analysis.sums.grids import bundles, ends, rounding
from stdsl.compiler.analysis.sums.grids.gridded import gridded
from stdsl.compiler.analysis.sums.interval import interval
from stdsl.compiler.analysis.sums.jointly import beginnings, endings
from stdsl.compiler.analysis.sums.jointly.beginnings import Beginnings
from stdsl.compiler.analysis.sums.jointly.sums import Jointly
from stdsl.compiler.analysis.sums.jointly.weighted import Together
from stdsl.compiler.analysis.sums.lattice import Lattice, excess, lattice
from stdsl.compiler.analysis.sums.nearly import Nearly, nearly
from stdsl.compiler.analysis.sums.pairs import dominance, halving, narrowing, strip, vectors
from stdsl.compiler.analysis.sums.pairs.cuts import Cut, narrowest
from stdsl.compiler.analysis.sums.pairs.halving import halved
from stdsl.compiler.analysis.sums.pairs.machine import columns, rows, sides, slices
from stdsl.compiler.analysis.sums.pairs.machine.available import machine_code
from stdsl.compiler.analysis.sums.pairs.machine.slices import Slices
from stdsl.compiler.analysis.sums.pairs.narrowing import narrowed
from stdsl.compiler.analysis.sums.pairs.strip import Strip
from stdsl.compiler.analysis.sums.pairs.vectors import Vectors
from stdsl.compiler.analysis.sums.tables import Effort, TooMuch
from stdsl.compiler.analysis.sums.weighed import weighed
from stdsl.compiler.analysis.sums.within import within
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

MOST = 1500
"""Spaces of up to so many architectures are gone through."""

GRIDDED: list[bool] = []
"""Whether grids left something open."""


@dataclass
class Small:
    """A space with all of its architectures: their answers, and what each costs."""

    graph: SpaceGraph
    rows: list[dict[int, int]]
    costs: dict[str, list[int]]

    def within(self, constraints: Sequence[CostConstraint]) -> dict[tuple[tuple[int, int], ...], int]:
        """Those within the constraints, by their answers, as places of :attr:`rows`."""
        return {key(row): i for i, row in enumerate(self.rows) if all(self._meets(c, i) for c in constraints)}

    def _meets(self, c: CostConstraint, place: int) -> bool:
        cost = self.costs[c.metric][place]
        return (c.low is None or cost >= c.low) and (c.high is None or cost <= c.high)


def key(answers: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    return tuple(sorted(answers.items()))


def drawn(seed: int) -> Small | None:
    """A random space, with constraints over decisions or without; None where it is of no use here."""
    written = space_text(random.Random(seed))
    if written.files or written.extern:
        return None
    graph = stdsl.loads(written.text).graph
    whole = circuits(graph).whole
    if any(isinstance(c, CostConstraint) for c in graph.constraints) or whole is None or not 2 <= whole.count <= MOST:
        return None
    if not all(additive_cost(graph, metric).exact for metric in ADDITIVE):
        return None
    table = Table.of_circuit(graph, whole)
    return Small(graph, [whole.unrank(i) for i in range(whole.count)], figures(table))


def figures(table: Table) -> dict[str, list[int]]:
    """What each architecture costs, by all costs that add up in the space."""
    depth = ("depth",) if depth_sum(table.graph) is not None else ()
    return {metric: [int(x) for x in table.cost(metric)] for metric in (*ADDITIVE, *depth)}


def bounded(small: Small, rng: random.Random, metrics: Sequence[str] = ADDITIVE) -> list[CostConstraint]:
    """One to three budgets: from above, from below, or ranges."""
    return ranged(small, rng, rng.sample(metrics, rng.choice((1, 1, 1, 2, 2, 3))))


def ranged(small: Small, rng: random.Random, metrics: Sequence[str]) -> list[CostConstraint]:
    found = []
    for metric in metrics:
        low, high = sorted(rng.choices(small.costs[metric], k=2))
        form = rng.randrange(3)
        ends = (low if form != 0 else None, high if form != 1 else None)
        found.append(CostConstraint(metric, *ends, small.graph.span))
    return found


def check(small: Small, constraints: Sequence[CostConstraint], rng: random.Random) -> None:
    wanted = small.within(constraints)
    sums = within(small.graph, constraints, also=tuple(small.costs))
    assert isinstance(sums, Sums)
    assert isinstance(sums, Jointly) == (len({c.metric for c in constraints}) > 1)
    assert sums.count == len(wanted)
    listed = [sums.unrank(place) for place in range(sums.count)]
    assert {key(answers) for answers in listed} == set(wanted)
    for place in rng.sample(range(sums.count), min(8, sums.count)):
        assert sums.rank(listed[place]) == place
    for row in rng.sample(small.rows, min(8, len(small.rows))):
        if key(row) not in wanted:
            with pytest.raises(KeyError):
                sums.rank(row)
    check_marginals(small, sums, wanted)
    check_best(small, sums, wanted, rng)
    check_weighed(small, sums, wanted, rng)


def check_marginals(small: Small, sums: Sums, wanted: Mapping[Any, int]) -> None:
    if not wanted:
        return
    answered: dict[int, Counter[int]] = {}
    for place in wanted.values():
        for variable, answer in small.rows[place].items():
            answered.setdefault(variable, Counter())[answer] += 1
    found = {v: {a: n for a, n in row.items() if n} for v, row in sums.answered.items()}
    assert {v: row for v, row in found.items() if row} == {v: dict(row) for v, row in answered.items()}
    for place, measure in enumerate(sums.states.measures):
        own = [small.costs[measure.metric][i] for i in wanted.values()]
        assert sums.mean(place) == Fraction(sum(own), len(own))


def check_best(small: Small, sums: Sums, wanted: Mapping[Any, int], rng: random.Random) -> None:
    scores = {v.index: [rng.random() for _ in range(v.arity)] for v in small.graph.diagrams.variables}
    steps = sums.states.steps
    best = sums.best(lambda state, answer: scores[steps[state].variable][answer])

    def score(answers: Mapping[int, int]) -> float:
        return sum(scores[v][a] for v, a in answers.items())

    if not wanted:
        assert best is None
        return
    assert best is not None
    assert key(best.answers) in wanted
    assert best.score == pytest.approx(score(best.answers))
    assert best.score == pytest.approx(max(score(small.rows[i]) for i in wanted.values()))
    for place, measure in enumerate(sums.states.measures):
        least = sums.best(lambda state, answer, place=place: -float(steps[state].followers[answer][1][place]))
        assert least is not None
        assert sums.states.base[place] - least.score == min(small.costs[measure.metric][i] for i in wanted.values())


def check_weighed(small: Small, sums: Sums, wanted: Mapping[Any, int], rng: random.Random) -> None:
    """Weights of a thousand orders of magnitude, and answers that are never given."""
    scores = {
        v.index: [rng.choice((0.0, -rng.random(), -600 * rng.random(), -math.inf)) for _ in range(v.arity)]
        for v in small.graph.diagrams.variables
    }
    steps = sums.states.steps
    weighing = weighed(sums, lambda state, answer: scores[steps[state].variable][answer], Effort(10**9, 10**9))
    weights = {row: sum(scores[v][a] for v, a in row) for row in wanted}
    greatest = max(weights.values(), default=-math.inf)
    if greatest == -math.inf:
        assert weighing.total == -math.inf
        return
    assert weighing.total == pytest.approx(greatest + math.log(sum(math.exp(w - greatest) for w in weights.values())))
    for _ in range(8):
        answers = weighing.draw(rng)
        assert answers is not None
        assert weights[key(answers)] > -math.inf


def check_nearly(small: Small, constraints: Sequence[CostConstraint], rng: random.Random, monkeypatch: Any) -> int:
    """The true count lies in the interval, nothing is drawn but what is within; returns how many were accepted."""
    wanted = small.within(constraints)
    sums = within(small.graph, constraints)
    assert isinstance(sums, Sums)
    places = range(len({c.metric for c in constraints}))
    bounds = [bounds_of(small.graph, constraints, measure) for measure in sums.states.measures]
    monkeypatch.setattr(nearly_module, "CELLS", rng.choice((20, 200, 5000)))
    alone = [
        len(small.within([c for c in constraints if measure_of(small.graph, c) == m])) for m in sums.states.measures
    ]
    # From the end that is nearer, and all from the least.
    ways = {made.signs: made for made in (excess(sums.states, places, bounds), excess(sums.states, places))}
    for costs in ways.values():
        exactly = lattice(costs, sums.states.start, tuple(costs.factor(i) for i in places), bounds)
        if len(bounds) == 2:
            check_halves(exactly, sums.states.start, len(wanted), alone, rng, monkeypatch)
        check_grids(exactly, sums.states.start, len(wanted), alone, rng, monkeypatch)
    monkeypatch.setattr(nearly_module, "HALVES_WORK", 0)
    found = nearly(sums.states, costs, places, bounds, exactly, Effort(10**9, 10**9))
    assert found.low <= len(wanted) <= found.high
    check_interval(found, len(wanted), len(small.rows), rng, monkeypatch)
    accepted = 0
    for _ in range(60 if wanted else 0):
        answers = found.draw(rng)
        if answers is not None:
            accepted += 1
            assert key(answers) in wanted
    return accepted


def check_interval(found: Nearly, count: int, whole: int, rng: random.Random, monkeypatch: Any) -> None:
    """What is known of some of the bounds, exactly or nearly, makes an interval of all of them no wider; with lists and
    a grid, or by the lattice."""
    with monkeypatch.context() as patch:
        if rng.random() < 0.5:
            patch.setattr(within_module, "_exactly", lambda *_: None)
        if rng.random() < 0.5:
            patch.setattr(narrowing, "FIRST", 0)
        patch.setattr(within_module, "BESIDE", rng.choice((10, 200, 5000)))
        low, high = interval(found, (whole, whole))
    assert found.low <= low <= count <= high <= found.high


def check_halves(
    places: Lattice, start: int, count: int, alone: Sequence[int], rng: random.Random, monkeypatch: Any
) -> None:
    """The count by two sides, of whatever cut and however they are kept, and an interval by lists and a grid. It is no
    wider where it is known how many are within each of the bounds ``alone``."""
    monkeypatch.setattr(halving, "TRIED", rng.choice((1, 30, 1000)))
    monkeypatch.setattr(halving, "MANY", rng.choice((1, 10, 1000)))
    monkeypatch.setattr(halving, "PARTS", rng.choice((2, 14)))
    monkeypatch.setattr(dominance, "BLOCK", rng.choice((1, 7, 1000)))
    monkeypatch.setattr(dominance, "SHORT", rng.choice((1, 1 << 11)))
    monkeypatch.setattr(dominance, "GATHERED", rng.choice((1, 30, 1 << 17)))
    monkeypatch.setattr(strip, "BLOCK", rng.choice((1, 50, 10**6)))
    monkeypatch.setattr(strip, "LARGE", rng.choice((1, 50, 10**6)))
    monkeypatch.setattr(halving, "LONGER_TRIED", rng.choice((1, 300, 10**6)))
    monkeypatch.setattr(halving, "LONGER_MANY", rng.choice((1, 300, 10**6)))
    monkeypatch.setattr(vectors, "PIECE", rng.choice((10, 100, 1 << 21)))
    monkeypatch.setattr(vectors, "VERY_MANY", rng.choice((0, 1 << 24)))
    monkeypatch.setattr(vectors, "FEW", rng.choice((0, 1 << 16)))
    monkeypatch.setattr(vectors, "LOOKED", rng.choice((20, 1 << 20)))
    monkeypatch.setattr(vectors, "SHOWING", rng.choice((8, 1 << 17)))
    monkeypatch.setattr(sides, "MANY", rng.choice((1, 10, 1000)))
    monkeypatch.setattr(slices, "WIDTH", rng.choice((64, 1 << 17)))
    monkeypatch.setattr(columns, "ROOM", rng.choice((1, 30, 10**6)))
    monkeypatch.setattr(rows, "PAIRS", rng.choice((1, 30, 10**6)))
    monkeypatch.setattr(rows, "FEWEST", rng.choice((0, 1 << 20)))
    for strips in (False, True):
        monkeypatch.setattr(halving, "machine_code", lambda: None)
        monkeypatch.setattr(halving, "narrowest", partial(any_cut, rng) if strips else lambda *_: None)
        with suppress(TooMuch) if strips else nullcontext():  # a cut that nobody would take may be too much work
            assert halved(places, start, Effort(10**9, 10**9)) == count
            # Where there is time for more, too.
            monkeypatch.setattr(halving, "SOON", rng.choice((-1, 10**9)))
            assert halved(places, start, Effort(10**12, 10**9), lambda done, whole: None) == count
            # And where there is machine code for much work.
            monkeypatch.setattr(halving, "machine_code", machine_code)
            monkeypatch.setattr(halving, "SOON", -1)
            assert halved(places, start, Effort(10**12, 10**9)) == count
    monkeypatch.setattr(narrowing, "TRIED", rng.choice((1, 30)))
    monkeypatch.setattr(narrowing, "CACHED", rng.choice((1, 30, 1000)))
    monkeypatch.setattr(narrowing, "CELLS", rng.choice((4, 100, 10_000)))
    for most in (2, 3, 7, 1000):
        monkeypatch.setattr(narrowing, "FIRST", most)
        monkeypatch.setattr(narrowing, "LOOKS", 16 * most)
        with suppress(TooMuch):  # there are not two parts, or one of them is too long
            low, high = narrowed(places, start, 10**9, [(n, n) for n in alone])
            assert low <= count <= high
            below, above = narrowed(places, start, 10**9, [(rng.randrange(n + 1), n + rng.randrange(9)) for n in alone])
            assert below <= low <= high <= above


def check_grids(
    places: Lattice, start: int, count: int, alone: Sequence[int], rng: random.Random, monkeypatch: Any
) -> None:
    """An interval by grids of however many places, between first and last sums or none, of a walk with all its states
    or few: for any number of bounds."""
    monkeypatch.setattr(bundles, "WORSE", rng.choice((0, 1.5)))
    monkeypatch.setattr(bundles, "MERGED", rng.choice((0, 30, 10**6)))
    monkeypatch.setattr(rounding, "CACHED", rng.choice((50, 1 << 16)))
    monkeypatch.setattr(rounding, "ROOMY", rng.choice((1, 2, 10**6)))
    monkeypatch.setattr(ends.ends, "__defaults__", (rng.choice((0, 20, 10**6)),))
    for work in (10, 1_000, 30_000):
        low, high = gridded(places, start, work, [(n, n) for n in alone])
        assert low <= count <= high
        loosely = [(rng.randrange(n + 1), n + rng.randrange(9)) for n in alone]
        below, above = gridded(places, start, work, loosely)
        assert below <= count <= above
        GRIDDED.append(high > low)


def any_cut(rng: random.Random, parts: Sequence[Vectors], limits: tuple[int, int], *given: Any) -> Cut | None:
    """One that is taken, whatever work it is."""
    best = narrowest(parts, limits, *given)
    if best is None or not all(map(len, parts)):
        assert len(parts) < 2 or (best is not None and best.own == [part for part in parts if not len(part)][:1])
        return best
    own = set(rng.sample(range(len(parts)), rng.randrange(1, len(parts))))
    sides = [[part for i, part in enumerate(parts) if (i in own) == inside] for inside in (True, False)]
    return Cut(*sides, rng.random() < 0.5, 0)


def check_seeds(seeds: range, monkeypatch: Any) -> int:
    tried = accepted = depths = 0
    GRIDDED.clear()
    strips: list[Strip] = []
    grids: list[int] = []
    sliced: list[Slices] = []
    counted, in_slices, grid = Strip.count, Slices.count, narrowing._grid
    monkeypatch.setattr(Slices, "count", lambda made, *told: sliced.append(made) or in_slices(made, *told))
    monkeypatch.setattr(Strip, "count", lambda made, *told: strips.append(made) or counted(made, *told))
    monkeypatch.setattr(narrowing, "_grid", lambda *given: grids.append(len(given[1])) or grid(*given))
    left_out: list[int] = []
    allows = Together.allows

    def looked(made: Together, state: int, spent: Any) -> Any:
        found = allows(made, state, spent)
        if found is not None:
            left_out.append(int((~found).sum()))
        return found

    monkeypatch.setattr(Together, "allows", looked)
    for seed in seeds:
        small = drawn(seed)
        if small is None:
            continue
        tried += 1
        rng = random.Random(seed)
        budgets = [bounded(small, rng)]
        if len(set(small.costs.get("depth", ()))) > 1:
            # Where the depth is a sum with a choice in it: by itself, or with another cost or two.
            depths += 1
            own = random.Random(seed)
            budgets.append(ranged(small, own, ["depth", *own.sample(ADDITIVE, own.choice((0, 1, 2)))]))
        for constraints in budgets:
            monkeypatch.setattr(endings, "SUMS", rng.choice((0, 5, 50, 20_000)))
            monkeypatch.setattr(beginnings, "SPARSE", rng.choice((0, 8, 10**9)))
            try:
                check(small, constraints, rng)
                accepted += check_nearly(small, constraints, rng, monkeypatch)
            except Exception as error:
                raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
    assert accepted > 10 * tried
    assert depths > tried // 3, "depths that are sums are bounded, too"
    assert sum(left_out) > tried, "what bounds allow together leaves something out"
    # Grids, with parts between the sides and without, and strips, with what is settled in them added up and one by
    # one, are reached.
    assert {bool(between) for between in grids} == {False, True}
    assert len(strips) > tried // 4
    assert {made.added for made in strips if made.settled.any()} == {False, True}
    assert len(sliced) > tried // 4
    assert sum(GRIDDED) > tried, "costs are rounded"
    return tried


def test_some_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_seeds(range(40), monkeypatch) >= 15


@pytest.mark.slow
def test_many_spaces(monkeypatch: pytest.MonkeyPatch) -> None:
    check_seeds(range(1000, 3000), monkeypatch)


def listed(text: str) -> Small:
    graph = stdsl.loads(text).graph
    whole = circuits(graph).whole
    assert whole is not None
    return Small(graph, [whole.unrank(i) for i in range(whole.count)], figures(Table.of_circuit(graph, whole)))


@pytest.mark.parametrize("sums", [0, 20_000])
@pytest.mark.parametrize("form", ["above", "opposed", "ranges", "three"])
def test_tight_budgets_together(form: str, sums: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against each of 1 029 architectures: from above, one from below where that costs the other, in narrow ranges, and
    three whose combinations no number holds."""
    small = listed(
        "stdsl 1\nmeta net on x: image(3, 16, 16) {\n  y[0] = x\n"
        "  for i in 1..3 { y[i] = y[i - 1] -> conv((choose {4, 7, 9, 10} as width), (choose {1, 3} as k),"
        " stride = if i == 2 then 2 else 1) }\n"
        "  return y[3] -> global_avg_pool -> linear(choose {3, 5, 8} as n)\n}\n"
        "space s = net where k == 1 or width != 10\n"
    )
    monkeypatch.setattr(endings, "SUMS", sums)
    if form == "three":
        monkeypatch.setattr(beginnings, "FARTHEST", 1 << 30)
    rng, reached, tried = random.Random(sums), [], 0
    made = Beginnings.__init__
    monkeypatch.setattr(Beginnings, "__init__", lambda own, *given: reached.append(given[2]) or made(own, *given))
    ordered = {metric: sorted(small.costs[metric]) for metric in ADDITIVE}
    for _ in range(3):
        place = rng.randrange(60, 900)
        ends: dict[str, tuple[int | None, int | None]] = {
            "flops": (None, ordered["flops"][place]),
            "params": (None, ordered["params"][place // 2]),
        }
        if form == "opposed":
            ends["params"] = (ordered["params"][min(place * 11 // 10, 1_000)], None)
        if form == "ranges":
            ends = {m: (ordered[m][place], ordered[m][place + 90]) for m in ("flops", "params")}
        if form == "three":
            ends["activations"] = (ordered["activations"][place // 3], ordered["activations"][place])
        constraints = [CostConstraint(metric, *own, small.graph.span) for metric, own in ends.items()]
        tried += len(small.within(constraints))
        check(small, constraints, rng)
    assert reached
    assert tried > 30


def test_what_is_nearly_known_is_drawn_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chi-square over the 135 architectures within a budget, costs rounded to a twelfth of their range."""
    text = (
        "stdsl 1\nmeta net on x: image(3, 8, 8) {\n  y[0] = x\n"
        "  for i in 1..5 { y[i] = y[i - 1] -> conv((choose {4, 7, 9} as width), (choose {1, 3} as k)) }\n"
        "  return y[5] -> global_avg_pool\n}\nspace s = net where k == 1 or width == 4\n"
    )
    graph = stdsl.loads(text).graph
    whole = circuits(graph).whole
    assert whole is not None
    table = Table.of_circuit(graph, whole)
    costs = sorted(int(x) for x in table.cost("flops"))
    constraint = CostConstraint("flops", costs[40], costs[174], graph.span)
    sums = within(graph, [constraint])
    assert isinstance(sums, Sums)
    monkeypatch.setattr(nearly_module, "CELLS", 1500)
    bounds = [bounds_of(graph, [constraint], sums.states.measures[0])]
    costs = excess(sums.states, [0], bounds)
    exactly = lattice(costs, sums.states.start, (costs.factor(0),), bounds)
    found = nearly(sums.states, costs, [0], bounds, exactly, Effort(10**9, 10**9))
    assert found.low < sums.count < found.high, "the costs are rounded"
    generator = random.Random(1)
    counts: Counter[int] = Counter()
    while counts.total() < 40 * sums.count:
        answers = found.draw(generator)
        if answers is not None:
            counts[sums.rank(answers)] += 1
    square = sum((counts[place] - 40) ** 2 / 40 for place in range(sums.count))
    # Five standard deviations around the mean of a chi-square variable.
    assert abs(square - (sums.count - 1)) < 5 * (2 * (sums.count - 1)) ** 0.5


SCORES = (0.0, -1.5, -0.3)


@pytest.mark.parametrize("costs", ["one", "two", "nearly", "two nearly"])
def test_what_is_weighed_is_drawn_by_weight(costs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chi-square over the architectures within a range, which weigh a hundredth of what is below it."""
    text = (
        "stdsl 1\nmeta net on x: image(3, 8, 8) {\n  y[0] = x\n"
        "  for i in 1..5 { y[i] = y[i - 1] -> conv((choose {4, 7, 9} as width), (choose {1, 3} as k)) }\n"
        "  return y[5] -> global_avg_pool\n}\nspace s = net where k == 1 or width == 4\n"
    )
    graph = stdsl.loads(text).graph
    whole = circuits(graph).whole
    assert whole is not None
    table = Table.of_circuit(graph, whole)
    flops, params = ([int(x) for x in table.cost(metric)] for metric in ("flops", "params"))
    low, high = sorted(flops)[100], sorted(flops)[700]
    constraints = [CostConstraint("flops", low, high, graph.span)]
    if "two" in costs:
        constraints.append(CostConstraint("params", None, sorted(params)[500], graph.span))
    sums = within(graph, constraints)
    assert isinstance(sums, Sums)
    steps, made = sums.states.steps, sums
    if "nearly" in costs:
        places = range(len(constraints))
        bounds = [bounds_of(graph, constraints, measure) for measure in sums.states.measures]
        found = excess(sums.states, places, bounds)
        exactly = lattice(found, sums.states.start, tuple(found.factor(i) for i in places), bounds)
        monkeypatch.setattr(nearly_module, "CELLS", 5000)
        made = nearly(sums.states, found, places, bounds, exactly, Effort(10**9, 10**9))
        assert not made.places.exact

    def score(answer: int, variable: int) -> float:
        return SCORES[answer] * (1 + variable % 3)

    weighing = weighed(made, lambda s, a: score(a, steps[s].variable), Effort(10**9, 10**9))
    weights = [math.exp(sum(score(a, v) for v, a in sums.unrank(place).items())) for place in range(sums.count)]
    generator, counts = random.Random(1), Counter[int]()
    n = 3000
    while counts.total() < n:
        if (answers := weighing.draw(generator)) is not None:
            counts[sums.rank(answers)] += 1
    expected = [n * w / sum(weights) for w in weights]
    likely = [place for place, e in enumerate(expected) if e >= 5]
    square = sum((counts[place] - expected[place]) ** 2 / expected[place] for place in likely)
    assert len(likely) > 20
    assert abs(square - len(likely)) < 5 * (2 * len(likely)) ** 0.5
