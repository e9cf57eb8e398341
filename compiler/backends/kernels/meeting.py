"""All that meets in a node of a supernet, weighted, forward and backward in one piece.

Operations that are chains of depthwise and pointwise convolutions with batch-norm go side by side, in the channels, one
convolution for all edges; ``moments.py`` has what becomes of the rest. Terms of one order of rows are summed up by the
matrix products themselves. Exact in real numbers; what was convolved is centred before its covariance is taken, so that
little is lost in floating-point ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .blocks import joined
from .convolved import convolved
from .depthwise import leave
from .inner import Inner
from .inputs import Inputs
from .lines import Line, Plan, Unit, plan_of, portions
from .moments import Bucket
from .norms import affine, uses_batch
from .paths import Step, order
from .retreat import Retreat
from .scratch import hold_heap
from .weighted import factors_of


def meet(
    weights: Tensor, places: Sequence[int], plain: Sequence[Tensor], lines: Sequence[Line], again: bool = False
) -> Tensor:
    """Σ_i weights[places[i]] · plain[i] + Σ weights[place] · operation(x) over the operations of all ``lines``:
    (N, C', …), channels last in memory.

    ``again``: only the sources and small tensors are kept for the backward pass, which computes the operations again up
    to their last pointwise convolutions: less than half of a forward pass, since moments are known and nothing has to
    be added up.
    """
    hold_heap()
    total: Tensor | None = None
    for part in portions(lines):
        plan = plan_of(places, plain, part, again)
        y: Tensor = Meeting.apply(plan, weights, *plan.tensors)  # type: ignore[no-untyped-call]
        plan.tensors = []
        total = y if total is None else total + y
        places = plain = ()
    assert total is not None, "nothing meets"
    return total


class Meeting(torch.autograd.Function):
    """Saved are the sources (which others may share), the centred D of last stages and what inner stages save (unless
    they are computed again), and small matrices."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, weights: Tensor, *tensors: Tensor) -> Tensor:
        inputs = Inputs(tensors)
        kernels = {unit: _kernels(unit, tensors) for level in plan.levels for unit in level}
        given: dict[Unit, Tensor] = {}
        sums: dict[tuple[Step, ...], Tensor] = {}
        shapes: dict[tuple[Step, ...], tuple[int, ...]] = {}
        inners: list[Inner] = []
        for level in plan.levels[:-1]:
            for unit in level:
                flat = convolved(unit, kernels[unit], inputs, given)
                inner = Inner(unit, flat, tensors[unit.first + unit.size * len(unit.windows) : unit.end])
                given[unit] = leave(inner.result(f"given {len(given)}").view(*unit.shape, -1), unit.steps)
                unit.gives = tuple(given[unit].shape[1:-1])
                inners.append(inner)
        last = plan.levels[-1] if plan.levels else []
        rows = [convolved(unit, kernels[unit], inputs, given) for unit in last]
        places = _folded(last, rows, tensors, weights)
        for unit, flat, (bucket, at) in zip(last, rows, places, strict=True):
            key = order(unit.steps)
            sums[key] = joined(flat, bucket.whole[at].view(-1, unit.c_out), sums.get(key))
            shapes[key] = unit.shape
            if bucket.offset is not None:
                sums[key].add_(bucket.offset[at].sum(0))
        total: Tensor | None = None
        for key, flat in sums.items():
            part = leave(flat.view(*shapes[key], -1), key)
            total = part if total is None else total.add_(part)
        for factor, i in zip(factors_of(weights, plan.places), plan.plain, strict=True):
            value = tensors[i].movedim(1, -1)
            if total is None:
                total = (value * factor).contiguous()
            elif isinstance(factor, float):
                total.add_(value, alpha=factor)
            else:
                total.addcmul_(value, factor)
        assert total is not None, "nothing meets"
        ctx.places, ctx.inners = places, inners
        _note(ctx, plan, weights, tensors, kernels, rows)
        return total.movedim(-1, 1)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        return Retreat(ctx, g.movedim(1, -1).contiguous()).run()


def _kernels(unit: Unit, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The kernels of a unit's depthwise convolutions, those of all its operations side by side."""
    return [torch.cat(list(unit.row(tensors, number))) for number in range(len(unit.windows))]


def _folded(
    level: Sequence[Unit], rows: Sequence[Tensor], tensors: Sequence[Tensor], weights: Tensor
) -> list[tuple[Bucket, slice]]:
    """The buckets of last stages, folded; for each unit its bucket, and its place there."""
    members: dict[Any, list[int]] = {}
    for i, unit in enumerate(level):
        key = unit.c_in, unit.c_out, unit.gains, uses_batch(unit.norms), len(rows[i])
        members.setdefault(key, []).append(i)
    found: dict[int, tuple[Bucket, slice]] = {}
    for numbers in members.values():
        units = [level[i] for i in numbers]

        def gathered(row: int, units: list[Unit] = units) -> list[Tensor]:
            return [t for unit in units for t in unit.row(tensors, len(unit.windows) + row)]

        factors = weights[torch.tensor([p for unit in units for p in unit.places], device=weights.device)]
        gains = affine(gathered(1), gathered(2)) if units[0].gains else None
        norms = [norm for unit in units for norm in unit.norms]
        bucket = Bucket(gathered(0), norms, gains, factors, len(rows[numbers[0]]))
        start = 0
        for i, unit in zip(numbers, units, strict=True):
            at = slice(start, start + unit.size)
            bucket.note(at, rows[i])
            found[i], start = (bucket, at), at.stop
        bucket.fold()
    return [found[i] for i in range(len(level))]


def _note(
    ctx: Any,
    plan: Plan,
    weights: Tensor,
    tensors: Sequence[Tensor],
    kernels: dict[Unit, list[Tensor]],
    rows: Sequence[Tensor],
) -> None:
    """Save for the backward pass what it needs: sources only where weights, or what convolved them, need a gradient."""
    wanted = ctx.needs_input_grad[2:]
    needed: set[int] = set(plan.plain) if ctx.needs_input_grad[1] else set()
    for level in plan.levels:
        for unit in level:
            unit.want(wanted)
            if plan.again or any(unit.of_kernels):
                needed.update(unit.reads)
    ctx.plan, ctx.needed = plan, sorted(needed)
    ctx.shapes = [x.shape for x in tensors]
    ctx.buckets = list(dict.fromkeys(bucket for bucket, _ in ctx.places))
    small = [t for bucket in ctx.buckets for t in bucket.saved()]
    inside = [unit for level in plan.levels[:-1] for unit in level]
    for unit, inner in zip(inside, ctx.inners, strict=True):
        small += inner.saved(unit.of_rest and not plan.again, not plan.again)
    filters = [t for level in plan.levels for unit in level for t in kernels[unit]]
    last = () if plan.again else rows
    ctx.save_for_backward(weights, *(tensors[i] for i in ctx.needed), *small, *filters, *last)
