"""The plan to compute what meets in a node: made once for the shapes of its sources, used in every pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from ...record import record
from .norms import uses_batch
from .paths import Axes, Step, Window, order, path, window_of

Parts = Sequence[nn.Module]
"""One module per operation."""
Stage = tuple[Sequence[Parts], Parts, Parts, str]
"""Depthwise convolutions that read the same and are added up (none: the pointwise ones read x), pointwise ones, norms,
and hints how to compute the depthwise ones (``paths.path``)."""
Line = tuple[Sequence[int], Sequence[Stage], Sequence[int]]
"""Operations side by side: which of the sources each reads; their stages, with a ReLU between each two; and the places
of their weights."""


PATTERNS = 16
"""Sets of wanted gradients that a plan remembers."""


@dataclass(slots=True, eq=False)
class Unit:
    """A stage of a line. ``reads``: which of the sources; () for what the stage ``before`` it gives. ``first``: where
    its parameters begin among all tensors: ``size`` kernels for each window, pointwise weights, gains and biases.
    ``of_batch``: whether its norms use the batch's statistics.

    The rest is found by the first pass, and the same in all others: the ``paths`` of its windows over inputs of these
    ``sizes``, and the ``steps``, their ``order`` and the ``shape`` of its rows.
    """

    before: Unit | None
    reads: tuple[int, ...]
    windows: tuple[Window, ...]
    norms: Parts
    hints: str
    first: int
    size: int
    c_in: int
    c_out: int
    gains: bool
    of_batch: bool
    places: tuple[int, ...]
    sizes: Axes = ()
    paths: tuple[tuple[tuple[Step, ...], Window], ...] = ()
    steps: tuple[Step, ...] = ()
    order: tuple[Step, ...] = ()
    shape: tuple[int, ...] = ()

    def find_paths(self, sizes: Axes) -> None:
        """Note how to convolve inputs of these axes."""
        paths = tuple([path(sizes, window, self.hints) for window in self.windows])
        self.sizes = sizes
        self.steps = paths[0][0] if len(paths) == 1 else ()
        self.order = order(self.steps)
        self.paths = paths  # last: where another thread sees them, it sees all

    def row(self, tensors: Sequence[Any], row: int) -> Sequence[Any]:
        """A kind of its parameters, or what belongs to them."""
        start = self.first + row * self.size
        return tensors[start : start + self.size]

    @property
    def end(self) -> int:
        """Where its parameters end."""
        return self.first + self.size * (len(self.windows) + (3 if self.gains else 1))


@record
class Want:
    """Which gradients of a unit are needed: of kernels, by window; of pointwise weights, gains or biases; of what is
    read; of the depthwise convolution's output; and whether ``any_of`` these is."""

    of_kernels: tuple[bool, ...]
    of_rest: bool
    of_input: bool
    of_rows: bool
    any_of: bool


@record
class Wants:
    """``units``: what is needed of each; ``sources``: those to keep for the backward pass."""

    units: dict[Unit, Want]
    sources: tuple[int, ...]


@record(eq=False)
class Group:
    """Last stages with equal channels, norms and numbers of rows. ``slices``: the places of each unit's operations;
    ``places``: those of the weights of all."""

    units: list[Unit]
    slices: list[slice]
    places: tuple[int, ...]


