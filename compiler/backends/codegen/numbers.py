"""Finds the integers (and tuples of them) in constructor calls, so that classes that differ in nothing else become one
class with parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final, TypeAlias

from ...ops.torch.expressions import Attribute, Call, Expression, Literal, Name, Slot, Tuple, expression, filled
from ...record import record
from .layer_text import layer_parameters

_TORCH: Final = {
    "Conv": ("in_channels", "out_channels", "kernel_size"),
    "BatchNorm": ("num_features",),
    "GroupNorm": ("num_groups", "num_channels"),
    "LayerNorm": ("normalized_shape",),
    "Linear": ("in_features", "out_features"),
}
"""Positional parameters of torch's layers, whatever their rank."""

Number: TypeAlias = int | tuple[int, ...]


@record
class Skeleton:
    """An expression with slots for its numbers. ``roles`` name what each number is."""

    form: Expression
    numbers: tuple[Number, ...]
    roles: tuple[str, ...]

    def fill(self, values: Sequence[Expression]) -> Expression:
        return filled(self.form, dict(enumerate(values)))


@cache
def skeleton(found: Expression) -> Skeleton:
    """The skeleton of a constructor call such as ``nn.Conv2d(3, 16, (3, 3), bias=False)``."""
    numbers: list[Number] = []
    roles: list[str] = []

    def cut(inner: Expression, role: str) -> Expression:
        if isinstance(inner, Call):
            names = _parameters(inner.function)
            arguments = tuple(
                cut(argument, names[i] if i < len(names) else "n") for i, argument in enumerate(inner.arguments)
            )
            return Call(inner.function, arguments, tuple((name, cut(value, name)) for name, value in inner.named))
        number = _number(inner)
        if number is None:
            return inner
        numbers.append(number)
        roles.append(role)
        return Slot(len(numbers) - 1)

    form = cut(found, "n")
    return Skeleton(form, tuple(numbers), tuple(roles))


def _number(found: Expression) -> Number | None:
    """What may become a parameter: a whole number that is not negative, or a tuple of them."""
    if isinstance(found, Literal):
        return found.value if type(found.value) is int and found.value >= 0 else None
    if not isinstance(found, Tuple):
        return None
    numbers = [_number(element) for element in found.elements]
    whole = tuple(n for n in numbers if isinstance(n, int))
    return whole if len(whole) == len(numbers) else None


Defaults: TypeAlias = Mapping[str, Mapping[str, Expression]]
"""For a class its parameters' defaults."""

_CONVOLUTIONS: Final[Defaults] = {
    f"Conv{rank}d": {
        name: expression(value)
        for name, value in (
            ("stride", (1,) * rank),
            ("padding", (0,) * rank),
            ("dilation", (1,) * rank),
            ("groups", 1),
        )
    }
    for rank in (1, 2, 3)
}


def full(found: Expression, known: Defaults) -> Expression:
    """A constructor call with all its settings, so that calls that differ in one are alike."""
    defaults = _defaults(found, known)
    if not isinstance(found, Call) or defaults is None:
        return found
    given = dict(found.named)
    settings = [(name, given.get(name, default)) for name, default in defaults.items()]
    others = [(name, value) for name, value in given.items() if name not in defaults]
    named = settings + others if found.arguments else others + settings
    return Call(found.function, found.arguments, tuple(named))


def brief(found: Expression, known: Defaults) -> Expression:
    """The same without settings that have their defaults."""
    defaults = _defaults(found, known)
    if not isinstance(found, Call) or defaults is None:
        return found
    named = tuple((name, value) for name, value in found.named if defaults.get(name) != value)
    return Call(found.function, found.arguments, named)


def _defaults(found: Expression, known: Defaults) -> Mapping[str, Expression] | None:
    """The defaults of a call's settings; None for classes whose calls are left as they are."""
    match found:
        case Call(function=Name(id)):
            return known.get(id)
        case Call(function=Attribute(Name("nn"), name)):
            return _CONVOLUTIONS.get(name)
    return None


@cache
def _parameters(function: Expression) -> tuple[str, ...]:
    """The names of the positional parameters of ``nn.X`` or of a class of the torch lowering; () for others."""
    match function:
        case Attribute(Name("nn"), name):
            return _TORCH.get(name.rstrip("123d"), ())
        case Name(id):
            return layer_parameters(id) or ()
    return ()
