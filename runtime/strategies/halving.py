"""Whose training goes on: asynchronous successive halving.

L. Li et al., "A system for massively parallel hyperparameter tuning" (ASHA), 2020.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from stdsl.compiler.schemas.halving import Halving

from .evolution.objectives import Scores, places
from .runner import Work


class Ladder:
    """Trials by rung, from 0. ``eta``: one in so many of a rung goes on, to so many times as many steps; ``rungs``: how
    many times one may."""

    def __init__(self, eta: int, rungs: int) -> None:
        self.eta, self.rungs = eta, rungs
        self._rung: dict[int, int] = {}
        self._gone: set[int] = set()
        self._unseen: set[int] = set()
        self._seen: list[list[tuple[int, Scores]]] = [[] for _ in range(rungs + 1)]

    def begin(self, number: int, start: int | None) -> None:
        """A trial is known; ``start``: the one that it goes on from."""
        self._rung[number] = 0 if start is None else self._rung[start] + 1
        if start is not None:
            self._gone.add(start)
        if self._rung[number] < self.rungs:
            self._unseen.add(number)

    def see(self, number: int, scores: Scores | None) -> None:
        """What came of a trial; None where it failed."""
        self._unseen.discard(number)
        if scores is not None:
            self._seen[self._rung[number]].append((number, scores))

    @property
    def waits(self) -> bool:
        """Whether one may go on once more is seen."""
        return bool(self._unseen)

    def next(self) -> tuple[int, int] | None:
        """The trial that goes on next and the rung that it goes to, the highest first: the best of those that are among
        the best 1 / eta of their rung, as far as it is seen, and have not gone on."""
        for rung in range(self.rungs - 1, -1, -1):
            for number in self._best(self._seen[rung]):
                if number not in self._gone:
                    return number, rung + 1
        return None

    def _best(self, seen: list[tuple[int, Scores]]) -> Iterator[int]:
        own = places([scores for _, scores in seen])
        order = sorted(range(len(seen)), key=lambda i: (own[i], -seen[i][0]), reverse=True)
        return (seen[i][0] for i in order[: len(seen) // self.eta])


def further_steps(steps: int, eta: int, rung: int) -> int:
    """By how many steps a training on a rung, from 1, is longer than on the one below. ``steps``: those of rung 0."""
    longer: int = eta**rung - eta ** (rung - 1)
    return steps * longer


def longer_work(work: Work, halving: Halving | None, times: int) -> Iterator[Work]:
    """What goes on, at most, of ``times`` trainings that are ``work``."""
    if halving is None:
        return
    for rung in range(1, halving.rungs + 1):
        if left := times // halving.eta**rung:
            name, steps = f"search, rung {rung + 1} (up to {left})", further_steps(work.steps, halving.eta, rung)
            yield replace(work, name=name, steps=steps, times=left)
