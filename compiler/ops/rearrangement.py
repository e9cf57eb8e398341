"""The same elements in another order or layout: `flatten`, `to_tokens`, `from_tokens`, `channel_shuffle`,
`time_to_channel`."""

from __future__ import annotations

from ..ir.operation import REQUIRED, Attributes, Cost, Instants, Layout, OpFault, Parameter, Primitive, TensorShape
from . import attributes as read
from .saving import always, nothing
from .windows import every_instant

Inputs = tuple[TensorShape, ...]

_FREE = Cost()


def _cost(inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
    """Free."""
    return _FREE


def _shape_flatten(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """Features, as many as there are elements."""
    return TensorShape("features", (inputs[0].elements,))


def _normalise_to_tokens(inputs: Inputs, attrs: Attributes) -> Attributes:
    read.windowed(inputs[0], {"tokens": "these are tokens already: leave it out"})
    return {}


def _shape_to_tokens(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """One token a position, with the channels that enter."""
    x = inputs[0]
    return TensorShape("tokens", (x.elements // x.dims[0], x.dims[0]))


_POSITIONS = ("frames", "height", "width")
_NO_TOKENS: dict[Layout, str] = {
    "clip": "this is a clip already: leave it out",
    "image": "put `to_tokens` before it",
    "features": "features have no positions; what needs them stands before `flatten` or `linear`",
}


def _normalise_from_tokens(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.only(x, ("tokens",), "tokens", _NO_TOKENS)
    found = {name: read.integer(attrs, name) for name in _POSITIONS}
    t, h, w = found.values()
    if t * h * w != x.dims[0]:
        raise OpFault(
            "shape",
            f"{x.dims[0]} tokens enter, and {t} frames of {h}x{w} have {t * h * w} positions",
            "the sizes are those of the clip that became tokens: `x.frames`, `x.height`, `x.width`",
            "frames",
        )
    return found


def _shape_from_tokens(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """A clip of these sizes, with the channels of the tokens."""
    return TensorShape("clip", (inputs[0].channels, *(attrs[name] for name in _POSITIONS)))


def _normalise_shuffle(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.windowed(x)
    return {"groups": read.groups(attrs, x.dims[0])}


def _shape_shuffle(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """As it enters."""
    return inputs[0]


def _normalise_time(inputs: Inputs, attrs: Attributes) -> Attributes:
    x = inputs[0]
    read.only(x, ("clip",), "clips")
    frames = read.integer(attrs, "frames")
    if x.dims[1] % frames:
        raise OpFault(
            "shape",
            f"`frames` = {frames} does not divide the {x.dims[1]} frames that enter",
            None,
            "frames",
        )
    return {"frames": frames}


def _shape_time(inputs: Inputs, attrs: Attributes) -> TensorShape:
    """`frames` times the channels, a `frames`-th of the frames."""
    c, t, h, w = inputs[0].dims
    n = attrs["frames"]
    return TensorShape("clip", (c * n, t // n, h, w))


def _moves_no_channel(inputs: Inputs, attrs: Attributes) -> bool:
    return attrs["groups"] in (1, inputs[0].channels)


def _moves_no_frame(inputs: Inputs, attrs: Attributes) -> bool:
    c, t, _, _ = inputs[0].dims
    return c == 1 or attrs["frames"] in (1, t)


def _those_together(inputs: Inputs, attrs: Attributes) -> Instants:
    return Instants(attrs["frames"], attrs["frames"])


PRIMITIVES = (
    Primitive(
        "flatten",
        (),
        read.plain,
        _shape_flatten,
        _cost,
        "All elements as features.",
        saves=nothing,
        instants=every_instant,
        keeps_zeros=True,
        view=always,
        joint=True,
    ),
    Primitive(
        "to_tokens",
        (),
        _normalise_to_tokens,
        _shape_to_tokens,
        _cost,
        "The positions of an image or clip as tokens, row by row.",
        saves=nothing,
        keeps_zeros=True,
        view=always,
    ),
    Primitive(
        "from_tokens",
        (
            Parameter("frames", "int", REQUIRED, "frames of the clip", drawn="name"),
            Parameter("height", "int", REQUIRED, "its height", drawn="name"),
            Parameter("width", "int", REQUIRED, "its width", drawn="name"),
        ),
        _normalise_from_tokens,
        _shape_from_tokens,
        _cost,
        "Tokens as the positions of a clip, row by row: what `to_tokens` makes of a clip becomes that clip again.",
        saves=nothing,
        keeps_zeros=True,
        view=always,
    ),
    Primitive(
        "channel_shuffle",
        (Parameter("groups", "int", REQUIRED, "groups whose channels are interleaved", drawn="name"),),
        _normalise_shuffle,
        _shape_shuffle,
        _cost,
        "Interleaves the channels of groups (ShuffleNet).",
        saves=nothing,
        keeps_zeros=True,
        view=_moves_no_channel,
    ),
    Primitive(
        "time_to_channel",
        (Parameter("frames", "int", REQUIRED, "neighbouring frames that become channels of one", drawn="name"),),
        _normalise_time,
        _shape_time,
        _cost,
        "Stacks neighbouring frames of a clip as channels.",
        saves=nothing,
        instants=_those_together,
        keeps_zeros=True,
        view=_moves_no_frame,
    ),
)
