"""Merged nodes, and applications with hints: calls of the kernels in ``kernels/``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...ir.graph import Node
from ...ops.torch.expressions import MODULE, PREPARED, SELF, Call, Expression, List, Literal, Tuple, dotted
from ...ops.torch.lowering import X
from ...passes.chains import Part, Stage
from ...passes.hints import hints_of
from ...passes.merge_targets import Mixture, Place
from ..codegen.kernel_table import kernel

Hold = Callable[[Part], Expression]
"""The slot, in the call under construction, of a part's module."""


def mixture_call(
    mixture: Mixture,
    plain: Sequence[Expression],
    groups: Sequence[Sequence[Expression]],
    sizes: Sequence[int],
    weights: Expression,
    hold: Hold,
) -> tuple[Call, Call | None]:
    """A call of ``kernels.merged_forward.merged_sum``, and the terms that it needs, to be prepared; or a call of
    ``kernels.weighted.weighted`` where only plain terms meet, which needs none. ``plain``: the tensors; ``groups``:
    what the operations of each group read; ``sizes``: how many options each edge has; ``weights``: all weights in a
    row."""
    starts = [sum(sizes[:i]) for i in range(len(sizes))]

    def positions(places: Sequence[Place]) -> tuple[int, ...]:
        return tuple(starts[place.edge] + place.option for place in places)

    if not mixture.groups:
        return kernel("weighted", weights, positions(mixture.plain), *plain), None
    sources = list(dict.fromkeys([*plain, *[x for xs in groups for x in xs]]))

    def numbers(xs: Sequence[Expression]) -> tuple[int, ...]:
        return tuple(sources.index(x) for x in xs)

    lines = []
    for group, xs in zip(mixture.groups, groups, strict=True):
        lines.append((numbers(xs), [_stage(stages, hold) for stages in group.stages], positions(group.places)))
    again = {"again": True} if mixture.again else {}
    terms = kernel("Terms", SELF, plain=numbers(plain), places=positions(mixture.plain), lines=lines, **again)
    return kernel("merged_sum", PREPARED, weights, *sources), terms


def _stage(stages: Sequence[Stage], hold: Hold) -> Expression:
    def row(parts: Sequence[Part]) -> Expression:
        return List(tuple(hold(part) for part in parts))

    depthwise = List(tuple(row([s.depthwise[i] for s in stages]) for i in range(len(stages[0].depthwise))))
    hints = hints_of(stages[0].depthwise[0].node) if stages[0].depthwise else ""
    return Tuple((depthwise, row([s.pointwise for s in stages]), row([s.norm for s in stages]), Literal(hints)))


def hinted(node: Node, applied: Expression) -> Expression:
    """The call of an application by itself, changed to what the node's hints say."""
    if not isinstance(applied, Call):
        return applied
    hints = hints_of(node)
    if applied.function == MODULE:
        if node.op == "depthwise":
            return kernel("filtered", MODULE, *applied.arguments, hints)
        if "product" in hints:
            return kernel("product", MODULE, *applied.arguments)
        if "clips" in hints:
            return kernel("frames" if node.attributes["k"][0] == 1 else "pixels", MODULE, *applied.arguments)
    if applied.function == dotted("F.max_pool3d") and applied.arguments[0] == X:
        return kernel("pooled", *applied.arguments)
    return applied
