"""What an expression can denote while a space is elaborated.

Plain values are plain Python: int, float, bool, str, None (`none`) and tuples of them. The rest are the classes below.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from ...diagnostics.source import Span
from ...frontend import ast
from ...ir.diagram import Case, Guard, leaves
from ...ir.graph import Ask, TensorType
from ...ir.operation import Primitive
from ...ops.attributes import shown
from ...record import record

if TYPE_CHECKING:
    from ..modules import Module
    from .context import Context, Env

Value: TypeAlias = Any
Asks: TypeAlias = tuple[Ask, ...]


class _Error:
    """The value of an expression that is wrong and was reported: whatever uses it is silent."""

    def __repr__(self) -> str:
        return "ERROR"


ERROR: Final = _Error()


@record
class Fault:
    """A leaf of a diagram: computing this case failed. Turned into a diagnostic if the case can happen."""

    reason: str
    advice: str


@record(eq=False)
class Scalar:
    """A plain value that depends on decisions, with the decisions that computing it asks for."""

    case: Case
    asks: Asks

    def __str__(self) -> str:
        """What it may come out at: `1 | 2 | 3`."""
        cases = [shown(value) for value in leaves(self.case)]
        return " | ".join(cases if len(cases) <= 6 else [*cases[:5], "…"])


@record(eq=False)
class Same:
    """A value that depends on `same`, the channels entering the operator in whose argument list it stands."""

    at: Callable[[Value], Value]


def hangs_on_same(value: Value) -> bool:
    """Whether a value, or what a list or a set holds, depends on `same`."""
    match value:
        case ListValue():
            return any(hangs_on_same(item.value) for item in value.items)
        case SetValue():
            return any(hangs_on_same(option.value) for option in value.options)
    return isinstance(value, Same)


def at(value: Value, channels: Value) -> Value:
    """``value`` where `same` is ``channels``, also in a list or a set."""
    if not hangs_on_same(value):
        return value
    match value:
        case ListValue():
            return replace(value, items=tuple([replace(i, value=at(i.value, channels)) for i in value.items]))
        case SetValue():
            return replace(value, options=tuple([replace(o, value=at(o.value, channels)) for o in value.options]))
    return value.at(channels)


@record(eq=False)
class Tensor:
    """A node of the graph. ``broken``: its shape could not be told (a mistake was recorded); what follows is silent."""

    node: int
    type: TensorType
    broken: bool = False


@record(eq=False)
class Item:
    """An element of a list, there where ``guard`` holds.

    ``asks``: what is asked for by whoever, going from left to right, wants to know whether it is there. ``keep``: the
    keep (decision id, element from 0) that it went through last. ``inner``: the decisions that were made while the
    element was elaborated, as ranges of ids: from, to (excluded). ``listed``: where the list that was kept of is one
    that the element belongs to.
    """

    value: Value
    guard: Guard = True
    asks: Asks = ()
    keep: tuple[int, int] | None = None
    inner: tuple[tuple[int, int], ...] = ()
    listed: Guard = True

    def where(self, guard: Guard, asks: Asks, listed: Guard | None = None) -> Item:
        """The same element, there under another guard than the keep's that it went through."""
        return Item(self.value, guard, asks, None, self.inner, self.listed if listed is None else listed)

    def asking(self, asks: Asks, guard: Guard | None = None) -> Item:
        """The same element, for whoever asked for other things; ``guard``: the same one, in other words."""
        same = self.guard if guard is None else guard
        return Item(self.value, same, asks, self.keep, self.inner, self.listed)


@record(eq=False)
class ListValue:
    """``seed``: the element 0 of a list that is built with `x[0] = …`. ``asks``: what is asked for, beside what the
    items ask for, by whoever wants to know all that there are.

    For messages: ``name``, and ``mapped``: whether it comes straight from an `each`.
    """

    items: tuple[Item, ...]
    seed: Value = None
    name: str = "the list"
    mapped: bool = False
    asks: Asks = ()

    @property
    def fixed(self) -> bool:
        return all(item.guard is True for item in self.items)

    def __str__(self) -> str:
        return f"[{', '.join(shown(item.value) for item in self.items)}]"


@record(eq=False)
class RangeValue:
    """Whole (or real) numbers from ``low`` to ``high``, both included; ``high`` may be a :class:`Scalar`."""

    low: Value
    high: Value

    def __str__(self) -> str:
        return f"{self.low}..{self.high}"


@record(eq=False)
class Option:
    name: str
    value: Value
    span: Span


@record(eq=False)
class SetValue:
    """``asks``: what is asked for before anything is chosen from it."""

    options: tuple[Option, ...]
    asks: Asks = ()

    def __str__(self) -> str:
        return f"{{{', '.join(option.name for option in self.options)}}}"


class Written:
    """What is shown as it is written: `s2`, `relu -> conv(4)`."""

    __slots__ = ()
    span: Span

    def __str__(self) -> str:
        return " ".join(self.span.text.split())


class Operator(Written):
    """Tensor(s) in, tensor out."""

    __slots__ = ()


