"""Python expressions as data: lowerings build them, passes over generated code change them, and the printer
(``backends/codegen/printing.py``) alone makes text of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final, TypeAlias
from typing import Literal as TypingLiteral

from ...record import record


@record
class Name:
    """A variable, a class or a function."""

    id: str


@record(eq=False)
class Literal:
    """A string, a finite number, a truth value or None. ``1``, ``1.0`` and ``True`` are three literals."""

    value: str | int | float | bool | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@record
class Slot:
    """Where something is put in later: an input of an operation by its number, or :data:`MODULE`, :data:`PREPARED`."""

    key: int | str


@record
class Attribute:
    """``value.name``."""

    value: Expression
    name: str


@record
class Call:
    """``function(arguments, name=value)``."""

    function: Expression
    arguments: tuple[Expression, ...] = ()
    named: tuple[tuple[str, Expression], ...] = ()


@record
class Slice:
    """``first:last:step``, each of which may be left out; only in a :class:`Subscript`."""

    first: int | None = None
    last: int | None = None
    step: int | None = None


@record
class Subscript:
    """``value[indices]``."""

    value: Expression
    indices: tuple[Expression | Slice, ...]


@record
class Tuple:
    """``(a, b)``."""

    elements: tuple[Expression, ...]


@record
class List:
    """``[a, b]``."""

    elements: tuple[Expression, ...]


@record
class Dictionary:
    """``{key: value}``; an item without a key is ``**value``."""

    items: tuple[tuple[Expression | None, Expression], ...]


@record
class Operation:
    """At least two operands with one of ``+ - * /`` between them, computed from left to right."""

    symbol: str
    operands: tuple[Expression, ...]


@record
class Conditional:
    """``value if test else otherwise``."""

    value: Expression
    test: Expression
    otherwise: Expression


@record
class Comparison:
    """``left symbol right``."""

    left: Expression
    symbol: Comparing
    right: Expression


@record
class Logic:
    """At least two operands with ``and`` or ``or`` between them."""

    symbol: TypingLiteral["and", "or"]
    operands: tuple[Expression, ...]


@record
class Negation:
    """``not value``."""

    value: Expression


Comparing: TypeAlias = TypingLiteral["==", "!=", "<=", ">=", "in", "not in"]

Expression: TypeAlias = (
    Name
    | Literal
    | Slot
    | Attribute
    | Call
    | Subscript
    | Tuple
    | List
    | Dictionary
    | Operation
    | Conditional
    | Comparison
    | Logic
    | Negation
)

SELF: Final = Name("self")
MODULE: Final = Slot("module")
"""The module of an application."""
PREPARED: Final = Slot("prepared")
"""What the constructor prepared for a call."""


# -- building


def expression(value: Any) -> Expression:
    """A plain value (a number, a string, None, or a tuple or list of them) as an expression; expressions stay."""
    match value:
        case tuple():
            return Tuple(tuple(map(expression, value)))
        case list():
            return List(tuple(map(expression, value)))
        case float() if not math.isfinite(value):
            return Call(Name("float"), (Literal(str(value)),))
        case str() | int() | float() | None:
            return Literal(value)
    return value  # type: ignore[no-any-return]


@cache
def dotted(path: str) -> Expression:
    """``torch.relu``, ``self.cell.conv``: a name and attributes."""
    first, *rest = path.split(".")
    found: Expression = Name(first)
    for name in rest:
        found = Attribute(found, name)
    return found


def call(function: str | Expression, /, *arguments: Any, **named: Any) -> Call:
    """A call of a dotted name or of an expression, with expressions or plain values as arguments."""
    called = dotted(function) if isinstance(function, str) else function
    return Call(called, tuple(map(expression, arguments)), tuple((n, expression(v)) for n, v in named.items()))


def method(value: Expression, name: str, /, *arguments: Any, **named: Any) -> Call:
    """``value.name(…)``."""
    return call(Attribute(value, name), *arguments, **named)


def indexed(value: Expression, index: Any) -> Subscript:
    """``value[index]``."""
    return Subscript(value, (expression(index),))


def total(*terms: Expression) -> Expression:
    """The sum of at least one term."""
    return terms[0] if len(terms) == 1 else Operation("+", terms)


def product(*factors: Expression) -> Expression:
    """The product of at least one factor; those of a factor that is a product itself are multiplied in turn."""
    flat: list[Expression] = []
    for factor in factors:
        flat += factor.operands if isinstance(factor, Operation) and factor.symbol == "*" else (factor,)
    return flat[0] if len(flat) == 1 else Operation("*", tuple(flat))


# -- reading and changing


def children(found: Expression) -> tuple[Expression, ...]:
    """The expressions that stand directly in another, from left to right."""
    match found:
        case Attribute(value=value):
            return (value,)
        case Call():
            return (found.function, *found.arguments, *(value for _, value in found.named))
        case Subscript():
            return (found.value, *(i for i in found.indices if not isinstance(i, Slice)))
        case Tuple() | List():
            return found.elements
        case Dictionary():
            return tuple(e for pair in found.items for e in pair if e is not None)
        case Operation():
            return found.operands
        case Conditional():
            return (found.value, found.test, found.otherwise)
        case Comparison():
            return (found.left, found.right)
        case Logic():
            return found.operands
        case Negation():
            return (found.value,)
    return ()


def every(found: Expression) -> Iterator[Expression]:
    """An expression and all inside of it."""
    waiting = [found]
    while waiting:
        inner = waiting.pop()
        yield inner
        waiting.extend(children(inner))


def names_in(found: Expression) -> set[str]:
    """The variables, classes and functions that an expression reads."""
    return {inner.id for inner in every(found) if isinstance(inner, Name)}


def changed(found: Expression, change: Callable[[Expression], Expression | None]) -> Expression:
    """With ``change(e)`` for each expression inside for which it is not None; what is put in is left as it is."""
    put = change(found)
    if put is not None:
        return put

    def inside(inner: Expression) -> Expression:
        return changed(inner, change)

    match found:
        case Attribute():
            return Attribute(inside(found.value), found.name)
        case Call():
            named = tuple((name, inside(value)) for name, value in found.named)
            return Call(inside(found.function), tuple(map(inside, found.arguments)), named)
        case Subscript():
            indices = tuple(i if isinstance(i, Slice) else inside(i) for i in found.indices)
            return Subscript(inside(found.value), indices)
        case Tuple() | List():
            return replace(found, elements=tuple(map(inside, found.elements)))
        case Dictionary():
            items = tuple((key if key is None else inside(key), inside(value)) for key, value in found.items)
            return Dictionary(items)
        case Operation():
            return Operation(found.symbol, tuple(map(inside, found.operands)))
        case Conditional():
            return Conditional(inside(found.value), inside(found.test), inside(found.otherwise))
        case Comparison():
            return Comparison(inside(found.left), found.symbol, inside(found.right))
        case Logic():
            return Logic(found.symbol, tuple(map(inside, found.operands)))
        case Negation():
            return Negation(inside(found.value))
    return found


def filled(found: Expression, values: Mapping[int | str, Expression]) -> Expression:
    """With the values in their slots; a slot of another key stays."""
    return changed(found, lambda e: values.get(e.key) if isinstance(e, Slot) else None)
