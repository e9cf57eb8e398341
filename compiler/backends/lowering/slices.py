"""One module for an application whose numbers depend on decisions: the largest, of which each case takes a slice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ...ops.torch.emission import Emission
from ...ops.torch.expressions import MODULE, Attribute, Call, Expression, Literal, Name, Tuple, call
from ...record import record


@record
class Shared:
    """``module``: the constructor of the largest; ``kernel``: what computes with a slice of it."""

    module: Call
    kernel: str
    own: Mapping[str, Any]
    """The module's numbers, by the parameters of the kernel."""

    def numbers(self, emission: Emission) -> Mapping[str, Any]:
        """The same of one case."""
        assert emission.module is not None
        return _numbers(self.kernel, emission.module)


def shared(emissions: Sequence[Emission]) -> Shared | None:
    """None where the cases cannot share: they differ in more than numbers, or in numbers of which there is no slice."""
    modules = [emission.module for emission in emissions]
    made = [module for module in modules if module is not None]
    kinds = {_kind(module.function) for module in made}
    if len(made) < len(modules) or len(kinds) > 1 or not all(_applies(emission) for emission in emissions):
        return None
    kernel = kinds.pop()
    if kernel is None:
        return None
    largest = _LARGEST[kernel](made)
    return None if largest is None else Shared(largest, kernel, _numbers(kernel, largest))


def given(emission: Emission) -> Expression:
    """What the module of a case is applied to."""
    assert isinstance(emission.call, Call)
    return emission.call.arguments[0]


def _applies(emission: Emission) -> bool:
    found = emission.call
    return isinstance(found, Call) and found.function == MODULE and len(found.arguments) == 1 and not found.named


def _kind(function: Expression) -> str | None:
    match function:
        case Attribute(Name("nn"), name):
            return _KERNELS.get(name.rstrip("123d"))
        case Name(name):
            return _KERNELS.get(name)
    return None


_KERNELS: Final = {
    "Conv": "sliced_conv",
    "Linear": "sliced_linear",
    "BatchNorm": "sliced_norm",
    "GroupNorm": "sliced_group_norm",
    "LayerNorm": "sliced_layer_norm",
    "ChannelScale": "sliced_scale",
    "ChannelBias": "sliced_bias",
}
_TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "sliced_conv": ("out_channels", "kernel_size", "stride", "padding", "dilation"),
    "sliced_linear": ("out_features",),
    "sliced_group_norm": ("num_groups",),
}
_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "sliced_conv": ("in_channels", "out_channels", "kernel_size"),
    "sliced_linear": ("in_features", "out_features"),
    "sliced_group_norm": ("num_groups", "num_channels"),
    **dict.fromkeys(("sliced_norm", "sliced_layer_norm", "sliced_scale", "sliced_bias"), ("channels",)),
}
"""The positional parameters of their modules."""


def _settings(module: Call, places: Sequence[str]) -> dict[str, Any]:
    """The arguments of a constructor by name, as plain values."""
    found = {places[i] if i < len(places) else str(i): _plain(a) for i, a in enumerate(module.arguments)}
    return found | {name: _plain(value) for name, value in module.named}


def _plain(found: Expression) -> Any:
    match found:
        case Literal():
            return found.value
        case Tuple():
            return tuple(map(_plain, found.elements))
    return found


def _numbers(kernel: str, module: Call) -> dict[str, Any]:
    names = _TAKES.get(kernel, ())
    settings = _settings(module, _PLACES.get(kernel, ()))
    rank = len(settings.get("kernel_size", ()))
    usual = {"stride": (1,) * rank, "padding": (0,) * rank, "dilation": (1,) * rank}
    return {name: settings.get(name, usual.get(name)) for name in names}


def _alike(settings: Sequence[Mapping[str, Any]], varying: Sequence[str]) -> dict[str, Any] | None:
    """What all have in common; None where they differ in more than what may vary."""
    fixed = [{name: value for name, value in one.items() if name not in varying} for one in settings]
    return dict(fixed[0]) if all(one == fixed[0] for one in fixed) else None


def _convolution(modules: Sequence[Call]) -> Call | None:
    settings = [_settings(module, _PLACES["sliced_conv"]) for module in modules]
    varying = (*_PLACES["sliced_conv"], "stride", "padding", "dilation", "groups")
    others = _alike(settings, varying)
    functions = {module.function for module in modules}
    if others is None or len(functions) > 1:
        return None
    groups = [one.get("groups", 1) for one in settings]
    into, out = (max(one[name] for one in settings) for name in ("in_channels", "out_channels"))
    if into > 1 and all(g == one["in_channels"] for g, one in zip(groups, settings, strict=True)):
        many = into
        if any(one["out_channels"] * into != out * one["in_channels"] for one in settings):
            return None
    elif len(set(groups)) == 1:
        many = groups[0]
        if many > 1 and any(one["in_channels"] == many for one in settings):
            return None  # one case is depthwise and the others are not
    else:
        return None
    first = settings[0]
    window = tuple(map(max, zip(*(one["kernel_size"] for one in settings), strict=True)))
    named: dict[str, Any] = {name: first[name] for name in ("stride", "padding", "dilation") if name in first}
    if many != 1:
        named["groups"] = many
    return call(modules[0].function, into, out, window, **named, **others)


def _largest(places: Sequence[str], varying: Sequence[str]) -> Callable[[Sequence[Call]], Call | None]:
    def largest(modules: Sequence[Call]) -> Call | None:
        settings = [_settings(module, places) for module in modules]
        if _alike(settings, varying) is None or len({module.function for module in modules}) > 1:
            return None
        greatest = {name: max(one[name] for one in settings) for name in varying}
        whole = {**settings[0], **greatest}
        arguments = [whole[name] for name in places]
        return call(modules[0].function, *arguments, **{n: v for n, v in whole.items() if n not in places})

    return largest


def _group_norm(modules: Sequence[Call]) -> Call | None:
    """The case with the most channels, whose groups divide them."""
    settings = [_settings(module, _PLACES["sliced_group_norm"]) for module in modules]
    if _alike(settings, _PLACES["sliced_group_norm"]) is None:
        return None
    return modules[max(range(len(settings)), key=lambda i: settings[i]["num_channels"])]


_LARGEST: Final[Mapping[str, Callable[[Sequence[Call]], Call | None]]] = {
    "sliced_conv": _convolution,
    "sliced_linear": _largest(("in_features", "out_features"), ("in_features", "out_features")),
    "sliced_norm": _largest(("channels",), ("channels",)),
    "sliced_group_norm": _group_norm,
    "sliced_layer_norm": _largest(("channels",), ("channels",)),
    "sliced_scale": _largest(("channels",), ("channels",)),
    "sliced_bias": _largest(("channels",), ("channels",)),
}
"""The constructor of the largest of some modules of a kind, None where they cannot share."""