@dataclass(slots=True, eq=False)
class Plan:
    """Its tensors are the sources with the numbers ``taken``, then the parameters that ``owners`` have under these
    names; ``shapes`` are those of all. ``plain``: which tensors are summed up as they are, with the weights at
    ``places``. ``levels``: the units to compute one after the other; all last stages are in the last level. ``again``:
    what they compute is not kept for the backward pass, but computed again there."""

    taken: tuple[int, ...]
    owners: list[tuple[nn.Module, str]]
    shapes: list[torch.Size]
    plain: tuple[int, ...]
    places: tuple[int, ...]
    levels: list[list[Unit]]
    again: bool
    _groups: list[Group] = field(default_factory=list)
    _wants: dict[tuple[bool, ...], Wants] = field(default_factory=dict)
    _indices: dict[Any, Tensor] = field(default_factory=dict)

    @property
    def inside(self) -> list[Unit]:
        """The units of all levels but the last."""
        return [unit for level in self.levels[:-1] for unit in level]

    @property
    def last(self) -> list[Unit]:
        """The last stages."""
        return self.levels[-1] if self.levels else []

    def tensors(self, sources: Sequence[Tensor]) -> list[Any]:
        """Sources, then parameters."""
        try:
            parameters: list[Any] = [module._parameters[name] for module, name in self.owners]
        except KeyError:
            parameters = [_attribute(module, name) for module, name in self.owners]
        return [*[sources[i] for i in self.taken], *parameters]

    def index(self, places: tuple[int, ...], device: torch.device) -> Tensor:
        """The places as a tensor."""
        found = self._indices.get((places, device))
        if found is None:
            with torch.inference_mode(False):
                found = self._indices[places, device] = torch.tensor(places, device=device)
        return found

    def groups(self) -> list[Group]:
        """The last stages in groups, once the shapes of their rows are known."""
        if not self._groups:
            members: dict[Any, list[Unit]] = {}
            for unit in self.last:
                members.setdefault((unit.c_in, unit.c_out, unit.gains, unit.of_batch, prod(unit.shape)), []).append(
                    unit
                )
            self._groups = [_grouped(units) for units in members.values()]
        return self._groups

    def wants(self, of_weights: bool, wanted: tuple[bool, ...]) -> Wants:
        """What to compute in the backward pass. ``of_weights``: whether their gradients are needed; ``wanted``: which
        tensors' are."""
        found = self._wants.get((of_weights, *wanted))
        if found is None:
            if len(self._wants) >= PATTERNS:
                self._wants.clear()
            found = self._wants[of_weights, *wanted] = self._wanting(of_weights, wanted)
        return found

    def _wanting(self, of_weights: bool, wanted: tuple[bool, ...]) -> Wants:
        units: dict[Unit, Want] = {}
        needed: set[int] = set(self.plain) if of_weights else set()
        for unit in [unit for level in self.levels for unit in level]:
            rows = len(unit.windows)
            of_kernels = tuple([any(unit.row(wanted, row)) for row in range(rows)])
            of_rest = any(any(unit.row(wanted, rows + i)) for i in range(3 if unit.gains else 1))
            of_input = units[unit.before].any_of if unit.before is not None else any(wanted[i] for i in unit.reads)
            of_rows = of_input or any(of_kernels)
            units[unit] = Want(of_kernels, of_rest, of_input, of_rows, of_rest or of_rows)
            if self.again or any(of_kernels):
                needed.update(unit.reads)
        return Wants(units, tuple(sorted(needed)))


def plan_of(
    plain: Sequence[int], places: Sequence[int], lines: Sequence[Line], sources: Sequence[Tensor], again: bool
) -> Plan:
    """The plan for some lines. A source that is read several times is one tensor of it."""
    known: dict[int, int] = {}

    def taken(numbers: Sequence[int]) -> tuple[int, ...]:
        return tuple([known.setdefault(i, len(known)) for i in numbers])

    of_plain = taken(plain)
    reads = [taken(line[0]) for line in lines]
    owners: list[tuple[nn.Module, str]] = []
    depth = max((len(stages) for _, stages, _ in lines), default=0)
    levels: list[list[Unit]] = [[] for _ in range(depth)]
    for number, (_, stages, at) in enumerate(lines):
        before: Unit | None = None
        for i, (depthwise, pointwise, norms, hints) in enumerate(stages):
            modules: Any = pointwise
            first, (c_out, c_in) = len(known) + len(owners), modules[0].weight.shape[:2]
            for row in (*depthwise, pointwise):
                owners += [(module, "weight") for module in row]
            gains = norms[0].weight is not None
            if gains:
                owners += [(norm, name) for name in ("weight", "bias") for norm in norms]
            windows = tuple([window_of(row[0]) for row in depthwise])
            here = () if before else reads[number]
            before = Unit(
                before, here, windows, norms, hints, first, len(norms), c_in, c_out, gains, uses_batch(norms), tuple(at)
            )
            levels[depth - len(stages) + i].append(before)
    plan = Plan(tuple(known), owners, [], of_plain, tuple(places), levels, again)
    plan.shapes = [x.shape for x in plan.tensors(sources)]
    return plan


def _attribute(module: nn.Module, name: str) -> Any:
    """A parameter, or what a parametrization makes of others. Raises TypeError for attributes that are only set when
    the module is called, as those of `prune`: merged modules are not."""
    if name not in module._parameters and not is_parametrized(module, name):
        raise TypeError(
            f"`{name}` of {module} is no parameter, and merged operations would not see it change: "
            "use `torch.nn.utils.parametrize`, or build the network without the pass merge_targets"
        )
    return getattr(module, name)


def _grouped(units: list[Unit]) -> Group:
    slices, start = [], 0
    for unit in units:
        slices.append(slice(start, start + unit.size))
        start += unit.size
    return Group(units, slices, tuple([place for unit in units for place in unit.places]))
