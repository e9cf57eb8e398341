"""Depth first through the answers to a space's variables, as far as lower bounds let something follow.

The bounds are eliminations of the same variables (:mod:`..diagrams.elimination`), whose buckets say how much each
answer adds. Where they are exact, as those of one budget over a sum mostly are, the first way down ends within it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from ...record import record
from ..diagrams.elimination import INFINITE, Bucket, Elimination

Way = tuple[int, list[float]]
"""An answer, and what every elimination comes to with it."""


@record
class Ceiling:
    """What ``elimination`` comes to must not be more than ``most``."""

    elimination: Elimination
    most: float


@record
class Landed:
    """``answers``: what was found, if anything; ``steps``: how many answers were tried; ``all``: nothing was left out,
    so that without answers there are none, and with a goal they are best."""

    answers: Mapping[int, int] | None
    steps: int
    all: bool


class Descent:
    """``goals``: bounds on what is to be least, the first of them exact once all is answered; none where anything will
    do. ``fits``: whether a part of the answers, which all ceilings allow, may be a beginning; with all of them, whether
    they are right. ``matters``: whether it makes a difference which answer a variable gets after these."""

    def __init__(
        self,
        goals: Sequence[Elimination],
        ceilings: Sequence[Ceiling],
        fits: Callable[[Mapping[int, int], bool], bool],
        matters: Callable[[int, Mapping[int, int]], bool],
    ) -> None:
        eliminations = (*goals, *(c.elimination for c in ceilings))
        self.goals, self.most = len(goals), [c.most for c in ceilings]
        self.fits, self.matters = fits, matters
        self.rows: list[tuple[Bucket, ...]] = list(zip(*(reversed(e.buckets) for e in eliminations), strict=True))
        self.start = [e.least for e in eliminations]

    def run(self, order: Callable[[int, list[Way]], list[Way]], limit: int) -> Landed:
        """Go down the ways in the order that ``order(variable, ways)`` gives them, at most ``limit`` steps. With goals
        the best that is found on the way, else the first."""
        if INFINITE in self.start or self._beyond(self.start):
            return Landed(None, 0, True)
        answers: dict[int, int] = {}
        found: Mapping[int, int] | None = {} if not self.rows and self.fits({}, True) else None
        least = INFINITE
        open_ = [self._ways(0, self.start, answers, order)] if self.rows else []
        steps = 0
        while open_:
            place = len(open_) - 1
            variable = self.rows[place][0].variable
            way = next(open_[-1], None)
            if way is None:
                answers.pop(variable, None)
                open_.pop()
                continue
            if steps == limit:
                return Landed(found, steps, False)
            steps += 1
            answer, after = way
            if max(after[: self.goals], default=0) >= least:
                continue
            answers[variable] = answer
            last = place + 1 == len(self.rows)
            if not self.fits(answers, last):
                continue
            if not last:
                open_.append(self._ways(place + 1, after, answers, order))
                continue
            found = dict(answers)
            if not self.goals:
                return Landed(found, steps, False)
            least = after[0]
        return Landed(found, steps, True)

    def _ways(
        self, place: int, values: Sequence[float], answers: dict[int, int], order: Callable[[int, list[Way]], list[Way]]
    ) -> Iterator[Way]:
        row = self.rows[place]
        variable = row[0].variable
        ways: list[Way] = []
        for answer in range(row[0].arity):
            answers[variable] = answer
            after = [value + bucket.step(answers) for value, bucket in zip(values, row, strict=True)]
            if INFINITE not in after and not self._beyond(after):
                ways.append((answer, after))
        for i, way in enumerate(order(variable, ways)):
            if i == 1:
                answers.pop(variable, None)
                if not self.matters(variable, answers):
                    return
            yield way

    def _beyond(self, values: Sequence[float]) -> bool:
        return any(value > most for value, most in zip(values[self.goals :], self.most, strict=True))
