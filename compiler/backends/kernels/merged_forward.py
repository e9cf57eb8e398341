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
from .merged_backward import MergedBackward
from .merged_terms import Terms
from .moments import Bucket
from .norms import Batch, affine, track
from .paths import Step
from .plans import Plan, Unit
from .precision import as_given, in_full, is_automatic
from .scratch import hold_heap
from .weighted import factors_of


def merged_sum(terms: Terms, weights: Tensor, *sources: Tensor) -> Tensor:
    """Σ weights[place] · source over the plain terms + Σ weights[place] · operation(source) over the operations of all
    lines: (N, C', …), channels last in memory.

    With ``terms`` that are computed ``again``, only the sources and small tensors are kept for the backward pass, which
    computes the operations again up to their last pointwise convolutions: less than half of a forward pass, since
    moments are known and nothing has to be added up.
    """
    hold_heap()
    total: Tensor | None = None
    for plan in terms.plans(sources):
        y: Tensor = MergedSum.apply(plan, weights, *plan.tensors(sources))  # type: ignore[no-untyped-call]
        total = y if total is None else total + y
    assert total is not None, "nothing meets"
    return total


class MergedSum(torch.autograd.Function):
    """Saved are the sources (which others may share), the centred D of last stages and what inner stages save (unless
    they are computed again), and small matrices."""

    @staticmethod
    def forward(ctx: Any, plan: Plan, weights: Tensor, *given: Tensor) -> Tensor:
        ctx.in_full = is_automatic(weights)
        if not ctx.in_full:
            return MergedSum.compute(ctx, plan, weights, given, given)
        with as_given(weights):
            return MergedSum.compute(ctx, plan, in_full(weights), [in_full(t) for t in given], given)

    @staticmethod
    def compute(ctx: Any, plan: Plan, weights: Tensor, tensors: Sequence[Tensor], kept: Sequence[Tensor]) -> Tensor:
        """``kept``: the tensors as they were given, to be saved: others may share them."""
        inputs = Inputs(tensors)
        kernels = {unit: _kernels(unit, tensors) for level in plan.levels for unit in level}
        given: dict[Unit, Tensor] = {}
        sums: dict[tuple[Step, ...], Tensor] = {}
        shapes: dict[tuple[Step, ...], tuple[int, ...]] = {}
        inners: list[Inner] = []
        batches: list[Batch] = []
        for level in plan.levels[:-1]:
            for unit in level:
                flat = convolved(unit, kernels[unit], inputs, given)
                inner = Inner(unit, flat, tensors[unit.first + unit.size * len(unit.windows) : unit.end], batches)
                given[unit] = leave(inner.result(f"given {len(given)}").view(*unit.shape, -1), unit.steps)
                inners.append(inner)
        rows = [convolved(unit, kernels[unit], inputs, given) for unit in plan.last]
        places = _folded(plan, rows, tensors, weights, batches)
        track(batches)
        for unit, flat, (bucket, at) in zip(plan.last, rows, places, strict=True):
            key = unit.order
            sums[key] = joined(flat, bucket.whole[at].view(-1, unit.c_out), sums.get(key))
            shapes[key] = unit.shape
            if bucket.offset is not None:
                sums[key].add_(bucket.offset[at].sum(0))
        total: Tensor | None = None
        for key, flat in sums.items():
            part = leave(flat.view(*shapes[key], -1), key)
            total = part if total is None else total.add_(part)
        assert total is not None, "only plain terms meet"
        y = total.movedim(-1, 1)
        for factor, i in zip(factors_of(weights, plan.places), plan.plain, strict=True):
            if isinstance(factor, float):
                y.add_(tensors[i], alpha=factor)
            else:
                y.addcmul_(tensors[i], factor)
        ctx.places, ctx.inners = places, inners
        _note(ctx, plan, weights, kept, kernels, rows)
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        with as_given(g):
            return MergedBackward(ctx, g.movedim(1, -1).contiguous()).run()


def _kernels(unit: Unit, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The kernels of a unit's depthwise convolutions, those of all its operations side by side."""
    return [torch.cat(list(unit.row(tensors, number))) for number in range(len(unit.windows))]


def _folded(
    plan: Plan, rows: Sequence[Tensor], tensors: Sequence[Tensor], weights: Tensor, batches: list[Batch]
) -> list[tuple[Bucket, slice]]:
    """The buckets of last stages, folded; for each unit its bucket, and its place there."""
    of_unit = dict(zip(plan.last, rows, strict=True))
    found: dict[Unit, tuple[Bucket, slice]] = {}
    for group in plan.groups():
        units, count = group.units, len(of_unit[group.units[0]])
        points, *gains = [
            [t for unit in units for t in unit.row(tensors, len(unit.windows) + row)]
            for row in range(3 if units[0].gains else 1)
        ]
        norms = [norm for unit in units for norm in unit.norms]
        factors = weights[plan.index(group.places, weights.device)]
        bucket = Bucket(points, norms, affine(*gains) if gains else None, factors, count)
        for unit, at in zip(units, group.slices, strict=True):
            bucket.note(at, of_unit[unit])
            found[unit] = bucket, at
        bucket.fold(batches)
    return [found[unit] for unit in plan.last]


def _note(
    ctx: Any,
    plan: Plan,
    weights: Tensor,
    tensors: Sequence[Tensor],
    kernels: dict[Unit, list[Tensor]],
    rows: Sequence[Tensor],
) -> None:
    """Save for the backward pass what it needs: sources only where weights, or what convolved them, need a gradient."""
    _, of_weights, *wanted = ctx.needs_input_grad
    ctx.plan, ctx.wants = plan, plan.wants(of_weights, tuple(wanted))
    ctx.buckets = list(dict.fromkeys(bucket for bucket, _ in ctx.places))
    small = [t for bucket in ctx.buckets for t in bucket.saved()]
    for unit, inner in zip(plan.inside, ctx.inners, strict=True):
        small += inner.saved(ctx.wants.units[unit].of_rest and not plan.again, not plan.again)
    filters = [t for level in plan.levels for unit in level for t in kernels[unit]]
    last = () if plan.again else rows
    ctx.save_for_backward(weights, *[tensors[i] for i in ctx.wants.sources], *small, *filters, *last)
