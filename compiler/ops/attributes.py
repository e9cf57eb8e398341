"""Reading the arguments of a primitive: each function takes one by name, checks it, and says what is wrong with it.

Rules run thousands of times in a check, so these are plain functions over plain values.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from math import isfinite, isqrt
from types import MappingProxyType
from typing import Any, Final

from ..ir.operation import REQUIRED, SAME, Attributes, Layout, OpFault, TensorShape
from ..text.quoting import space_string

AXES: Final[dict[Layout, tuple[str, ...]]] = {"image": ("height", "width"), "clip": ("frames", "height", "width")}
"""The names of the window axes."""

_EXAMPLE: Final[dict[Layout, str]] = {"image": "3x3", "clip": "3x3x3"}


_NOTHING: Final[Mapping[Layout, str]] = MappingProxyType({})
_BEFORE: Final[dict[Layout, str]] = {
    "image": "an image has no frames: leave it out",
    "tokens": "what needs axes stands before `to_tokens`",
    "features": "what needs axes stands before `flatten` or `linear`",
}


def windowed(shape: TensorShape, instead: Mapping[Layout, str] = _NOTHING) -> None:
    """Raises OpFault unless the shape has window axes. ``instead``: what fits a layout that has none."""
    only(shape, ("image", "clip"), "images and clips", instead)


def only(shape: TensorShape, layouts: tuple[Layout, ...], words: str, instead: Mapping[Layout, str] = _NOTHING) -> None:
    """Raises OpFault unless the shape is of one of the layouts. ``instead``: what fits another one."""
    if shape.layout not in layouts:
        advice = [instead[shape.layout]] if shape.layout in instead else []
        if not advice or shape.layout in ("tokens", "features"):
            advice += [_BEFORE[shape.layout]] if "image" in layouts or "clip" in layouts else []
        raise OpFault("layout", f"it is for {words}, its input is {shape}", "; ".join(advice))


def required(attrs: Attributes, name: str) -> Any:
    """The argument, which has no default."""
    value = attrs.get(name, REQUIRED)
    if value is REQUIRED:
        raise OpFault("attribute", f"`{name}` is missing", f"write `{name} = …`", name)
    return value


def _is_int(value: Any) -> bool:
    return type(value) is int


def shown(value: Any) -> str:
    """A value as the language writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        if len(value) > 1 and all(_is_int(v) and v >= 0 for v in value):
            return "x".join(map(str, value))
        return f"({', '.join(map(shown, value))})"
    return space_string(value) if isinstance(value, str) else str(value)


def integer(attrs: Attributes, name: str, default: Any = REQUIRED, least: int = 1) -> int:
    """A whole number of at least ``least``."""
    value = attrs.get(name, default)
    if type(value) is int and value >= least:
        return value
    if value is REQUIRED:
        required(attrs, name)
    fraction = isinstance(value, float) and isfinite(value)
    bound = "" if fraction and value >= least else f" of at least {least}"
    message = f"`{name}` must be a whole number{bound}, not {shown(value)}"
    help = f"numbers stand without quotes: {value}" if isinstance(value, str) and value.isdigit() else None
    raise OpFault("attribute", message, help, name, fraction)


def channels(attrs: Attributes, shape: TensorShape, name: str = "c", default: Any = SAME) -> int:
    """A number of channels; `same` is that of ``shape``."""
    value = attrs.get(name, default)
    if value is SAME:
        return shape.channels
    return integer(attrs, name, default)


def axes(attrs: Attributes, shape: TensorShape, name: str, default: Any = REQUIRED, least: int = 1) -> tuple[int, ...]:
    """One whole number per window axis of ``shape``; a single one repeats over the axes."""
    value = attrs.get(name, default)
    rank = len(AXES[shape.layout])
    if type(value) is int:
        if value >= least:
            return (value,) * rank
    elif type(value) is tuple:
        if len(value) == rank:
            for v in value:
                if type(v) is not int or v < least:
                    break
            else:
                return value
        elif all(_is_int(v) for v in value):
            raise OpFault(
                "attribute",
                f"`{name}` is {shown(value)}, of {len(value)} axes, but the {shape.layout} that enters has "
                f"{rank} ({', '.join(AXES[shape.layout])})",
                _rank_help(value, shape.layout),
                name,
            )
    if value is REQUIRED:
        raise OpFault("attribute", f"`{name}` is missing", f"write `{name} = {_EXAMPLE[shape.layout]}`", name)
    parts = value if isinstance(value, tuple) else (value,)
    raise OpFault(
        "attribute",
        f"`{name}` must be a whole number of at least {least} per axis, not {shown(value)}",
        f"a number, or one per axis such as {_EXAMPLE[shape.layout]}",
        name,
        any(isinstance(part, float) and isfinite(part) for part in parts),
    )


