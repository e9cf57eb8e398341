"""What operators keep for the backward pass: the rules that several of them share.

They are those of PyTorch's own derivatives; tests measure every operator with ``saved_tensors_hooks``.
"""

from __future__ import annotations

from typing import Final

from ..ir.operation import Application, Attributes, Saved, TensorShape
from .windows import Ints, even, paddings

FLOAT: Final = 4
"""Bytes of a number."""
INDEX: Final = 8
"""Bytes of a place."""


def nothing(application: Application) -> Saved:
    return Saved()


def input_alone(application: Application) -> Saved:
    return Saved((0,))


def output_alone(application: Application) -> Saved:
    return Saved(output=True)


def input_of_weights(application: Application) -> Saved:
    """The input, for the gradient of the weights; not where these are frozen."""
    return Saved((0,) if application.learns else ())


def window(x: TensorShape, k: Ints, stride: Ints, dilation: Ints | None, pad: str | None) -> Saved:
    """The input of a window, or where it is padded unevenly the padded copy."""
    pads = paddings(x, k, stride, dilation, pad)
    return Saved((0,)) if even(pads) else copy(x, pads)


def copy(x: TensorShape, pads: tuple[tuple[int, int], ...]) -> Saved:
    """The input in memory of its own, padded."""
    axes = [n + before + after for n, (before, after) in zip(x.axes, pads, strict=True)]
    return Saved(bytes=FLOAT * TensorShape(x.layout, (x.channels, *axes)).elements)


def always(inputs: tuple[TensorShape, ...], attrs: Attributes) -> bool:
    """The view of what only looks at its input in another way."""
    return True
