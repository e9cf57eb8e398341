"""Random search: architectures drawn at random, each trained for a budget and measured; the best one is the result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.families.random import RandomConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.halving import Halving
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..phases.context import Context
from ..prepare.job import Job
from ..randomness import key
from ..trials.proposal import WAIT, Outcome, Spec, Wait
from ..trials.running import fitness_sizes, forget_weights, run_trials
from .evolution.objectives import Scores
from .halving import Ladder, further_steps, longer_work
from .runner import Found, Work
from .screening import Screening, screening
from .separate import SeparateRunner, told, trials_work

_DUPLICATES = 1_000
"""So many draws in a row of what was drawn before, and no further one is looked for."""


class RandomRunner(SeparateRunner):
    """Its architectures are known before anything is trained; which of them go on is not."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        found = drawn(job.graph, strategy, job.config.seed)
        work = trials_work(job, strategy.fitness, found, len(found))
        yield work
        yield from longer_work(work, strategy.halving, len(found))

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        screen = screening(run, strategy.screen)
        proposer = Draws(drawn(run.job.graph, strategy, run.seed, 1 if screen is None else screen.of), screen)
        metric = strategy.fitness.metric or run.criterion.metric
        if strategy.halving is None:
            found = run_trials(run, proposer, blind=True)
        else:
            steps, _ = fitness_sizes(run, strategy.fitness)
            found = run_trials(run, Halved(proposer, strategy.halving, steps, metric), keep=True)
            forget_weights(run, found)
        return Found(*told(run, found, metric))


def drawn(graph: SpaceGraph, strategy: RandomConfig, seed: int, times: int = 1) -> list[Architecture]:
    """The architectures of a search, all different, or ``times`` as many: a function of the space, the settings and the
    seed. Fewer than asked for where the space has, or seems to have, no more. Raises SpaceError where it has none."""
    distribution = policy(graph, strategy.draw)
    found: dict[Architecture, None] = {}
    number = in_a_row = 0
    while len(found) < strategy.trials * times and in_a_row < _DUPLICATES:
        number += 1
        arch = distribution.draw(key(seed, "trial", number))
        in_a_row = in_a_row + 1 if arch in found else 0
        found[arch] = None
    return list(found)


class Draws:
    """Proposes architectures that were drawn, whatever came of others; of each few in a row one, with ``screen``."""

    def __init__(self, found: Sequence[Architecture], screen: Screening | None = None) -> None:
        self._found, self._screen = found, screen

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | None:
        arch = self.at(number)
        return None if arch is None else Spec(number, arch)

    def at(self, place: int) -> Architecture | None:
        """The one that is proposed after ``place`` others."""
        of = 1 if self._screen is None else self._screen.of
        several = self._found[place * of : (place + 1) * of]
        if not several:
            return None
        return several[0 if self._screen is None else self._screen.best(several)]


class Halved:
    """Proposes what ``draws`` does, and first of all that a trial goes on which is among the best of its rung, as ASHA
    does. ``steps``: those of a trial on the lowest rung; ``metric``: what trials are judged by."""

    def __init__(self, draws: Draws, halving: Halving, steps: int, metric: str) -> None:
        self._draws, self._halving, self._steps, self._metric = draws, halving, steps, metric

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        ladder = Ladder(self._halving.eta, self._halving.rungs)
        for spec in specs:
            ladder.begin(spec.number, spec.start)
        for outcome in seen:
            ladder.see(outcome.number, self._scores(outcome))
        if (goes := ladder.next()) is not None:
            start, rung = goes
            further = further_steps(self._steps, self._halving.eta, rung)
            return Spec(number, specs[start].architecture, further, start)
        arch = self._draws.at(sum(spec.start is None for spec in specs))
        if arch is None:
            return WAIT if ladder.waits else None
        return Spec(number, arch)

    def _scores(self, outcome: Outcome) -> Scores | None:
        value = math.nan if outcome.failed else outcome.values[self._metric]
        return None if math.isnan(value) else (METRICS[self._metric].score(value),)


def _own(strategy: Strategy | None) -> RandomConfig:
    assert isinstance(strategy, RandomConfig)
    return strategy
