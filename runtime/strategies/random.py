"""Random search: architectures drawn at random, each trained for a budget and measured; the best one is the result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.families.random import RandomConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.strategy import Strategy

from ..phases.context import Context
from ..prepare.job import Job
from ..randomness import key
from ..trials.proposal import Outcome, Spec
from ..trials.running import run_trials
from .runner import Found, Work
from .screening import Screening, screening
from .separate import SeparateRunner, told, trials_work

_DUPLICATES = 1_000
"""So many draws in a row of what was drawn before, and no further one is looked for."""


class RandomRunner(SeparateRunner):
    """Its proposals are known before anything is trained."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        found = drawn(job.graph, strategy, job.config.seed)
        yield trials_work(job, strategy.fitness, found, len(found))

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        screen = screening(run, strategy.screen)
        proposer = Draws(drawn(run.job.graph, strategy, run.seed, 1 if screen is None else screen.of), screen)
        found = run_trials(run, proposer, blind=True)
        metric = strategy.fitness.metric or run.criterion.metric
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
        of = 1 if self._screen is None else self._screen.of
        several = self._found[number * of : (number + 1) * of]
        if not several:
            return None
        return Spec(number, several[0 if self._screen is None else self._screen.best(several)])


def _own(strategy: Strategy | None) -> RandomConfig:
    assert isinstance(strategy, RandomConfig)
    return strategy