@record(eq=False)
class PrimitiveOp(Operator):
    primitive: Primitive
    arguments: dict[str, Value]
    span: Span
    call: ast.Call | None = None

    def argument(self, parameter: str | None) -> ast.Expr | None:
        """What is written for a parameter, if something is."""
        names = [p.name for p in self.primitive.parameters]
        for position, given in enumerate(self.call.arguments if self.call else ()):
            name = given.name.id if given.name else names[position] if position < len(names) else None
            if name == parameter:
                return given.value
        return None

    def place_of(self, parameter: str | None) -> Span:
        """Where the value of a parameter is written, else the whole operator."""
        given = self.argument(parameter)
        return given.span if given is not None else self.span


@record(eq=False)
class Template(Operator):
    """A declared op, cell or meta by its bare name: elaborated afresh at each application.

    ``known_as``: its name where it was looked up.
    """

    declaration: ast.OpDecl
    module: Module
    known_as: str
    span: Span


@record(eq=False)
class SetTemplate(Written):
    """A declared `ops` by its bare name. ``asks``: what is asked for before anything is chosen from it."""

    declaration: ast.OpsDecl
    module: Module
    span: Span
    asks: Asks = ()


@record(eq=False)
class Called(Operator):
    """A declared op or cell with its arguments: elaborated once, in the context of the call."""

    template: Template
    arguments: dict[str, Value]
    context: Context
    span: Span
    weights: str | None = None


@record(eq=False)
class Composed(Operator):
    first: Value
    second: Value
    span: Span

    def __str__(self) -> str:
        return f"{self.first} -> {self.second}"


@record(eq=False)
class Pointwise(Operator):
    """`f + g` or `f * g` on operators."""

    operation: str
    left: Value
    right: Value
    span: Span

    def __str__(self) -> str:
        return f"{self.left} {self.operation} {self.right}"


@record(eq=False)
class ChosenOp(Operator):
    """`choose` among operators; ``decision`` is the id of the decision."""

    decision: int
    options: tuple[Option, ...]
    context: Context
    span: Span


@record(eq=False)
class ConditionalOp(Operator):
    """`if` on a condition that depends on decisions, between operators."""

    condition: Scalar
    then: Value
    otherwise: Value
    span: Span


@record(eq=False)
class AskingOp(Operator):
    """An operator that was named under a condition of constant value: whoever asks for what it makes asks for what the
    condition is written with."""

    operand: Value
    asks: Asks
    span: Span


@record(eq=False)
class EachOp(Operator):
    body: ast.Expr
    env: Env
    span: Span


@record(eq=False)
class KeepOp(Operator):
    low: int | None
    """None: all of them."""
    high: int | None
    """None: as many as there are."""
    label: str | None
    context: Context
    span: Span
    expression: ast.Keep


@record(eq=False)
class MaybeOp(Operator):
    operand: Value
    decision: int
    inner: tuple[int, int]
    """The ids of the decisions made while the operand was elaborated: from, to (excluded)."""
    span: Span


@record(eq=False)
class RepeatOp(Operator):
    body: ast.Repeat
    env: Env
    low: int
    high: int
    decision: int | None
    span: Span
    count: Scalar | None = None
    """How often, where that is a number that depends on decisions made elsewhere."""


@record(eq=False)
class FrozenOp(Operator):
    operand: Value
    span: Span


@record(eq=False)
class ReduceOp(Operator):
    """`sum`, `mean` or `concat`."""

    op: str
    span: Span


@record(eq=False)
class Builtin(Written):
    """A function of plain values: `share`, `min`, `ceil`, `last`, …"""

    name: str
    span: Span
    asks: Asks = ()


@record(eq=False)
class NamedTuple_:
    """Several named outputs of a meta."""

    items: tuple[tuple[str, Value], ...]


def equality_key(value: Value) -> Hashable:
    """Of a plain value, the same for those that are equal in the language: 1 is 1.0, but not true."""
    return tuple(map(equality_key, value)) if isinstance(value, tuple) else (isinstance(value, bool), value)


def kind_of(value: Value) -> str:
    """What to call a value in a message."""
    match value:
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case None:
            return "none"
        case tuple():
            return "a tuple"
        case Scalar():
            return " or ".join(dict.fromkeys(map(kind_of, leaves(value.case)))) or "a number"
        case Same():
            return "a number that depends on `same`"
        case Tensor():
            return "a tensor"
        case ListValue():
            return "a list"
        case RangeValue():
            return "a range"
        case SetValue() | SetTemplate():
            return "a set"
        case Operator():
            return "an operator"
        case Builtin():
            return "a function"
        case NamedTuple_():
            return "a set of named tensors"
        case ast.SpaceDecl():
            return "a space"
        case ast.StrategyDecl():
            return "a strategy"
        case ast.SearchDecl():
            return "a search"
        case ast.ExternDecl():
            return "an extern operator"
        case ast.ExternDataDecl():
            return "an extern data set"
        case ast.ExternLossDecl():
            return "an extern loss"
        case _:
            return "a value of another kind"
