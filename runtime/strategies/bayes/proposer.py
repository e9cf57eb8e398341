"""What a search by a model proposes: candidates drawn at random first, then those that the model expects most of."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.mutations.asked import Completion
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.families.bayes import trials_of
from stdsl.compiler.families.bayes.brackets import brackets, steps_between
from stdsl.compiler.families.bayes.settings import STARTUP, BayesConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ...randomness import key
from ...trials.proposal import Outcome, Spec, Wait
from .model import Example, Model
from .turns import Turn, places, turn
from .variables import Settings, Variables, drawn

ASKED = 16
"""So many candidates of a model are looked at for one within `where` that is new."""
DRAWS = 1_000
"""So many draws in a row of what was tried before, and there is nothing more to propose."""

Candidate = tuple[Architecture, Settings]


class Bayes:
    """A :class:`..trials.proposal.Proposer`. ``metric``: what trials are judged by, a name of :data:`METRICS`.
    ``per_epoch``: the steps of an epoch by settings, which only `budget` needs to know.

    The model is made anew for each proposal, of what that may see; nothing is kept from one to the next.
    """

    def __init__(
        self,
        graph: SpaceGraph,
        strategy: BayesConfig,
        seed: int,
        metric: str,
        per_epoch: Callable[[Settings], int] = lambda settings: 1,
    ) -> None:
        self.graph, self.strategy, self.seed, self.metric, self.per_epoch = graph, strategy, seed, metric, per_epoch
        self.variables = Variables(graph, strategy)
        self.plan = brackets(strategy.budget) if strategy.budget is not None else ()
        self._policy = policy(graph, strategy.draw)
        self._completion = Completion(graph, strategy.draw)

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        scores = {outcome.number: self._score(outcome) for outcome in seen}
        if not self.plan:
            found = self._candidate(number, specs, scores) if number < trials_of(self.strategy) else None
            return None if found is None else Spec(number, found[0], settings=found[1])
        next_one = turn(self.plan, specs, scores)
        if not isinstance(next_one, Turn):
            return next_one
        if next_one.start is None:
            found = self._candidate(number, specs, scores)
            assert found is not None, "brackets take candidates twice where there are no more"
        else:
            earlier = specs[next_one.start]
            found = earlier.architecture, earlier.settings
        arch, settings = found
        steps = steps_between(self.plan[next_one.bracket], next_one.rung, self.per_epoch(settings))
        return Spec(number, arch, steps, next_one.start, settings=settings)

    def _score(self, outcome: Outcome) -> float:
        """The greater the better."""
        value = math.nan if outcome.failed else METRICS[self.metric].score(outcome.values[self.metric])
        return -math.inf if math.isnan(value) else value

    # -- what a model is made of

    def startup(self) -> int:
        """How many results the model needs."""
        if self.strategy.startup is not None:
            return self.strategy.startup
        return len(self.variables.domains) + 1 if self.plan else STARTUP

    def good(self, results: int) -> int:
        """How many of so many results Parzen estimators take as good ones: a share of them, with brackets at least as
        many as a model needs; one is always left."""
        share = self.strategy.top if self.strategy.top is not None else 0.15
        least = self.startup() if self.plan else 1
        return max(1, min(results - 1, max(least, math.floor(share * results))))

    def examples(self, specs: Sequence[Spec], scores: Mapping[int, float]) -> list[Example] | None:
        """Results of the longest trainings of which there are enough, and what is under way; None where there are not
        enough of any."""
        lengths = self._lengths(specs)
        results: dict[Fraction, list[int]] = {}
        for number in scores:
            results.setdefault(lengths[number], []).append(number)
        enough = [length for length, numbers in results.items() if len(numbers) >= self.startup()]
        if not enough:
            return None
        known = [self._example(specs[number], scores[number]) for number in results[max(enough)]]
        return known + [self._example(spec, None) for spec in specs if spec.number not in scores]

    def _lengths(self, specs: Sequence[Spec]) -> list[Fraction]:
        """The epochs of the trials in all; where all are of one length, 0."""
        if not self.plan:
            return [Fraction(0)] * len(specs)
        return [self.plan[bracket].epochs[rung] for bracket, rung in places(self.plan, specs)]

    def _example(self, spec: Spec, score: float | None) -> Example:
        return Example(self.variables.of(spec.architecture, spec.settings), score)

    # -- what it proposes

    def _candidate(self, number: int, specs: Sequence[Spec], scores: Mapping[int, float]) -> Candidate | None:
        """A new one; where there is none, with brackets one that was tried, else None."""
        strategy, generator = self.strategy, random.Random(key(self.seed, "bayes", number))
        tried = {_identity(spec.architecture, spec.settings) for spec in specs}
        share = strategy.random if strategy.random is not None else 1 / 3 if self.plan else 0.0
        examples = self.examples(specs, scores)
        if generator.random() >= share and examples is not None and self.variables.domains:
            for found in self._modelled(examples, number, generator):
                if _identity(*found) not in tried:
                    return found
        for _ in range(DRAWS):
            found = self._drawn(generator)
            if _identity(*found) not in tried:
                return found
        return found if self.plan else None

    def _drawn(self, generator: random.Random) -> Candidate:
        """Raises SpaceError where the space has no architecture."""
        settings = self.variables.settings(lambda name: drawn(self.variables.domains[name], generator))
        return self._policy.draw(generator.getrandbits(63)), settings

    def _modelled(self, examples: list[Example], number: int, generator: random.Random) -> Iterator[Candidate]:
        """Candidates of the model that are within `where`, the first one first; then those that begin like the last one
        that was not, ever less of it."""
        strategy = self.strategy
        good = self.good if self.plan or strategy.top is not None else None
        model = Model(strategy.model, self.variables.domains, examples, good, key(self.seed, "model", number))
        outside: tuple[dict[int, int], Settings] | None = None
        for _ in range(ASKED):
            suggest = model.proposal()
            settings: Settings = self.variables.settings(suggest)
            answers = self.variables.answers(suggest)
            found = self._within(answers, generator)
            if found is None:
                outside = answers, settings
            else:
                yield found, settings
        if outside is not None:
            answers, settings = outside
            for quarters in (3, 2, 1, 0):
                begun = dict(list(answers.items())[: len(answers) * quarters // 4])
                found = self._within(begun, generator)
                if found is not None:
                    yield found, settings

    def _within(self, answers: Mapping[int, int], generator: random.Random) -> Architecture | None:
        """The architecture within `where` that has the answers, what they leave open drawn; None if there is none."""
        whole = self._completion.complete(answers, generator)
        return None if whole is None else self._completion.architecture(whole)


def _identity(arch: Architecture, settings: Settings) -> tuple[str, tuple[tuple[str, object], ...]]:
    return arch.hash, tuple(sorted(settings.items()))
