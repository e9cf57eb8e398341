"""What an evolution proposes, trained by a simulated loop: a function of its arguments, settings and seed."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, answers_of, architecture, load
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.isomorphism.content import NetworkHashes
from stdsl.compiler.analysis.isomorphism.distinct import distinct
from stdsl.compiler.analysis.mutations.mutating import Mutations
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.families.evolution.settings import EvolutionConfig, Halving, Start
from stdsl.compiler.families.evolution.start import given
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.mutations import Resample
from stdsl.compiler.schemas.over import Variables
from stdsl.runtime.randomness import key
from stdsl.runtime.strategies.evolution.population import Member, Population
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.trials.proposal import Outcome, Spec

TEXT = """\
stdsl 1
ops kinds(c) = {a: conv(c, 1), b: conv(c, 3), d: skip, e: relu}
cell streams(c) on x {
  n = choose 1..3 as width
  for i in 1..n { s[i] = x -> choose kinds(c) as kind }
  return s -> sum
}
meta net on x: image(4, 8, 8) {
  a = x -> streams(4) -> bn
  b = a -> streams(4)
  return b -> global_avg_pool -> linear(2)
}
space s = net
space few = net where "**.width" == 1, flops <= 15K
"""


@cache
def graph_of(name: str = "s") -> SpaceGraph:
    return stdsl.loads(TEXT, name).graph


def config(**settings: object) -> EvolutionConfig:
    given = {"population": 10, "rounds": 30, "tournament": 4, **settings}
    return EvolutionConfig.model_validate(given)


def evolution(name: str = "s", seed: int = 0, first: Sequence[Architecture] = (), **settings: object) -> Evolution:
    return Evolution(graph_of(name), config(**settings), seed, "accuracy", first)


def fitness(spec: Spec) -> float:
    """Some number of an architecture; the more `b` the greater."""
    kinds = Counter(value for path, value in spec.architecture.items() if path.endswith("kind"))
    return kinds["b"] / 6 + int(spec.architecture.hash[:6], 16) / 2**24 / 100


def simulated(
    proposer: Evolution,
    delay: int = 0,
    fails: Callable[[int], bool] = lambda number: False,
    saw: list[int] | None = None,
) -> tuple[list[Spec], list[Outcome]]:
    """All trials, each seen ``delay`` proposals after it, or as soon as one waits. ``saw``: takes how many outcomes
    each proposal saw."""
    specs: list[Spec] = []
    seen: list[Outcome] = []
    while (spec := proposer.ask(len(specs), specs, seen)) is not None:
        if isinstance(spec, Spec):
            specs.append(spec)
            if saw is not None:
                saw.append(len(seen))
        number = len(seen)
        if not isinstance(spec, Spec) or number <= len(specs) - 1 - delay:
            value = {"accuracy": fitness(specs[number])}
            seen.append(Outcome(number, {}, "it crashed") if fails(number) else Outcome(number, value))
    return specs, seen


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"remove": "oldest", "distinct": None},
        {"crossover": 0.5, "distinct": "networks"},
        {"minimize": ("params", "flops"), "draw": "uniform"},
        {"halving": Halving(eta=2, rungs=2), "rounds": 12},
    ],
)
def test_proposals_depend_on_nothing_but_what_is_asked(settings: dict[str, object]) -> None:
    one = evolution(**settings)
    saw: list[int] = []
    specs, seen = simulated(one, delay=3, saw=saw)
    assert sum(spec.start is None for spec in specs) == 10 + one.strategy.rounds
    anew, _ = simulated(evolution(**settings), delay=3)
    assert anew == specs
    for number in random.Random(0).sample(range(len(specs)), 10):  # in any order, with other histories between
        assert one.ask(number, specs[:number], seen[: saw[number]]) == specs[number]
        one.ask(12, specs[:12], [])
    other, _ = simulated(evolution(seed=1, **settings), delay=3)
    assert other != specs
    assert all(architecture(graph_of(), dict(spec.architecture)) == spec.architecture for spec in specs)


def test_it_finds_what_is_good() -> None:
    specs, _ = simulated(evolution(rounds=100))
    assert max(map(fitness, specs[:10])) < 1 <= max(map(fitness, specs))


@pytest.mark.parametrize("remove", ["worst", "oldest"])
def test_who_leaves(remove: str) -> None:
    generator = random.Random(3)
    for _ in range(50):
        population, alive = Population(5, remove), list[Member]()  # type: ignore[arg-type]
        for number in range(20):
            member = Member(number, (float(generator.randrange(6)),))
            population.join(member)
            alive.append(member)
            if len(alive) > 5:
                alive.remove(alive[0] if remove == "oldest" else min(alive, key=lambda m: (m.scores, m.number)))
            assert population.members == alive


@pytest.mark.parametrize(("size", "tournament"), [(10, 4), (10, 1), (3, 4)])
def test_parents_are_the_best_of_tournaments(size: int, tournament: int) -> None:
    population, generator = Population(size, "worst"), random.Random(1)
    order = random.Random(2).sample(range(size), size)
    for number, rank in enumerate(order):
        population.join(Member(number, (float(-rank),)))
    drawn = Counter(order[population.parent(tournament, generator).number] for _ in range(10_000))
    of = min(size, tournament)
    for rank in range(size):
        p = math.comb(size - 1 - rank, of - 1) / math.comb(size, of)
        assert abs(drawn[rank] - 10_000 * p) <= 3 * math.sqrt(10_000 * p * (1 - p))


def test_children_are_made_by_as_many_mutations_as_the_round_says(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    child = Mutations.child

    def told(self: Mutations, parent: Architecture, times: int, generator: random.Random) -> Architecture | None:
        asked.append(times)
        return child(self, parent, times, generator)

    monkeypatch.setattr(Mutations, "child", told)
    annealed = Variables("i", minimum=0.0).read("max(ceil(7 - i / 5), 1)")
    simulated(evolution(mutations=annealed, distinct=None))
    assert asked == [max(math.ceil(7 - i / 5), 1) for i in range(30)]
    asked.clear()
    simulated(evolution(mutations=Variables("i").read(1.2), distinct=None, rounds=3))
    assert asked == [2, 2, 2]


def test_nothing_is_tried_twice_and_small_spaces_are_tried_whole() -> None:
    graph = graph_of("few")
    every = set(stdsl.loads(TEXT, "few").architectures())
    specs, _ = simulated(evolution("few", rounds=60))
    assert len(specs) == len(every) < 70
    assert {spec.architecture for spec in specs} == every
    networks = NetworkHashes(graph)
    specs, _ = simulated(evolution("few", rounds=60, distinct="networks"))
    assert len(specs) == len({networks.of(answers_of(graph, spec.architecture)) for spec in specs})
    assert len(specs) == distinct(graph)
    specs, _ = simulated(evolution("few", rounds=60, distinct=None))
    assert len(specs) == 70 > len({spec.architecture for spec in specs})


def test_before_anything_is_visible_children_are_drawn_like_the_first() -> None:
    specs, _ = simulated(evolution(), delay=20)
    assert [bool(spec.parents) for spec in specs] == [False] * 21 + [True] * 19
    assert {spec.parents[0] for spec in specs[21:24]} <= {0, 1, 2}


def test_what_fails_is_the_worst() -> None:
    specs, _ = simulated(evolution(tournament=2), fails=lambda number: number % 2 == 0)
    parents = {parent for spec in specs for parent in spec.parents}
    assert parents
    late = {parent for spec in specs[20:] for parent in spec.parents}
    assert all(parent % 2 for parent in late), "those that failed left first"


def test_given_architectures_come_first() -> None:
    given = [spec.architecture for spec in simulated(evolution(seed=7))[0][:3]]
    specs, _ = simulated(evolution(first=given))
    assert [spec.architecture for spec in specs[:3]] == given
    assert len({spec.architecture for spec in specs}) == len(specs) == 40


def test_given_architectures_may_be_edited(tmp_path: Path) -> None:
    graph, paths = graph_of(), []
    for number, arch in enumerate(stdsl.loads(TEXT, "s").samples(5, seed=3)):
        paths.append(str(tmp_path / f"{number}.arch.json"))
        arch.save(paths[-1])
    start = Start(architectures=tuple(paths), edit={"**.kind": "e", "b.**.width": "3"})
    found = given(graph, start, "even", lambda number: number)
    for path, arch in zip(paths, found, strict=True):
        before = load(path, graph)
        assert arch["b.n.width"] == "3"
        assert arch["a.n.width"] == before["a.n.width"]
        assert {value for path, value in arch.items() if path.endswith("kind")} == {"e"}
    assert given(graph, Start(architectures=tuple(paths)), "even", lambda number: number) == [
        load(path, graph) for path in paths
    ]
    stdsl.loads(TEXT, "few").sample(seed=1).save(paths[0])
    with pytest.raises(SpaceError) as raised:
        given(graph_of("few"), Start(architectures=(paths[0],), edit={"a.**.width": "3"}), "even", hash)
    assert [d.code for d in raised.value.diagnostics] == ["E0441"]


def test_first_ones_are_drawn_as_is_said() -> None:
    """Uniformly over architectures nearly all have three streams twice; evenly every ninth has one twice."""
    for draw, share in (("even", 1 / 9), ("uniform", 16 / 84**2)):
        one = evolution(draw=draw, population=1000, tournament=1, distinct=None)
        narrow = 0
        for number in range(1000):
            spec = one.ask(number, [], [])
            assert isinstance(spec, Spec)
            narrow += [v for p, v in spec.architecture.items() if p.endswith("width")] == ["1", "1"]
        assert abs(narrow - 1000 * share) <= 3 * math.sqrt(1000 * share * (1 - share))


def test_several_objectives_leave_a_front() -> None:
    """Cheap ones stay beside good ones; one objective alone keeps the good ones."""
    graph = graph_of()

    def alive(**settings: object) -> list[tuple[float, int]]:
        one = evolution(rounds=120, **settings)
        specs, seen = simulated(one)
        one.ask(len(specs), specs, seen)
        one._learn(specs, seen)
        members = [specs[member.number] for member in one._population.members]
        return [(fitness(spec), costs(graph, spec.architecture).params or 0) for spec in members]

    front, good = alive(minimize=("params",)), alive()
    assert min(cost for _, cost in front) == min(
        costs(graph, a).params or 0 for a in stdsl.loads(TEXT, "s").samples(200)
    )
    assert min(cost for _, cost in good) > min(cost for _, cost in front)
    assert max(value for value, _ in front) > 0.5


def test_better_ones_go_on_and_are_no_children() -> None:
    halved = Evolution(graph_of(), config(halving=Halving(eta=3, rungs=2)), 0, "accuracy", (), 40)
    specs, seen = simulated(halved)
    plain = [spec for spec in specs if spec.start is None]
    longer = [spec for spec in specs if spec.start is not None]
    assert len(plain) == 40
    assert all(spec.steps is None for spec in plain)
    assert len({spec.architecture for spec in plain}) == 40
    assert {spec.steps for spec in longer} == {80, 240}
    for spec in longer:
        assert spec.start is not None
        before = specs[spec.start]
        assert before.architecture == spec.architecture
        assert (before.steps, spec.steps) in {(None, 80), (80, 240)}
    again = Evolution(graph_of(), config(halving=Halving(eta=3, rungs=2)), 0, "accuracy", (), 40)
    assert [again.ask(n, specs[:n], seen[:n]) for n in (12, 20, 31)] == [specs[n] for n in (12, 20, 31)]


def test_members_count_by_their_longest_training() -> None:
    population = Population(3, "worst")
    for number, score in enumerate((0.3, 0.2, 0.1)):
        population.join(Member(number, (score,)))
    population.change(Member(2, (0.9,)))
    population.change(Member(7, (0.9,)))
    assert [member.scores for member in population.members] == [(0.3,), (0.2,), (0.9,)]
    assert population.parent(3, random.Random(0)).number == 2
    population.join(Member(3, (0.5,)))
    assert [member.number for member in population.members] == [0, 2, 3]


def test_seeds_of_proposals_are_their_numbers() -> None:
    """Two searches of one seed propose the same first architectures, whatever else they are told."""
    small, large = evolution(rounds=1), evolution(rounds=500, tournament=2)
    assert [small.ask(n, [], []) for n in range(5)] == [large.ask(n, [], []) for n in range(5)]
    assert key(0, "evolution", 1) != key(0, "evolution", 2)
    assert small.strategy.mutate == (Resample(),)
