"""Rungs and brackets of successive halving: how many trials are trained how long.

L. Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", 2017, Algorithm 1; S. Falkner
et al., "BOHB: robust and efficient hyperparameter optimization at scale", 2018, and its authors' code.
"""

from __future__ import annotations

from fractions import Fraction

from ...record import record
from .settings import Budget


@record
class Bracket:
    """``sizes``: how many trials are on each of its rungs; ``epochs``: how long those are trained in all, exactly."""

    sizes: tuple[int, ...]
    epochs: tuple[Fraction, ...]


def rungs(budget: Budget) -> tuple[Fraction, ...]:
    """Epochs in all by rung, the fewest first: `most` over powers of eta, as far as it is not below `least`."""
    found = [Fraction(budget.most)]
    while found[-1] / budget.eta >= budget.least:
        found.append(found[-1] / budget.eta)
    return tuple(reversed(found))


def brackets(budget: Budget) -> tuple[Bracket, ...]:
    """All of a search, in their order: the one that begins on the lowest rung is the first, and after the one that is
    on the highest alone it is its turn again."""
    epochs, eta = rungs(budget), budget.eta
    found = []
    for iteration in range(budget.iterations):
        below = len(epochs) - 1 - iteration % len(epochs)  # how many rungs are below its last one
        first = _first(len(epochs), below, budget)
        sizes = tuple(max(1, first // eta**rung) for rung in range(below + 1))
        found.append(Bracket(sizes, epochs[len(epochs) - 1 - below :]))
    return tuple(found)


def configurations(budget: Budget) -> int:
    """How many there are in all: trials that do not go on from others."""
    return sum(bracket.sizes[0] for bracket in brackets(budget))


def epochs_in_all(budget: Budget, anew: bool = False) -> Fraction:
    """Of all trainings of a search; ``anew``: if each began with fresh weights instead of going on."""
    total = Fraction(0)
    for bracket in brackets(budget):
        before = Fraction(0)
        for size, epochs in zip(bracket.sizes, bracket.epochs, strict=True):
            total += size * (epochs - before)
            before = Fraction(0) if anew else epochs
    return total


def steps_between(bracket: Bracket, rung: int, per_epoch: int) -> int:
    """The steps of a trial on a rung of a bracket, from 0: from where it goes on to its end, of which there is at least
    one. ``per_epoch``: those of an epoch."""
    end = round(bracket.epochs[rung] * per_epoch)
    return max(1, end - (round(bracket.epochs[rung - 1] * per_epoch) if rung else 0))


def _first(rungs: int, below: int, budget: Budget) -> int:
    """How many trials a bracket begins with: s_max + 1 over s + 1, times eta to the power s."""
    power: int = budget.eta**below
    if budget.rounding == "down":
        return rungs // (below + 1) * power
    return -(-rungs * power // (below + 1))
