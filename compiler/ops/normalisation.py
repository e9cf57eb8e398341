"""Normalisation: `bn`, `group_norm`, `layer_norm`."""

from __future__ import annotations

from math import prod

from ..ir.operation import (
    REQUIRED,
    Application,
    Attributes,
    Cost,
    Layout,
    OpFault,
    Parameter,
    Primitive,
    Saved,
    TensorShape,
)
from . import attributes as read
from .saving import FLOAT, input_alone

Inputs = tuple[TensorShape, ...]

_FREE = Cost()
_OF_TOKENS: dict[Layout, str] = {"tokens": "use `layer_norm`", "features": "use `layer_norm`"}
_OF_POSITIONS: dict[Layout, str] = dict.fromkeys(("image", "clip"), "use `bn` or `group_norm(1)`")
_EPS = Parameter("eps", "number", 1e-5, "added to the variance")
_AFFINE = Parameter("affine", "bool", True, "whether a scale and a bias per channel are learnt")


def _shape(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """As it enters."""
    return inputs[0]


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Two parameters a channel where `affine` holds; no multiply-adds."""
    return Cost(2 * output.channels) if attrs["affine"] else _FREE


def _channels(norm: str) -> str:
    return f"`{norm}` takes its channels from what enters: write `{norm}`"


def _normalise_bn(inputs: Inputs, attrs: Attributes) -> Attributes:
    read.only(inputs[0], ("image", "clip", "features"), "images, clips and features", _OF_TOKENS)
    return {
        "affine": read.flag(attrs, "affine", True, _channels("bn")),
        "eps": read.number(attrs, "eps", 1e-5, 0),
        "momentum": read.number(attrs, "momentum", 0.1, 0, 1),
    }


def _normalise_group_norm(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x, _OF_TOKENS)
    groups = read.groups(attrs, x.channels)
    if prod(x.dims) == groups:
        few = "take fewer groups, or normalise where the tensor has more positions"
        raise OpFault("shape", f"a group of its {groups} has a single value, of which there is no variance", few)
    return {
        "groups": groups,
        "affine": read.flag(attrs, "affine", True),
        "eps": read.number(attrs, "eps", 1e-5, 0),
    }


def _normalise_layer_norm(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.only(x, ("tokens", "features"), "tokens and features", _OF_POSITIONS)
    return {
        "affine": read.flag(attrs, "affine", True, _channels("layer_norm")),
        "eps": read.number(attrs, "eps", 1e-5, 0),
    }


def _saves_group_norm(application: Application) -> Saved:
    """The input, and the mean and deviation of each group."""
    return Saved((0,), bytes=2 * FLOAT * application.attrs["groups"])


def _saves_layer_norm(application: Application) -> Saved:
    """The input, and the mean and deviation of each token."""
    x = application.inputs[0]
    return Saved((0,), bytes=2 * FLOAT * (x.elements // x.channels))


PRIMITIVES = (
    Primitive(
        "bn",
        (_AFFINE, _EPS, Parameter("momentum", "number", 0.1, "weight of a batch in the running statistics")),
        _normalise_bn,
        _shape,
        _cost,
        "Batch normalisation over everything but channels.",
        saves=input_alone,
        stateful=True,
        norm=True,
    ),
    Primitive(
        "group_norm",
        (
            Parameter("groups", "int", REQUIRED, "groups of channels that are normalised together", drawn="name"),
            _AFFINE,
            _EPS,
        ),
        _normalise_group_norm,
        _shape,
        _cost,
        "Normalisation of each sample over groups of channels and all positions, two values or more.",
        saves=_saves_group_norm,
        stateful=True,
        norm=True,
        joint=True,
    ),
    Primitive(
        "layer_norm",
        (_AFFINE, _EPS),
        _normalise_layer_norm,
        _shape,
        _cost,
        "Normalisation of each token over its channels.",
        saves=_saves_layer_norm,
        stateful=True,
        norm=True,
    ),
)
