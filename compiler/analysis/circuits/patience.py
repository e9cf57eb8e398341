"""How long may be counted what is within constraints over costs, by an amount of work: the same on every machine, so
that what is said of a space is, too. Seconds are those of the machine of ``benchmarks/RESULTS.md``."""

from __future__ import annotations

from ...record import record

WORK = 2_500_000_000
"""So many numbers are added up at length: some four seconds."""


@record
class Patience:
    """``nodes``: so many a circuit of what is within the constraints has at most. ``part``: of the states, and of the
    effort to find an order with few, a walk takes at most this part of what it may at length. ``work``: so many numbers
    are added up."""

    nodes: int
    part: int
    work: int

    @property
    def at_length(self) -> bool:
        """Whether what is too much to be counted exactly is counted nearly."""
        return self.work == WORK


AT_LENGTH = Patience(60_000, 1, WORK)
"""Some seconds, ten or so where all fails."""

SOME_TENTHS = Patience(15_000, 20, 80_000_000)
"""Some tenths of a second."""

A_QUARTER = Patience(3_000, 50, 100_000_000)
"""A quarter of a second: for what is told along with other facts."""

VERDICT = Patience(15_000, 1, 600_000_000)
"""About a second: for whether there is anything at all, after a search has found nothing."""