def _rank_help(value: tuple[int, ...], layout: Layout) -> str:
    if layout == "clip" and len(value) == 2:
        return (
            f"write {shown((1, *value))} for each frame by itself, or a window over time such as {shown((3, *value))}"
        )
    if layout == "image" and len(value) == 3:
        return f"an image has no time axis: write {shown(value[1:])}"
    return f"write one number per axis, such as {_EXAMPLE[layout]}"


_TRIED: Final = 10_000
"""Greater numbers are not tried as divisors."""


def _divisors(n: int) -> str:
    """What divides a number of channels; of a great one the first."""
    small = [d for d in range(1, min(isqrt(n), _TRIED) + 1) if n % d == 0]
    found = [str(d) for d in sorted({*small, *(n // d for d in small)})]
    shown = found if len(found) <= 8 and isqrt(n) <= _TRIED else [*found[: min(6, len(small))], "…", found[-1]]
    return f"{n} is divided by {', '.join(shown)}"


def groups(attrs: Attributes, entering: int, leaving: int | None = None, default: Any = REQUIRED) -> int:
    """A number of groups, which divides the channels that enter, and those that leave."""
    value = integer(attrs, "groups", default)
    for n, way in ((entering, "enter"), (leaving or entering, "leave")):
        if n % value:
            raise OpFault(
                "attribute",
                f"`groups` = {value} does not divide the {n} channels that {way}",
                _divisors(n),
                "groups",
            )
    return value


def flag(attrs: Attributes, name: str, default: bool, number: str | None = None) -> bool:
    """True or false. ``number``: what to do where a number is given, of parameters that are taken for another one."""
    value = attrs.get(name, default)
    if type(value) is not bool:
        advice = number if type(value) is int else None
        raise OpFault("attribute", f"`{name}` is `true` or `false`, not {shown(value)}", advice, name)
    return value


def number(
    attrs: Attributes,
    name: str,
    default: Any = REQUIRED,
    least: float | None = None,
    most: float | None = None,
) -> float:
    """A number within bounds."""
    value = attrs.get(name, default)
    if value is REQUIRED:
        required(attrs, name)
    if type(value) is int and abs(value) > sys.float_info.max:
        raise OpFault("attribute", f"`{name}` is too large a number", None, name)
    if type(value) not in (int, float) or not isfinite(value):
        raise OpFault("attribute", f"`{name}` must be a number, not {shown(value)}", None, name)
    if (least is not None and value < least) or (most is not None and value > most):
        bounds = f"{least} to {most}" if most is not None else f"at least {least}"
        share = (least, most) == (0, 1) and 5 <= value <= 100
        help = f"it is a share: {value / 100:g} for {value:g} %" if share else None
        raise OpFault("attribute", f"`{name}` must be {bounds}, not {value}", help, name)
    return float(value)


def padding(attrs: Attributes) -> str | None:
    """`"same"`, or None for valid windows."""
    value = attrs.get("pad", "same")
    if value is not None and value != "same":
        raise OpFault(
            "attribute",
            f'`pad` is "same" or `none`, not {shown(value)}',
            '"same" pads so that the output is ceil(size / stride), `none` takes valid windows only',
            "pad",
        )
    return value  # type: ignore[no-any-return]


def one_of(attrs: Attributes, name: str, default: str, known: tuple[str, ...]) -> str:
    """One of some words."""
    value = attrs.get(name, default)
    if value not in known:
        words = ", ".join(f'"{word}"' for word in known)
        raise OpFault("attribute", f"`{name}` is one of {words}, not {shown(value)}", None, name)
    return str(value)


def plain(inputs: tuple[TensorShape, ...], attrs: Attributes) -> Attributes:
    """`normalise` of primitives without parameters."""
    return {}
