"""Short trials first, BOHB and ASHA, against chance at equal steps, on the learning curves of the table of our own.

    python benchmarks/curves.py [--seeds 200] [--write]

The table is that of ``benchmarks/evanet_table.py``: 252 architectures, each trained three times, with the accuracy
after a third of the steps and after all. A training has *one* cosine, so what is looked up after a third is no training
of that length with a cosine of its own, and going on does not begin one anew as a run's does. Rungs: a third, and all.
As in ``evanet_strategies.py`` the fitness is that of one of the three trainings, drawn by the seed; an architecture
found, the best of those trained whole, is scored by the mean of the other two. One worker. Differences are of the same
seeds; intervals are of 95 %.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from evanet_strategies import Row, rows
from evanet_table import space
from machine import described
from tables import Interval, told

from stdsl.compiler.families.bayes.settings import BayesConfig
from stdsl.compiler.families.random import RandomConfig
from stdsl.compiler.schemas.halving import Halving
from stdsl.runtime.randomness import key
from stdsl.runtime.strategies.bayes.proposer import Bayes
from stdsl.runtime.strategies.random import Draws, Halved, drawn
from stdsl.runtime.trials.proposal import Outcome, Proposer, Spec

THIRD = 30
"""Steps of the lower rung."""
WHOLE = 3 * THIRD
BUDGETS = (10, 20, 40)
"""Steps in all, in whole trainings."""
_BRACKETS = {"budget": {"least": 1, "most": 3, "eta": 3, "iterations": 200}}
_HALVING = Halving(eta=3, rungs=1)


def _bayes(**settings: object) -> Callable[[int], Proposer]:
    config = BayesConfig.model_validate(settings)
    return lambda seed: Bayes(space().graph, config, seed, "accuracy", lambda values: THIRD)


def _asha(seed: int) -> Proposer:
    """All architectures of the space, in the order in which they are drawn."""
    draws = Draws(drawn(space().graph, RandomConfig(trials=252, draw="even"), seed))
    return Halved(draws, _HALVING, THIRD, "accuracy")


@dataclass(frozen=True)
class Strategy:
    """``first``: the steps of a trial that says nothing of them."""

    proposer: Callable[[int], Proposer]
    first: int = WHOLE


STRATEGIES: Mapping[str, Strategy] = {
    "random": Strategy(_bayes(trials=252, random=1.0)),
    "random, brackets (Hyperband)": Strategy(_bayes(random=1.0, **_BRACKETS)),
    "random, halving (ASHA)": Strategy(_asha, THIRD),
    "tpe": Strategy(_bayes(trials=252)),
    "tpe, brackets (BOHB)": Strategy(_bayes(**_BRACKETS)),
}
"""In a space of 252 nothing is tried twice without brackets, and anything may be with them. Those of the family
`random` are drawn as those of `bayes` are, and are other ones."""


def found(strategy: Strategy, seed: int, table: Mapping[str, Row]) -> list[float]:
    """The score of what was found within each of the budgets."""
    proposer = strategy.proposer(seed)
    specs: list[Spec] = []
    seen: list[Outcome] = []
    reached: list[int] = []
    spent, best, score = 0, -1.0, 0.0
    scores: list[float] = []
    while len(scores) < len(BUDGETS):
        spec = proposer.ask(len(specs), specs, seen)
        assert isinstance(spec, Spec)
        steps = strategy.first if spec.steps is None else spec.steps
        while len(scores) < len(BUDGETS) and spent + steps > BUDGETS[len(scores)] * WHOLE:
            scores.append(score)
        spent += steps
        reached.append(steps + (0 if spec.start is None else reached[spec.start]))
        row = table[spec.architecture.hash]
        drawn = random.Random(key(seed, "training", row.number)).randrange(len(row.ends))
        fitness = row.accuracy[drawn][0 if reached[-1] == THIRD else -1]
        if reached[-1] == WHOLE and fitness > best:
            best, score = fitness, statistics.fmean(row.ends[:drawn] + row.ends[drawn + 1 :])
        specs.append(spec)
        seen.append(Outcome(spec.number, {"accuracy": fitness}))
    return scores


def compared(seeds: int) -> dict[str, list[list[float]]]:
    """For each strategy the scores of each seed."""
    table, every = rows(), {}
    for name, strategy in STRATEGIES.items():
        start = time.process_time()
        every[name] = [found(strategy, seed, table) for seed in range(seeds)]
        each = (time.process_time() - start) / seeds
        print(f"{name}: {each:.2f} s a search", file=sys.stderr, flush=True)
    return every


def section(seeds: int) -> str:
    every, table = compared(seeds), rows()
    top = max(statistics.fmean(row.ends) for row in table.values())
    lines = [
        f"Measured with `python benchmarks/curves.py --seeds {seeds}`, {described()}.",
        f"Accuracy of what was found, in percent, means over {seeds} seeds with 95 % intervals; below each, the",
        f"difference to `random` on the same seeds. The best of the table: {100 * top:.1f} in the mean.",
        "",
        f"| search | {' | '.join(f'steps of {budget} trainings' for budget in BUDGETS)} |",
        f"|{'---|' * (len(BUDGETS) + 1)}",
    ]
    for name, scores in every.items():
        lines.append(_line(name, scores))
        if name != "random":
            pairs = zip(scores, every["random"], strict=True)
            lines.append(_line("… over `random`", [[a - b for a, b in zip(*pair, strict=True)] for pair in pairs], "+"))
    return "\n".join(lines)


def _line(name: str, scores: Sequence[Sequence[float]], sign: str = "") -> str:
    intervals = (Interval.of([100 * each[place] for each in scores]) for place in range(len(BUDGETS)))
    return f"| {name} | {' | '.join(f'{own.mean:{sign}.2f} ± {own.half:.2f}' for own in intervals)} |"


if __name__ == "__main__":
    told(__doc__, section, "curves")
