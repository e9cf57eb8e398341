"""Shapes in messages, and the shape of what is wrong."""

from __future__ import annotations

from collections.abc import Mapping

from ...diagnostics.model import Label
from ...ir.diagram import evaluate, leaves
from ...ir.graph import TensorType
from ...ir.operation import CHANNEL_AXIS
from .state.state import State
from .values import Tensor

BROKEN = TensorType("features", ())
"""The type of a tensor whose shape could not be told."""

_AXIS_WORDS = {
    "image": ("channels", "rows", "columns"),
    "clip": ("channels", "frames", "rows", "columns"),
    "tokens": ("tokens", "channels"),
    "features": ("channels",),
}


def type_text(type: TensorType) -> str:
    """`image(16, 8, 8)`; dimensions that depend on decisions are shown as their cases."""
    dims = []
    for dim in type.dims:
        cases = leaves(dim)
        dims.append("|".join(map(str, cases)) if len(cases) <= 4 else f"{cases[0]}|{cases[1]}|…")
    return f"{type.layout}({', '.join(dims)})"


def type_under(type: TensorType, answers: Mapping[int, int]) -> str:
    """The type as the answers make it, or with its cases where they do not say."""
    try:
        return str(type.concrete({**answers}))
    except KeyError:
        return type_text(type)


def alike(a: TensorType, b: TensorType) -> bool:
    """Whether two types have equally many dimensions of the same meaning."""
    return a.layout == b.layout and len(a.dims) == len(b.dims)


def differing_sizes(a: TensorType, b: TensorType, answers: Mapping[int, int], concat: bool) -> str:
    """The first sizes that differ, `4 channels meet 8`; a concat's channels may."""
    for axis, (first, second) in enumerate(zip(a.dims, b.dims, strict=True) if alike(a, b) else ()):
        try:
            p, q = evaluate(first, answers), evaluate(second, answers)
        except KeyError:
            continue
        if p != q and not (concat and axis == CHANNEL_AXIS[a.layout]):
            return f"{p} {_AXIS_WORDS[a.layout][axis]} meet {q}"
    return ""


def type_labels(state: State, first: Tensor, second: Tensor) -> tuple[Label, ...]:
    """Where two tensors are made, and their types."""
    a, b = state.builder.nodes[first.node], state.builder.nodes[second.node]
    if a.span == b.span:
        return ()
    return (Label(a.span, type_text(first.type)), Label(b.span, type_text(second.type)))
