"""Generated small spaces: what the circuits say agrees with asking every question of every architecture."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.circuits.of_space import circuits, decided
from stdsl.compiler.analysis.costs import of_many
from stdsl.compiler.analysis.costs.additive import ADDITIVE, additive_cost
from stdsl.compiler.analysis.costs.depth_range import depth_range
from stdsl.compiler.analysis.costs.depth_sum import depth_sum
from stdsl.compiler.analysis.costs.formulas import formulas
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.costs.of_many import costs_of, costs_of_each
from stdsl.compiler.analysis.costs.space_costs import cost_range
from stdsl.compiler.analysis.derivation.derive import derive, derived
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.membership import membership
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.ir.builder import GraphBuilder
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import Ask, CostConstraint, DecisionConstraint, Edge, SpaceGraph, TensorType
from stdsl.compiler.ir.operation import TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES

SPAN = Span(Source("generated", ""), 0, 0)
SHAPE = TensorShape("image", (4, 6, 6))
TYPE = TensorType("image", (4, 6, 6))
LIMIT = 3_000
"""Spaces of more architectures than this are not enumerated."""

METRICS = (*ADDITIVE, "depth")

profile = settings(
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass
class Maker:
    """Adds random pieces to a graph; ``pick(n)`` is a number from 0 to n - 1."""

    pick: Callable[[int], int]

    def __post_init__(self) -> None:
        self.builder = GraphBuilder()
        self.scope = self.builder.scope(None, "net", "net", "meta", "net")
        self.pool = [self.builder.input("x", TYPE, self.scope, SPAN)]
        self.known: dict[tuple[str, int], list[Decision]] = {}

    def space(self, steps: int, constraints: int = 0) -> SpaceGraph:
        pieces = (self.conv, self.conv, self.zero, self.choose, self.choose, self.maybe, self.keep, self.keep)
        pieces += (self.counted, self.slots, self.asking, self.add)
        for _ in range(steps):
            self.pool.append(pieces[self.pick(len(pieces))]())
        outputs = [("output", self.pool[-1])]
        if self.pick(3) == 0:
            outputs.append(("aux", self.pool[self.pick(len(self.pool))]))
        return self.builder.finish("s", outputs, SPAN, constraints=[self.constraint() for _ in range(constraints)])

    def source(self) -> int:
        """Rather a late node than an early one."""
        return self.pool[-1 - min(self.pick(len(self.pool)), self.pick(len(self.pool)))]

    def node(self, kind, op, edges, asks=(), attrs=None, decision=None) -> int:
        return self.builder.node(kind, op, edges, TYPE, self.scope, SPAN, attrs, asks, decision)

    def decision(self, kind: str, size: int, make: Callable[[str], Decision]) -> Decision:
        """A new decision, or (tied) one of before of the same form."""
        same = self.known.setdefault((kind, size), [])
        if same and self.pick(3) == 0:
            return same[self.pick(len(same))]
        same.append(make(f"d{len(self.builder.decisions)}"))
        return same[-1]

    def apply(self, op: str, sources: list[int], given: dict, asks=()) -> int:
        attrs = PRIMITIVES[op].normalise(tuple(SHAPE for _ in sources), given)
        return self.node("apply", op, [Edge(s) for s in sources], asks, attrs)

    def conv(self) -> int:
        return self.apply("conv", [self.source()], {"c": 4, "k": 1 + 2 * self.pick(2)})

    def zero(self) -> int:
        return self.apply("zero", [self.source()], {"c": 4})

    def add(self) -> int:
        return self.apply("add", [self.source(), self.source()], {})

    def choose(self) -> int:
        n = 2 + self.pick(2)
        names = [f"o{i}" for i in range(n)]
        d = self.decision("choose", n, lambda path: self.builder.choose(path, names, names, SPAN))
        test = self.builder.diagrams.test
        edges = [Edge(self.source(), test(d.variables[0], i), i) for i in range(n)]
        return self.node("switch", "", edges, [Ask(d.id)], decision=d.id)

    def maybe(self) -> int:
        d = self.decision("gate", 2, lambda path: self.builder.gate(path, SPAN))
        edge = Edge(self.source(), self.builder.diagrams.test(d.variables[0], 1))
        return self.node("gate", "", [edge], [Ask(d.id)], decision=d.id)

    def some(self) -> Decision:
        n = 2 + self.pick(3)
        low = self.pick(n + 1)
        high = min(n, low + self.pick(3))
        return self.decision(f"keep{low}{high}", n, lambda path: self.builder.keep(path, n, low, high, SPAN))

    def keep(self) -> int:
        d = self.some()
        kept = [d.trivial and d.sizes != (0, 0)] * len(d.options)
        guards = kept if d.trivial else [self.builder.diagrams.test(v, 1) for v in d.variables]
        edges = [Edge(self.source(), g, i) for i, g in enumerate(guards)]
        return self.node("reduce", ("sum", "mean")[self.pick(2)], edges, [Ask(d.id)], decision=d.id)

    def slots(self) -> int:
        """`[a, b, c] -> keep 2 -> f(x, y)`: slot k takes the k-th element that stays."""
        n = 3 + self.pick(2)
        d = self.decision("slots", n, lambda path: self.builder.keep(path, n, 2, 2, SPAN))
        sources = [self.source() for _ in range(n)]
        diagrams = self.builder.diagrams
        filled = []
        for slot in range(2):
            edges = []
            for i, v in enumerate(d.variables):
                before = diagrams.kept_between(d.variables[:i], slot, slot)
                guard = diagrams.both(before, diagrams.test(v, 1))
                if guard is not False:
                    edges.append(Edge(sources[i], guard))
            filled.append(self.node("switch", "", edges, [Ask(d.id)]))
        return self.apply("add", filled, {}, [Ask(d.id)])

    def counted(self) -> int:
        """`for i in 1..n { … } -> sum` with a decision n."""
        top = 2 + self.pick(2)
        d = self.decision("count", top, lambda path: self.builder.count(path, 1, top, SPAN))
        (v,) = d.variables
        guards = [
            self.builder.diagrams.apply(lambda k, i=i: k >= i, self.builder.diagrams.case(v, range(top)))
            for i in range(top)
        ]
        return self.node("reduce", "sum", [Edge(self.source(), g) for g in guards], [Ask(d.id)])

    def asking(self) -> int:
        """A convolution whose width is chosen, by a second decision where the first one says so."""
        first = self.decision("choose", 2, lambda path: self.builder.choose(path, ["3", "more"], [3, None], SPAN))
        second = self.builder.choose(f"d{len(self.builder.decisions)}", ["1", "5"], [1, 5], SPAN)
        more = self.builder.diagrams.test(first.variables[0], 1)
        wide = self.builder.diagrams.case(second.variables[0], ((1, 1), (5, 5)))
        attrs = PRIMITIVES["conv"].normalise((SHAPE,), {"c": 4, "k": 3})
        attrs["k"] = self.builder.diagrams.ite(more, wide, (3, 3))
        asks = [Ask(first.id), Ask(second.id, more)]
        return self.node("apply", "conv", [Edge(self.source())], asks, attrs)

    def constraint(self) -> DecisionConstraint:
        """Two decisions may not both have their last answer."""
        real = [d for d in self.builder.decisions if not d.trivial]
        condition = True
        needs = []
        for _ in range(min(2, len(real))):
            d = real[self.pick(len(real))]
            needs.append(d.id)
            test = self.builder.diagrams.test(d.variables[-1], d.variables[-1].arity - 1)
            condition = test if len(needs) == 1 else self.builder.diagrams.both(condition, test)
        return DecisionConstraint(frozenset(needs), self.builder.diagrams.negate(condition), SPAN)


@st.composite
def spaces(draw: st.DrawFn, constraints: int = 0) -> SpaceGraph:
    maker = Maker(lambda n: draw(st.integers(0, n - 1)))
    return maker.space(draw(st.integers(1, 14)), constraints and draw(st.integers(0, constraints)))


def enumerated(graph: SpaceGraph) -> list:
    found = []
    for arch in architectures(graph):
        found.append(arch)
        if len(found) > LIMIT:
            return []
    return found


@profile
@given(spaces(constraints=2))
def test_count_equals_enumeration(graph: SpaceGraph) -> None:
    found = enumerated(graph)
    assert len(set(found)) == len(found)
    result = decided(graph)
    assert result.exact
    if len(found) <= LIMIT and (found or result.high <= LIMIT):
        assert result.low == len(found)
    else:
        assert result.low > LIMIT


@profile
@given(spaces(constraints=1))
def test_circuits_hold_exactly_the_architectures(graph: SpaceGraph) -> None:
    found = enumerated(graph)
    if not found or len(found) > 400:
        return
    by_circuits = [{}]
    for circuit in circuits(graph).circuits:
        listed = [circuit.unrank(k) for k in range(circuit.count)]
        assert [circuit.rank(a) for a in listed] == list(range(circuit.count))
        by_circuits = [{**a, **b} for a in by_circuits for b in listed]
    assert Counter(tuple(sorted(answers_of(graph, arch).items())) for arch in found) == Counter(
        tuple(sorted(a.items())) for a in by_circuits
    )


@pytest.mark.slow
@settings(profile, max_examples=1500, derandomize=False)
@given(spaces(constraints=2))
def test_count_equals_enumeration_on_many_spaces(graph: SpaceGraph) -> None:
    test_count_equals_enumeration.hypothesis.inner_test(graph)


@profile
@given(spaces())
def test_additive_costs_equal_those_of_the_network(graph: SpaceGraph) -> None:
    sums = {metric: additive_cost(graph, metric) for metric in ADDITIVE}
    depth = depth_sum(graph)
    if depth is not None:
        sums["depth"] = depth
    for arch in enumerated(graph)[:60]:
        exact = costs(graph, arch)
        for metric, cost in sums.items():
            assert cost.exact
            assert cost.of(answers_of(graph, arch)) == getattr(exact, metric)


@profile
@given(spaces(constraints=2))
def test_costs_of_many_equal_those_of_each_network(graph: SpaceGraph) -> None:
    found = enumerated(graph)[:60]
    exact = [costs(graph, arch) for arch in found]
    assert formulas(graph) is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(of_many, "PATIENCE", 0)
        patch.setattr(of_many, "FEW", 2)
        assert [costs_of(graph, arch) for arch in found] == exact
        assert costs_of_each(graph, found) == exact
    members = membership(graph)
    for arch in found:
        answers = members.read(arch)
        assert answers is not None, "it would be looked at at length"
        assert members.holds(answers, members.settled(answers))


@profile
@given(spaces(constraints=1))
def test_cost_ranges_equal_enumeration(graph: SpaceGraph) -> None:
    found = enumerated(graph)[:300]
    if not found or decided(graph).low > 300:
        return
    for metric in ("flops", "params", "depth"):
        values = [getattr(costs(graph, arch), metric) for arch in found]
        got = depth_range(graph) if metric == "depth" else cost_range(graph, metric)
        assert got.exact
        assert got.mean_exact
        assert (got.min, got.max) == (min(values), max(values))
        assert got.mean == pytest.approx(sum(values) / len(values), rel=1e-12)
        assert getattr(costs(graph, got.cheapest), metric) == got.min
        assert getattr(costs(graph, got.dearest), metric) == got.max
        assert {got.cheapest, got.dearest} <= set(found)


@profile
@given(spaces(constraints=1), st.integers(0, 10**6), st.sampled_from(["flops", "params", "depth"]))
def test_the_derived_architecture_has_the_least_regret_of_all_within_a_budget(graph, seed, metric) -> None:
    found = enumerated(graph)[:200]
    if not found or decided(graph).low > 200:
        return
    scores = preferred(graph, seed)
    values = {arch: getattr(costs(graph, arch), metric) for arch in found}
    budget = sorted(values.values())[len(found) // 3]
    bound = CostConstraint(metric, None, budget, graph.span)
    bounded = replace(graph, constraints=(*graph.constraints, bound))
    arch = derive(bounded, scores)
    assert values[arch] <= budget
    least = min(regret(graph, scores, a) for a in found if values[a] <= budget)
    assert regret(graph, scores, arch) == pytest.approx(least, abs=1e-6)


@profile
@given(spaces(constraints=1), st.integers(0, 10**6), st.lists(st.sampled_from(METRICS), min_size=1, max_size=3))
def test_what_is_derived_when_the_search_gives_up_is_within_the_budgets_and_best_where_it_says_so(
    graph, seed, metrics
) -> None:
    found = enumerated(graph)[:200]
    if not found or decided(graph).low > 200:
        return
    generator = random.Random(seed)
    scores = preferred(graph, seed)
    own = {arch: costs(graph, arch) for arch in found}
    bounds = []
    for metric in metrics:
        low, high = sorted(getattr(own[generator.choice(found)], metric) for _ in range(2))
        bounds.append(CostConstraint(metric, generator.choice((None, low, low + 1)), high, graph.span))
    bounded = replace(graph, constraints=(*graph.constraints, *bounds))
    within = [arch for arch in found if all(own[arch].within(b) for b in bounds)]
    for limit in (1, generator.randrange(2, 30)):
        if not within:
            with pytest.raises(SpaceError) as caught:
                derived(bounded, scores, limit=limit)
            assert [d.code for d in caught.value.diagnostics] == ["E0441"]
            continue
        got = derived(bounded, scores, limit=limit)
        assert got.architecture in within
        if got.best:
            least = min(regret(graph, scores, arch) for arch in within)
            assert regret(graph, scores, got.architecture) == pytest.approx(least, abs=1e-6)


def preferred(graph: SpaceGraph, seed: int) -> dict[str, list[float]]:
    generator = random.Random(seed)
    scores = {}
    for d in graph.open:
        row = [generator.uniform(0.05, 0.95) for _ in d.options]
        scores[d.path] = row if d.kind == "keep" else [x / sum(row) for x in row]
    return scores


def regret(graph: SpaceGraph, scores: dict[str, list[float]], arch) -> float:
    """How much less probable the values are than the best ones for the same decisions, in logarithms."""
    total = 0.0
    for path, value in arch.items():
        d, row = graph.by_path[path], scores[path]
        if d.kind == "keep":
            low, high = d.sizes
            subsets = [s for n in range(low, high + 1) for s in combinations(range(1, len(row) + 1), n)]
            total += max(subset_score(row, s) for s in subsets) - subset_score(row, value)
        else:
            answer = int(value) if d.kind == "gate" else d.options.index(str(value))
            total += math.log(max(row)) - math.log(row[answer])
    return total


def subset_score(row: list[float], kept) -> float:
    return sum(math.log(s if i in kept else 1 - s) for i, s in enumerate(row, 1))
