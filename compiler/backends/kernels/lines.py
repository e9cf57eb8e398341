"""What meets in a node of a supernet: operations side by side in lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from torch import Tensor

from .norms import uses_batch
from .plans import Line, Plan, plan_of

TOGETHER = 3 * 2**22
"""On CPUs, operations are computed together up to this size of their inputs (in bytes): beyond it what one step writes
has left the cache when the next reads it."""
MOST = 16
"""Shapes of sources whose plans are remembered."""


class Terms:
    """What meets in a node but for the sources, (N, C, …) each. It is made with the network and keeps the modules of
    that time; their parameters are looked up in each pass.

    ``plain``: which of the sources are summed up as they are, with the weights at ``places``. ``again``: see ``meet``.
    """

    def __init__(self, plain: Sequence[int], places: Sequence[int], lines: Sequence[Line], again: bool = False) -> None:
        self._plain, self._places, self._lines, self._again = tuple(plain), tuple(places), lines, again
        self._norms = [norms[:1] for _, stages, _ in lines for _, _, norms, _ in stages]
        self._plans: dict[Any, list[Plan]] = {}

    def plans(self, sources: Sequence[Tensor]) -> list[Plan]:
        """How to compute it: plans whose results are to be added."""
        first = sources[0]
        key = first.dtype, first.device.type, *[x.shape for x in sources], *[uses_batch(norms) for norms in self._norms]
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= MOST:
                self._plans.clear()
            found = self._plans[key] = self._made(sources)
        return found

    def _made(self, sources: Sequence[Tensor]) -> list[Plan]:
        found: list[Plan] = []
        for part in portions(self._lines, sources):
            plain, places = ((), ()) if found else (self._plain, self._places)
            found.append(plan_of(plain, places, part, sources, self._again))
        return found

    def __getstate__(self) -> dict[str, Any]:
        """Copies make plans of their own."""
        return {**self.__dict__, "_plans": {}}


def portions(lines: Sequence[Line], sources: Sequence[Tensor]) -> Iterator[list[Line]]:
    """The lines in portions that stay in the cache."""
    portion: list[Line] = []
    size = 0
    for line in lines:
        reads, start = line[0], 0
        for i, read in enumerate(reads):
            x = sources[read]
            bytes = x.numel() * x.element_size()
            if size and size + bytes > TOGETHER and x.device.type == "cpu":
                if i > start:
                    portion.append(_cut(line, slice(start, i)))
                yield portion
                portion, size, start = [], 0, i
            size += bytes
        portion.append(_cut(line, slice(start, len(reads))))
    yield portion


def _cut(line: Line, at: slice) -> Line:
    reads, stages, places = line
    cut = [([row[at] for row in rows], pointwise[at], norms[at], ways) for rows, pointwise, norms, ways in stages]
    return reads[at], cut, places[at]
