"""The virtual clock: what a proposal may see, whatever finishes when.

W virtual workers take trials in their order, each the one that is free first. A trial takes them its predicted
length; its outcome is shown ``slack`` predicted lengths after its virtual start. Which proposal sees which outcomes
is then a function of the lengths, which are known exactly before anything is trained. Proposals wait for what they
must see, and never see more, so a search is the same with however many processes, on whatever machine.
"""

from __future__ import annotations

import heapq
from fractions import Fraction


class Clock:
    """``workers`` virtual workers; ``slack`` from 1, taken as 1 where there is one worker: that one sees every outcome
    before it goes on. Times are exact numbers, in the unit of the lengths."""

    def __init__(self, workers: int, slack: float = 2.0) -> None:
        if workers < 1 or slack < 1:
            raise ValueError(f"{workers} workers with a slack of {slack}")
        self._slack = Fraction(slack) if workers > 1 else Fraction(1)
        self._fresh = workers  # of those that never had a trial
        self._waited: Fraction | int = 0  # when these are free: before, or as soon as, any other
        self._free: list[Fraction | int] = []
        self._hidden: list[tuple[Fraction | int, int]] = []
        self._shown: list[int] = []
        self._begun = 0

    @property
    def visible(self) -> list[int]:
        """The numbers of the trials whose outcomes the next proposal sees, in the order in which they became visible
        (of those that did so at one time, the lower first). It grows at its end alone; not to be changed."""
        return self._shown

    def begin(self, length: int) -> None:
        """The next trial is known, and its predicted length, above 0: it begins now."""
        if length <= 0:
            raise ValueError(f"a trial of length {length}")
        if self._fresh:
            start = self._waited
            self._fresh -= 1
            heapq.heappush(self._free, start + length)
        else:
            start = heapq.heapreplace(self._free, self._free[0] + length)
        heapq.heappush(self._hidden, (start + self._slack * length, self._begun))
        self._begun += 1
        self._show()

    def idle(self) -> bool:
        """Nothing begins until more is seen: the workers that are free before that wait for it. False, and nothing
        changes, where there is nothing more to see."""
        if not self._hidden:
            return False
        moment = self._hidden[0][0]
        self._waited = max(self._waited, moment)
        self._free = [max(free, moment) for free in self._free]
        heapq.heapify(self._free)
        self._show()
        return True

    def _show(self) -> None:
        now = self._waited if self._fresh else self._free[0]
        while self._hidden and self._hidden[0][0] <= now:
            self._shown.append(heapq.heappop(self._hidden)[1])
