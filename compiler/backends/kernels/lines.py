"""What meets in a node of a supernet: operations side by side in lines, and the plan to compute them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from .paths import Step, Window, window_of

Parts = Sequence[nn.Module]
"""One module per operation."""
Stage = tuple[Sequence[Parts], Parts, Parts, str]
"""Depthwise convolutions that read the same and are added up (none: the pointwise ones read x), pointwise ones, norms,
and the ways that the depthwise ones may take (``paths.path``)."""
Line = tuple[Sequence[Tensor], Sequence[Stage], Sequence[int]]
"""Operations side by side: what each reads, (N, C, …); their stages, with a ReLU between each two; and the places of
their weights."""

TOGETHER = 3 * 2**22
"""On CPUs, operations are computed together up to this size of their inputs (in bytes): beyond it what one step writes
has left the cache when the next reads it."""


@dataclass(slots=True, eq=False)
class Unit:
    """A stage of a line. ``reads``: which of the sources; () for what the stage ``before`` it gives. ``first``: where
    its parameters begin among all tensors: ``size`` kernels for each window, pointwise weights, gains and biases.

    The rest is found on the way: the ``steps`` and ``shape`` of its rows, the axes of what it gives to a next stage,
    and which gradients are wanted.
    """

    line: int
    before: Unit | None
    reads: tuple[int, ...]
    windows: tuple[Window, ...]
    norms: Parts
    ways: str
    first: int
    size: int
    c_in: int
    c_out: int
    gains: bool
    places: Sequence[int]
    steps: tuple[Step, ...] = ()
    shape: tuple[int, ...] = ()
    gives: tuple[int, ...] = ()
    of_kernels: tuple[bool, ...] = ()
    of_rest: bool = False
    of_input: bool = False

    def row(self, tensors: Sequence[Any], row: int) -> Sequence[Any]:
        """A kind of its parameters, or what belongs to them."""
        start = self.first + row * self.size
        return tensors[start : start + self.size]

    @property
    def end(self) -> int:
        """Where its parameters end."""
        return self.first + self.size * (len(self.windows) + (3 if self.gains else 1))

    def want(self, wanted: Sequence[bool]) -> None:
        """Note which gradients are needed. ``wanted``: of all tensors."""
        rows = len(self.windows)
        self.of_kernels = tuple(any(self.row(wanted, row)) for row in range(rows))
        self.of_rest = any(any(self.row(wanted, rows + i)) for i in range(3 if self.gains else 1))
        self.of_input = self.before.needed if self.before is not None else any(wanted[i] for i in self.reads)

    @property
    def of_rows(self) -> bool:
        """Whether the gradient of the depthwise convolution's output is needed."""
        return self.of_input or any(self.of_kernels)

    @property
    def needed(self) -> bool:
        """Whether any gradient inside or below is needed."""
        return self.of_rest or self.of_rows


@dataclass(slots=True, eq=False)
class Plan:
    """``tensors``: sources, then parameters. ``plain``: which sources are summed up as they are, with the weights at
    ``places``. ``levels``: the units to compute one after the other; all last stages are in the last level.
    ``again``: what they compute is not kept for the backward pass, but computed again there."""

    places: tuple[int, ...]
    plain: tuple[int, ...]
    sources: int
    levels: list[list[Unit]]
    tensors: list[Tensor]
    again: bool


def plan_of(places: Sequence[int], plain: Sequence[Tensor], lines: Sequence[Line], again: bool) -> Plan:
    """The plan of a node. A source that is read several times is one tensor of it."""
    tensors: list[Tensor] = []
    known: dict[int, int] = {}

    def source(x: Tensor) -> int:
        if id(x) not in known:
            known[id(x)] = len(tensors)
            tensors.append(x)
        return known[id(x)]

    of_plain = tuple([source(x) for x in plain])
    reads = [tuple([source(x) for x in xs]) for xs, _, _ in lines]
    sources = len(tensors)
    depth = max((len(stages) for _, stages, _ in lines), default=0)
    levels: list[list[Unit]] = [[] for _ in range(depth)]
    for number, (_, stages, at) in enumerate(lines):
        before: Unit | None = None
        for i, (depthwise, pointwise, norms, ways) in enumerate(stages):
            modules: Any = pointwise
            first, (c_out, c_in) = len(tensors), modules[0].weight.shape[:2]
            for row in (*depthwise, pointwise):
                tensors += [m._parameters["weight"] for m in row]  # type: ignore[misc]
            gains = norms[0].weight is not None
            if gains:
                tensors += [m.weight for m in norms]  # type: ignore[misc]
                tensors += [m.bias for m in norms]  # type: ignore[misc]
            windows = tuple([window_of(row[0]) for row in depthwise])
            here = () if before else reads[number]
            before = Unit(number, before, here, windows, norms, ways, first, len(norms), c_in, c_out, gains, at)
            levels[depth - len(stages) + i].append(before)
    return Plan(tuple(places), of_plain, sources, levels, tensors, again)


def portions(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines in portions that stay in the cache."""
    portion: list[Line] = []
    size = 0
    for line in lines:
        xs, start = line[0], 0
        for i, x in enumerate(xs):
            bytes = x.numel() * x.element_size()
            if size and size + bytes > TOGETHER and x.device.type == "cpu":
                if i > start:
                    portion.append(_cut(line, slice(start, i)))
                yield portion
                portion, size, start = [], 0, i
            size += bytes
        portion.append(_cut(line, slice(start, len(xs))))
    yield portion


def _cut(line: Line, at: slice) -> Line:
    xs, stages, places = line
    if at == slice(0, len(xs)):
        return line
    cut = [([row[at] for row in rows], pointwise[at], norms[at], ways) for rows, pointwise, norms, ways in stages]
    return xs[at], cut, places[at]
