"""What an evolution proposes: first architectures drawn at random, then children of the best that it can see."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from stdsl.compiler.analysis.architecture import Architecture, answers_of
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.analysis.isomorphism.content import NetworkHashes
from stdsl.compiler.analysis.mutations.crossing import crossed
from stdsl.compiler.analysis.mutations.mutating import Mutations
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.families.evolution.mutations import mutations_of
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ...randomness import key
from ...training.formulas import value_of
from ...trials.proposal import WAIT, Outcome, Spec, Wait
from ..halving import Ladder, further_steps
from ..screening import Screening
from .objectives import Scores
from .population import Member, Population

CHILDREN = 100
"""So many children in a row of what was tried before, and one is drawn like the first instead."""

DRAWS = 1_000
"""So many draws in a row of what was tried before, and there is nothing more to propose."""


class Evolution:
    """A :class:`..trials.proposal.Proposer`. ``metric``: what architectures are judged by, a name of
    :data:`METRICS`; ``first``: architectures that are tried before any is drawn. ``steps``: those of a fitness,
    which only `halving` needs to know. ``screen``: what chooses the child that is proposed out of several.

    Where nothing can be seen yet, where no mutation applies, and where children are always what was tried before, a
    child is drawn like the first ones. When there is no child left to make, it waits for those that may go on. What it
    works out about the trials that it was told of is kept for the next proposal, which mostly is told of the same and a
    few more; what it proposes does not depend on that.
    """

    def __init__(
        self,
        graph: SpaceGraph,
        strategy: EvolutionConfig,
        seed: int,
        metric: str,
        first: Sequence[Architecture] = (),
        steps: int = 0,
        screen: Screening | None = None,
    ) -> None:
        self.graph, self.strategy, self.seed, self.metric, self.first = graph, strategy, seed, metric, tuple(first)
        self.steps, self.screen = steps, screen
        self._mutations = Mutations(graph, mutations_of(graph, strategy.mutate), strategy.draw)
        self._policy = policy(graph, strategy.draw)
        self._networks = NetworkHashes(graph)
        self._costs: dict[Architecture, Scores] = {}
        self._identities: dict[Architecture, str] = {}
        self._forget()

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        strategy = self.strategy
        self._learn(specs, seen)
        generator = random.Random(key(self.seed, "evolution", number))
        if self._made >= strategy.population and strategy.halving is not None and (goes := self._ladder.next()):
            start, rung = goes
            further = further_steps(self.steps, strategy.halving.eta, rung)
            return Spec(number, self._specs[start].architecture, further, start, self._specs[start].parents)
        made = self._new(number, generator)
        return WAIT if made is None and self._ladder.waits else made

    def _new(self, number: int, generator: random.Random) -> Spec | None:
        """A trial that goes on from no other; None where there are enough, or none was found that is new."""
        if self._made >= self.strategy.population + self.strategy.rounds:
            return None
        if self._made < len(self.first) and self._is_new(self.first[self._made]):
            return Spec(number, self.first[self._made])
        if self.screen is None:
            return self._fresh(number, generator)
        several = [self._fresh(number, generator) for _ in range(self.screen.of)]
        found = [spec for spec in several if spec is not None]
        return found[self.screen.best([spec.architecture for spec in found])] if found else None

    def scores(self, arch: Architecture, outcome: Outcome) -> Scores:
        """What an architecture is judged by, the greater the better. One that failed is worst in everything."""
        value = math.nan if outcome.failed else METRICS[self.metric].score(outcome.values[self.metric])
        if math.isnan(value):
            return (-math.inf,) * (1 + len(self.strategy.minimize))
        return (value, *self._minimized(arch))

    def _minimized(self, arch: Architecture) -> Scores:
        if not self.strategy.minimize:
            return ()
        if arch not in self._costs:
            costs = costs_of(self.graph, arch)
            figures = (getattr(costs, name) for name in self.strategy.minimize)
            self._costs[arch] = tuple(-math.inf if figure is None else -float(figure) for figure in figures)
        return self._costs[arch]

    # -- what it was told

    def _forget(self) -> None:
        self._specs: list[Spec] = []
        self._seen: list[Outcome] = []
        self._tried: set[str] = set()
        self._made = 0
        """How many were drawn, given or born; the other trials go on from earlier ones."""
        self._origin: list[int] = []
        """The trial that each of them began with."""
        halving = self.strategy.halving
        self._ladder = Ladder(halving.eta, halving.rungs) if halving is not None else Ladder(2, 0)
        self._population = Population(self.strategy.population, self.strategy.remove)

    def _learn(self, specs: Sequence[Spec], seen: Sequence[Outcome]) -> None:
        """Take in what is told; from the start where it is no longer what was told before."""
        if list(specs[: len(self._specs)]) != self._specs or list(seen[: len(self._seen)]) != self._seen:
            self._forget()
        for spec in specs[len(self._specs) :]:
            self._specs.append(spec)
            self._ladder.begin(spec.number, spec.start)
            self._origin.append(spec.number if spec.start is None else self._origin[spec.start])
            if spec.start is not None:
                continue
            self._made += 1
            if self.strategy.distinct is not None:
                self._tried.add(self._identity(spec.architecture))
        for outcome in seen[len(self._seen) :]:
            self._seen.append(outcome)
            scores = self.scores(specs[outcome.number].architecture, outcome)
            member = Member(self._origin[outcome.number], scores)
            self._ladder.see(outcome.number, None if outcome.failed else scores)
            if member.number == outcome.number:
                self._population.join(member)
            elif not outcome.failed:  # else it stays what it was
                self._population.change(member)

    def _identity(self, arch: Architecture) -> str:
        if self.strategy.distinct == "architectures":
            return arch.hash
        if arch not in self._identities:
            self._identities[arch] = self._networks.of(answers_of(self.graph, arch))
        return self._identities[arch]

    def _is_new(self, arch: Architecture) -> bool:
        return self.strategy.distinct is None or self._identity(arch) not in self._tried

    # -- what it proposes

    def _fresh(self, number: int, generator: random.Random) -> Spec | None:
        """A child, or one drawn as the first are where there is none; None where none was found that is new."""
        if self._made >= self.strategy.population and self._population.members:
            born = self._child(number, generator)
            if born is not None:
                return born
        return self._drawn(number, generator)

    def _child(self, number: int, generator: random.Random) -> Spec | None:
        """A child of what is visible; None where none was found that is new."""
        strategy = self.strategy
        times = math.ceil(value_of("mutations", strategy.mutations, i=self._made - strategy.population))
        for _ in range(CHILDREN):
            parents = [self._population.parent(strategy.tournament, generator).number]
            whole = self._specs[parents[0]].architecture
            if strategy.crossover and generator.random() < strategy.crossover:
                other = self._population.parent(strategy.tournament, generator).number
                mixed = crossed(self._mutations.completion, whole, self._specs[other].architecture, generator)
                if mixed is not None:
                    whole, parents = mixed, [*parents, other]
            child = self._mutations.child(whole, times, generator) if times and strategy.mutate else whole
            if child is not None and self._is_new(child):
                return Spec(number, child, parents=tuple(dict.fromkeys(parents)))
        return None

    def _drawn(self, number: int, generator: random.Random) -> Spec | None:
        """One drawn as the first are; None where none was found that is new."""
        for _ in range(DRAWS):
            arch = self._draw(generator)
            if self._is_new(arch):
                return Spec(number, arch)
        return None

    def _draw(self, generator: random.Random) -> Architecture:
        """Raises SpaceError where there is none."""
        if self.strategy.draw == "even":
            answers = self._mutations.completion.complete({}, generator)
            if answers is not None:
                return self._mutations.completion.architecture(answers)
        return self._policy.draw(generator.getrandbits(63))
