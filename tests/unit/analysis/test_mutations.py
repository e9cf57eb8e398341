"""Mutations against enumeration: every operator reaches every neighbour and nothing else, as often as it says."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.mutations.asked import Completion
from stdsl.compiler.analysis.mutations.crossing import crossed
from stdsl.compiler.analysis.mutations.edits import Change
from stdsl.compiler.analysis.mutations.mutating import Mutation, Mutations, OneOf, Operator
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.text.patterns import matches

DRAWS = 10_000

LISTS = """\
stdsl 1
ops kinds(c) = {a: conv(c, 1), b: conv(c, 3) -> maybe relu as act, d: conv(c, (choose {1, 3, 5} as size))}
cell streams(c) on x {
  n = choose 1..3 as width
  for i in 1..n { s[i] = x -> choose kinds(c) as kind }
  return s -> sum
}
meta net on x: image(4, 8, 8) {
  a = x -> streams(4)
  return a -> global_avg_pool -> linear(2)
}
"""
DEPTHS = """\
stdsl 1
tied cell node(c) on x {
  a = x -> choose {one: conv(c, 1), two: conv(c, 3) -> maybe relu as act} as kind
  return a + x
}
meta net on x: image(4, 8, 8) {
  y = x -> repeat choose 1..3 as depth { choose {skip, conv(4, 3)} as what }
      -> tied repeat choose 1..2 as times { node(4) }
  z = [x, y] -> each choose {pool: max_pool(3), skip} as way -> keep 1..2 as inputs -> sum
  return z -> conv(choose {2, 4, 8} as width, 1) -> global_avg_pool -> linear(2)
}
"""
SPACES = {
    "lists": LISTS + "space s = net",
    "lists, decided": LISTS + 'space s = net where "a.s[1].kind" != "b", width <= 2 or "a.s[3].kind" != "d"',
    "lists, budget": LISTS + "space s = net where flops <= 10K",
    "depths": DEPTHS + "space s = net",
    "depths, decided": DEPTHS + 'space s = net where "y.depth" != 2 or times == 1, size("z.inputs") >= 2 or width == 4',
    "depths, budget": DEPTHS + "space s = net where params in 150..500",
}


@cache
def space(which: str) -> tuple[SpaceGraph, list[Architecture]]:
    loaded = stdsl.loads(SPACES[which])
    return loaded.graph, list(loaded.architectures())


def operator(graph: SpaceGraph, change: Change, pattern: str = "**", weight: float = 1.0) -> Operator:
    return Operator(change, tuple(d for d in graph.open if matches(pattern, d.path)), weight)


# -- what is expected, from the list of all architectures


def other_values(change: Change, decision: Decision, value: object) -> list[object]:
    """What a change makes of the value of a decision that is no length of a list."""
    if decision.kind == "keep":
        assert isinstance(value, tuple)
        low, high = decision.sizes or (0, len(decision.options))
        sets: list[object] = []
        for bits in range(2 ** len(decision.options)):
            chosen = tuple(i + 1 for i in range(len(decision.options)) if bits >> i & 1)
            more, less = set(chosen) - set(value), set(value) - set(chosen)
            near = {"resample": chosen != value, "grow": (len(more), len(less)) == (1, 0)}
            if low <= len(chosen) <= high and near.get(change, (len(more), len(less)) == (0, 1)):
                sets.append(chosen)
        return sets
    if change == "resample":
        own: Sequence[object] = {"gate": (False, True), "count": decision.values}.get(decision.kind, decision.options)
        return [other for other in own if other != value]
    if decision.kind == "gate":
        return [change == "grow"] if value is not (change == "grow") else []
    if not all(type(v) is int for v in decision.values):
        return []
    now = value if decision.kind == "count" else decision.values[decision.options.index(str(value))]
    beyond = sorted(
        (v for v in decision.values if (v > now) is (change == "grow") and v != now), reverse=change != "grow"
    )
    return [v if decision.kind == "count" else decision.options[decision.values.index(v)] for v in beyond[:1]]


def chance(graph: SpaceGraph, paths: Sequence[str]) -> float:
    """How probable values of these decisions are where each is drawn by itself, evenly."""
    found = 1.0
    for path in paths:
        d = graph.by_path[path]
        low, high = d.sizes or (0, len(d.options))
        found /= sum(math.comb(len(d.options), k) for k in range(low, high + 1)) if d.kind == "keep" else len(d.options)
    return found


def completed(
    graph: SpaceGraph, every: Sequence[Architecture], wanted: Mapping[str, object]
) -> dict[Architecture, float]:
    """All that have ``wanted`` wherever they ask for it, as probable as drawing the rest makes them."""
    weights = {
        arch: chance(graph, [path for path in arch if path not in wanted])
        for arch in every
        if all(arch[path] == value for path, value in wanted.items() if path in arch)
    }
    total = sum(weights.values())
    return {arch: weight / total for arch, weight in weights.items()}


LIST = {"a.n.width": "a.s", "y.depth": "y"}
"""Lengths of lists in these spaces, and where the elements stand."""


def edited(change: Change, decision: Decision, arch: Architecture) -> Iterator[dict[str, object]]:
    """What is held after each of the changes of a decision; absent what is drawn anew."""
    prefix = next((at for path, at in LIST.items() if path == decision.path), None)
    for value in other_values(change, decision, arch[decision.path]):
        if prefix is None or change == "resample":
            yield {**arch, decision.path: value}
            continue
        length = int(str(arch[decision.path]))
        outside = {path: v for path, v in arch.items() if not path.startswith(f"{prefix}[")}
        elements = [
            {p.split("]", 1)[1]: v for p, v in arch.items() if p.startswith(f"{prefix}[{i}]")}
            for i in range(1, length + 1)
        ]
        for place in range(length + (change == "grow")):
            moved = [*elements[:place], *([{}] if change == "grow" else []), *elements[place + (change == "shrink") :]]
            held = {f"{prefix}[{i}]{rest}": v for i, element in enumerate(moved, 1) for rest, v in element.items()}
            yield {**outside, decision.path: value, **held}


def expected(
    graph: SpaceGraph, every: Sequence[Architecture], change: Change, arch: Architecture, pattern: str = "**"
) -> dict[Architecture, float]:
    """The probability of each child: of the decisions that can change one, of their changes one, each alike."""
    by_decision: list[list[dict[Architecture, float]]] = []
    for decision in graph.open:
        if decision.path in arch and matches(pattern, decision.path):
            ways = [completed(graph, every, held) for held in edited(change, decision, arch)]
            if any(ways):
                by_decision.append([way for way in ways if way])
    found: Counter[Architecture] = Counter()
    for ways in by_decision:
        for way in ways:
            for child, probability in way.items():
                found[child] += probability / len(ways) / len(by_decision)  # type: ignore[assignment]
    return dict(found)


def is_drawn_as(counts: Mapping[object, int], chances: Mapping[object, float], sigmas: float = 3.0) -> None:
    """Whether frequencies are those of a distribution; of many outcomes the sum of squares tells, which then is nearly
    normal."""
    assert counts.keys() <= chances.keys()
    draws = sum(counts.values())
    if len(chances) <= 12:
        for outcome, p in chances.items():
            assert abs(counts.get(outcome, 0) - draws * p) <= sigmas * math.sqrt(draws * p * (1 - p)) + 1e-9, outcome
        return
    expected = {outcome: draws * p for outcome, p in chances.items()}
    chi = sum((counts.get(outcome, 0) - e) ** 2 / e for outcome, e in expected.items())
    free = len(chances) - 1
    assert chi <= free + sigmas * math.sqrt(2 * free) + 1e-9, (chi, free)


@pytest.mark.parametrize("which", SPACES)
@pytest.mark.parametrize("change", ["resample", "grow", "shrink"])
def test_children_are_the_neighbours_as_often_as_is_said(which: str, change: Change) -> None:
    graph, every = space(which)
    mutations = Mutations(graph, [operator(graph, change)])
    generator = random.Random(1)
    for arch in generator.sample(every, 2):
        chances = expected(graph, every, change, arch)
        draws = DRAWS // 4 if chances else 1
        drawn = Counter(mutations.child(arch, 1, generator) for _ in range(draws))
        if not chances:
            assert drawn == {None: 1}
            continue
        # Some hundred frequencies in all: one of them may well be more than three deviations off.
        is_drawn_as(drawn, chances, 4.0)  # type: ignore[arg-type]
        likely = {child for child, p in chances.items() if p * draws > 12}
        assert likely <= drawn.keys()


@pytest.mark.parametrize("which", SPACES)
def test_nothing_but_neighbours_is_reached_from_any_architecture(which: str) -> None:
    graph, every = space(which)
    generator = random.Random(2)
    known = set(every)
    for change in ("resample", "grow", "shrink"):
        mutations = Mutations(graph, [operator(graph, change)])
        for arch in generator.sample(every, min(12, len(every))):
            near = expected(graph, every, change, arch)
            for _ in range(5):
                child = mutations.child(arch, 1, generator)
                assert child in near if near else child is None
                assert child is None or (child in known and architecture(graph, dict(child)) == child)


def test_mutations_are_drawn_by_weight_and_one_of_several_as_one() -> None:
    graph, every = space("lists")
    arch = next(a for a in every if a["a.n.width"] == "2" and a["a.s[1].kind"] == "d" and a["a.s[2].kind"] == "a")

    def which(child: Architecture | None) -> str:
        assert child is not None
        if child["a.n.width"] != "2":
            return "width"
        return "size" if child["a.s[1].kind"] == "d" and child["a.s[2].kind"] == "a" else "kind"

    width = OneOf((operator(graph, "grow", "**.width"), operator(graph, "shrink", "**.width")))
    drawn: Sequence[Mutation] = [
        operator(graph, "resample", "**.kind"),
        operator(graph, "resample", "**.size", 2),
        width,
    ]
    mutations, generator = Mutations(graph, drawn), random.Random(3)
    counts = Counter(which(mutations.child(arch, 1, generator)) for _ in range(DRAWS))
    is_drawn_as(counts, {"kind": 1 / 4, "size": 2 / 4, "width": 1 / 4})


def test_what_cannot_be_is_drawn_again() -> None:
    """At the greatest width a stream goes whenever one is added or removed; without a size none is changed."""
    graph, every = space("lists")
    arch = next(a for a in every if a["a.n.width"] == "3" and all(a[f"a.s[{i}].kind"] == "a" for i in (1, 2, 3)))
    width = OneOf((operator(graph, "grow", "**.width"), operator(graph, "shrink", "**.width")))
    mutations = Mutations(
        graph, [operator(graph, "resample", "**.kind"), operator(graph, "resample", "**.size"), width]
    )
    generator = random.Random(4)
    counts = Counter(str(mutations.child(arch, 1, generator)["a.n.width"]) for _ in range(DRAWS))  # type: ignore[index]
    is_drawn_as(counts, {"2": 1 / 2, "3": 1 / 2})
    nothing = Mutations(graph, [operator(graph, "resample", "**.size")])
    assert nothing.child(arch, 1, generator) is None


def test_a_stream_goes_wherever_it_stands_and_the_others_move_up() -> None:
    graph, every = space("lists")
    kinds = {"a.s[1].kind": "a", "a.s[2].kind": "b", "a.s[3].kind": "d", "a.s[2].b.act": True, "a.s[3].d.size": "5"}
    arch = next(a for a in every if all(a.get(path) == value for path, value in kinds.items()))
    mutations, generator = Mutations(graph, [operator(graph, "shrink", "a.n.width")]), random.Random(5)
    children = {mutations.child(arch, 1, generator) for _ in range(200)}
    assert {frozenset((p, v) for p, v in (c or {}).items() if "width" not in p) for c in children} == {
        frozenset({"a.s[1].kind": "a", "a.s[2].kind": "b", "a.s[2].b.act": True}.items()),
        frozenset({"a.s[1].kind": "a", "a.s[2].kind": "d", "a.s[2].d.size": "5"}.items()),
        frozenset({"a.s[1].kind": "b", "a.s[1].b.act": True, "a.s[2].kind": "d", "a.s[2].d.size": "5"}.items()),
    }


def test_the_same_generator_gives_the_same_child() -> None:
    graph, every = space("depths, budget")
    mutations = Mutations(graph, [operator(graph, c) for c in ("resample", "grow", "shrink")])
    arch = every[len(every) // 2]
    children = [[mutations.child(arch, 4, random.Random(seed)) for seed in range(30)] for _ in range(2)]
    assert children[0] == children[1]
    assert len(set(children[0])) > 10


@pytest.mark.parametrize("how", ["even", "uniform"])
@pytest.mark.parametrize("which", ["lists, decided", "depths, budget"])
def test_what_is_newly_asked_for_is_drawn_as_is_said(which: str, how: str) -> None:
    graph, every = space(which)
    completion, generator = Completion(graph, how), random.Random(6)  # type: ignore[arg-type]
    wanted = (
        {"a.n.width": "2", "a.s[1].kind": "d"} if which.startswith("lists") else {"y.depth": 2, "node.a.kind": "two"}
    )
    held = {path: value for path, value in wanted.items() if path in graph.by_path}
    assert held
    agreeing = completed(graph, every, held)
    chances = agreeing if how == "even" else dict.fromkeys(agreeing, 1 / len(agreeing))
    answers = {}
    for path, value in held.items():
        d = graph.by_path[path]
        answers[d.variables[0].index] = d.values.index(value) if d.kind == "count" else d.options.index(str(value))
    drawn = Counter(completion.architecture(completion.complete(answers, generator) or {}) for _ in range(DRAWS // 4))
    is_drawn_as(drawn, chances)  # type: ignore[arg-type]


@pytest.mark.parametrize("which", ["lists, decided", "depths", "depths, budget"])
def test_a_child_of_two_has_of_each_decision_what_one_of_them_has(which: str) -> None:
    graph, every = space(which)
    completion, generator, known = Completion(graph, "even"), random.Random(7), set(every)
    sides: Counter[bool] = Counter()
    for _ in range(300):
        one, two = generator.sample(every, 2)
        child = crossed(completion, one, two, generator)
        assert child is None or child in known
        for path, value in (child or {}).items():
            own = {arch[path] for arch in (one, two) if path in arch}
            assert value in own or not own
            if len(own) == 2:
                sides[value == one[path]] += 1
    if which == "depths":
        is_drawn_as(sides, {True: 0.5, False: 0.5})
