"""The backward pass of what meets in a node: every gradient that is wanted, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .blocks import fetch, joined_inner_products, multiply
from .convolved import convolved
from .depthwise import add_enter_gradient, enter_gradient, gradients, leave, leave_gradient, stepped
from .inner import SAVED as INNER_SAVED
from .inner import Inner
from .inputs import Inputs
from .moments import SAVED, Bucket, Slopes
from .paths import Step
from .plans import Plan, Unit
from .precision import in_full
from .scratch import scratch
from .weighted import dots, factors_of


class MergedBackward:
    """``ctx``: of the forward pass; ``g``: (N, …, C'), contiguous."""

    def __init__(self, ctx: Any, g: Tensor) -> None:
        self.plan: Plan = ctx.plan
        self.g, self.shapes = g, self.plan.shapes
        _, self.of_weights, *self.wanted = ctx.needs_input_grad
        self.wants = ctx.wants.units
        saved = iter(ctx.saved_tensors)
        self.weights: Tensor = next(saved)
        self.sources: dict[int, Tensor] = {
            i: in_full(next(saved)) if ctx.in_full else next(saved) for i in ctx.wants.sources
        }
        for bucket in ctx.buckets:
            bucket.restore([next(saved) for _ in SAVED])
        units, self.last = self.plan.inside, self.plan.last
        self.inners: dict[Unit, Inner] = dict(zip(units, ctx.inners, strict=True))
        for inner in ctx.inners:
            inner.restore([next(saved) for _ in INNER_SAVED])
        self.kernels = {unit: [next(saved) for _ in unit.windows] for unit in (*units, *self.last)}
        self.where: dict[Unit, tuple[Bucket, slice]] = dict(zip(self.last, ctx.places, strict=True))
        self.inputs = Inputs(self.sources)
        self.rows: dict[Unit, Tensor] = {}
        """The centred D of last stages."""
        if self.plan.again:
            self._again()
        else:
            self.rows.update({unit: next(saved) for unit in self.last})
        self.found: list[Any] = [None] * len(self.shapes)
        self.g_weights = torch.zeros_like(self.weights) if self.of_weights else None
        self.towards: dict[Any, Tensor] = {}
        """Gradients of what was read: by sources and steps."""
        self.behind: dict[Unit, Tensor] = {}
        """Gradients of what inner stages gave."""
        self.ordered: dict[tuple[Step, ...], Tensor] = {}
        """The node's gradient, in the orders that lines have."""
        self.sum: Tensor | None = None
        self.centred: dict[tuple[Step, ...], Tensor] = {}

    def run(self) -> Any:
        """The gradients of the inputs of the forward pass, in their order."""
        self._last_stages()
        for level in reversed(self.plan.levels[:-1]):
            for unit in level:
                if self.wants[unit].any_of:
                    self._inner(unit)
        self._sources()
        self._plain()
        # They live on with the graph: what they hold would fill the memory until the whole backward pass is over.
        for inner in self.inners.values():
            inner.forget()
        for bucket, _ in self.where.values():
            bucket.forget()
        return None, self.g_weights, *self.found

    def _again(self) -> None:
        """Compute what was not kept."""
        given: dict[Unit, Tensor] = {}
        for level in self.plan.levels:
            for unit in level:
                flat = convolved(unit, self.kernels[unit], self.inputs, given)
                if unit in self.inners:
                    self.inners[unit].again(flat)
                    space = f"given {len(given)}"
                    given[unit] = leave(self.inners[unit].result(space).view(*unit.shape, -1), unit.steps)
                else:
                    bucket, at = self.where[unit]
                    self.rows[unit] = flat.sub_(bucket.mean[at].view(-1)) if bucket.of_batch else flat

    # -- from the node to the rows

    def _last_stages(self) -> None:
        members: dict[Bucket, list[Unit]] = {}
        for unit in self.last:
            if self.wants[unit].any_of or self.of_weights:
                members.setdefault(self.where[unit][0], []).append(unit)
        for bucket, units in members.items():
            slopes = self._slopes(bucket, units) if self._steep(bucket, units) else None
            for unit in units:
                if self.wants[unit].of_rows:
                    self._rows(unit, bucket.whole[self.where[unit][1]], slopes)

    def _steep(self, bucket: Bucket, units: Sequence[Unit]) -> bool:
        """Whether the gradient of the bucket's matrices is needed."""
        if self.of_weights:
            return True
        wants = [self.wants[unit] for unit in units]
        return any(want.of_rest or (want.of_rows and bucket.of_batch) for want in wants)

    def _of_node(self, unit: Unit) -> Tensor:
        """The node's gradient in the order of a unit's rows."""
        key = unit.order
        if key not in self.ordered:
            self.ordered[key] = leave_gradient(self.g, key).reshape(-1, self.g.shape[-1])
        return self.ordered[key]

    def _sum(self) -> Tensor:
        """The sum of the node's gradient over all positions, (C',): in any order the same."""
        if self.sum is None:
            self.sum = self.g.view(-1, self.g.shape[-1]).sum(0)
        return self.sum

    def _slopes(self, bucket: Bucket, units: Sequence[Unit]) -> Slopes:
        size, c_in, c_out = bucket.matrix.shape
        g_whole = bucket.matrix.new_zeros(c_out, size * c_in)
        for unit in units:
            at = self.where[unit][1]
            joined_inner_products(self.rows[unit], self._of_node(unit), g_whole[:, at.start * c_in : at.stop * c_in])
        slopes = bucket.slopes(g_whole.view(c_out, size, c_in).permute(1, 2, 0), self._sum().expand(size, -1))
        for row, gradient in enumerate((slopes.matrix, slopes.gain, slopes.bias)):
            if gradient is not None and any(self.wants[unit].of_rest for unit in units):
                parts: Sequence[Tensor] | None = None
                for unit in units:
                    parts = self._take(unit, len(unit.windows) + row, gradient, parts, self.where[unit][1].start)
        if self.g_weights is not None:
            # Where the gradients of weights are wanted, all units of the bucket are here.
            places = tuple([place for unit in units for place in unit.places])
            self.g_weights.index_add_(0, self.plan.index(places, self.g_weights.device), slopes.weights)
        return slopes

    def _take(
        self, unit: Unit, row: int, gradient: Tensor, parts: Sequence[Tensor] | None = None, at: int = 0
    ) -> Sequence[Tensor] | None:
        """Note the gradients of a kind of parameters. They begin ``at`` that place of ``gradient``, whose ``parts``
        are given back, to be taken from again."""
        start = unit.first + row * unit.size
        for i in range(start, start + unit.size):
            if self.wanted[i]:
                if parts is None:
                    parts = gradient.reshape(-1, *self.shapes[i]).unbind()
                self.found[i] = parts[at + i - start]
        return parts

    # -- from the rows to what was read

    def _rows(self, unit: Unit, whole: Tensor, slopes: Slopes | None) -> None:
        g, flat = self._of_node(unit), self.rows[unit]
        rows, turned = self._space(unit, flat), whole.view(-1, unit.c_out).t()
        if slopes is None or slopes.pull is None:
            torch.mm(g, turned, out=rows)
        else:
            key = unit.order
            if key not in self.centred:
                self.centred[key] = g - self._sum() / flat.shape[0]
            fetch(flat)
            multiply(flat, slopes.pull[self.where[unit][1]], rows)
            rows.addmm_(self.centred[key], turned)
        self._convolutions(unit, rows.view(*unit.shape, -1))

    def _space(self, unit: Unit, like: Tensor) -> Tensor:
        """For the gradient of a unit's rows: used again, unless they are themselves what was read."""
        shape = like.shape[0], unit.size * unit.c_in
        return scratch("rows", like, shape) if unit.windows else like.new_empty(shape)

    def _inner(self, unit: Unit) -> None:
        inner, rows = self.inners[unit], len(unit.windows)
        g = leave_gradient(self.behind.pop(unit), unit.steps)
        g, of_gain, of_bias = inner.backward(g.reshape(-1, g.shape[-1]))
        if self.wants[unit].of_rest:
            self._take(unit, rows, inner.of_matrix(g, unit.size))
        if unit.gains and of_gain is not None and of_bias is not None:
            self._take(unit, rows + 1, of_gain)
            self._take(unit, rows + 2, of_bias)
        if self.wants[unit].of_rows:
            space = self._space(unit, g)
            inner.of_rows(g, unit.size, space)
            self._convolutions(unit, space.view(*unit.shape, -1))

    def _given(self, unit: Unit | None) -> Tensor | None:
        """What an inner stage gave, computed again."""
        if unit is None:
            return None
        return leave(self.inners[unit].result("given").view(*unit.shape, -1), unit.steps)

    def _convolutions(self, unit: Unit, g: Tensor) -> None:
        if not unit.windows:
            self._towards(unit, (), g)
            return
        want = self.wants[unit]
        before = self._given(unit.before) if any(want.of_kernels) else None
        for row, (steps, plain) in enumerate(unit.paths):
            outside = g if len(unit.windows) == 1 else leave_gradient(g, steps)
            kernel, of_kernel = self.kernels[unit][row], want.of_kernels[row]

            def reader(steps: tuple[Step, ...] = steps, of_kernel: bool = of_kernel) -> Tensor:
                if of_kernel:
                    return self.inputs.entered(unit, steps, before)
                return stepped(g.new_empty(self.g.shape[0], *unit.sizes, unit.size * unit.c_in), steps)

            g_x, g_kernel = gradients(outside, reader, kernel, plain, want.of_input, of_kernel, unit.hints)
            if g_kernel is not None:
                self._take(unit, row, g_kernel)
            if g_x is not None:
                self._towards(unit, steps, g_x)

    def _towards(self, unit: Unit, steps: tuple[Step, ...], g: Tensor) -> None:
        if unit.before is not None:
            there = self.behind.get(unit.before)
            if there is None:
                self.behind[unit.before] = enter_gradient(g, steps)
            else:
                add_enter_gradient(there, g, steps)
            return
        key = unit.reads, steps
        there = self.towards.get(key)
        self.towards[key] = g if there is None else there.add_(g)

    def _sources(self) -> None:
        """From the gradients of sources side by side to those of each."""
        joined: dict[tuple[int, ...], Tensor] = {}
        for (reads, steps), g in sorted(self.towards.items(), key=_steps):
            if reads in joined:
                add_enter_gradient(joined[reads], g, steps)
            else:
                joined[reads] = enter_gradient(g, steps)
        for reads, found in joined.items():
            g, width = found.movedim(-1, 1), found.shape[-1] // len(reads)
            for number, i in enumerate(reads):
                if self.wanted[i]:
                    self._add(i, g[:, number * width : (number + 1) * width])

    def _add(self, source: int, g: Tensor) -> None:
        there = self.found[source]
        # All that is added up here is memory of this pass, and no two of its slices overlap.
        self.found[source] = g if there is None else there.add_(g)

    def _plain(self) -> None:
        places, plain, g = self.plan.places, self.plan.plain, self.g.movedim(-1, 1)
        if self.g_weights is not None and plain:
            products = torch.stack(dots(g, [self.sources[i] for i in plain]))
            index = self.plan.index(places, self.weights.device)
            self.g_weights.index_add_(0, index, products.to(self.g_weights.dtype))
        for factor, i in zip(factors_of(self.weights, places), plain, strict=True):
            if self.wanted[i]:
                self._add(i, g * factor)


def _steps(item: tuple[Any, Tensor]) -> int:
    """How many steps were taken: what took none comes first, and the others are added to it."""
    return len(item[0][1])
