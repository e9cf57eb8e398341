"""The abstract syntax tree: frozen dataclasses, free of parser types. Every node has the span it was written at."""

from __future__ import annotations

from dataclasses import field
from typing import Literal

from ..diagnostics.source import Source, Span
from ..record import record


@record(eq=False)
class Node:
    span: Span = field(repr=False)


# ---- expressions ---------------------------------------------------------------------------------------------------


@record(eq=False)
class Expr(Node):
    pass


@record(eq=False)
class Literal_(Expr):
    """A number, string, `true`, `false`, or `none` (value None). ``text`` is how it was written (`600M`)."""

    value: int | float | str | bool | None
    text: str


@record(eq=False)
class Name(Expr):
    id: str


@record(eq=False)
class Tuple(Expr):
    """`(a, b, c)` or, with ``crossed``, `1x3x3`."""

    items: tuple[Expr, ...]
    crossed: bool = False


@record(eq=False)
class Splat(Expr):
    """`*xs`, an item of a list."""

    value: Expr


@record(eq=False)
class List(Expr):
    items: tuple[Expr, ...]


@record(eq=False)
class Comprehension(Expr):
    """`[body for target in source]`; the target may be `_`."""

    body: Expr
    target: Identifier
    source: Expr


@record(eq=False)
class Identifier(Node):
    """A name where it is introduced, not used."""

    id: str


@record(eq=False)
class Alternative(Node):
    """One item of a set: `value` or `name: value`."""

    name: Identifier | None
    value: Expr


@record(eq=False)
class Set(Expr):
    """`{a, b: f(c)}`: a set of alternatives."""

    items: tuple[Alternative, ...]


@record(eq=False)
class Unary(Expr):
    op: Literal["-", "not"]
    operand: Expr


@record(eq=False)
class Binary(Expr):
    """Arithmetic `+ - * / // % **`, comparison `== != < <= > >= in` (and `not in`), `and`, `or`, and the range `..`."""

    op: str
    left: Expr
    right: Expr


@record(eq=False)
class If(Expr):
    condition: Expr
    then: Expr
    otherwise: Expr


@record(eq=False)
class Pipe(Expr):
    """`left -> right` (left-associative)."""

    left: Expr
    right: Expr


@record(eq=False)
class Argument(Node):
    name: Identifier | None
    value: Expr


@record(eq=False)
class Call(Expr):
    """`callee(a, b = c)`. With a settings block behind it or behind a bare name: see :class:`Configured`."""

    callee: Expr
    arguments: tuple[Argument, ...]


@record(eq=False)
class Index(Expr):
    """`base[index]`, or with ``before`` the prefix `base[<index]`."""

    base: Expr
    index: Expr
    before: bool = False


@record(eq=False)
class Attribute(Expr):
    """`base.name`."""

    base: Expr
    name: Identifier


@record(eq=False)
class Choose(Expr):
    """`choose operand as label`."""

    operand: Expr
    label: Identifier | None


@record(eq=False)
class Keep(Expr):
    """`keep 2`, `keep 1..3`, `keep any`, `keep all`, with `as label`; ``size`` is an expression for the first two."""

    size: Expr | Literal["any", "all"]
    label: Identifier | None


@record(eq=False)
class Maybe(Expr):
    operand: Expr
    label: Identifier | None


@record(eq=False)
class Repeat(Expr):
    """`repeat count { body }`; ``count`` is a number or a :class:`Choose` of a range (with the decision's label)."""

    count: Expr
    body: Expr
    tied: bool


@record(eq=False)
class Each(Expr):
    operand: Expr


@record(eq=False)
class Frozen(Expr):
    operand: Expr


@record(eq=False)
class Configured(Expr):
    """`base { settings }`, in strategies and searches: `pc_darts { epochs = 50 }`."""

    base: Expr
    section: Section


# ---- statements ----------------------------------------------------------------------------------------------------


@record(eq=False)
class Bind(Node):
    """`name = value` or `name[index] = value`."""

    name: Identifier
    index: Expr | None
    value: Expr


@record(eq=False)
class For(Node):
    target: Identifier
    source: Expr
    body: tuple[Bind | For, ...]


@record(eq=False)
class Return(Node):
    """`return value`; several named outputs of a meta are a :class:`Set` all of whose alternatives are named."""

    value: Expr


@record(eq=False)
class Block(Node):
    """`{ statements return e }`. A body written `= e` is a Block with ``short`` set and no statements."""

    statements: tuple[Bind | For, ...]
    result: Return
    short: bool = False


# ---- settings ------------------------------------------------------------------------------------------------------


@record(eq=False)
class Setting(Node):
    """`key = value`; the key may be a string (`"dense.**" = uniform`)."""

    key: Identifier
    value: Expr
    quoted: bool = False


@record(eq=False)
class Section(Node):
    """`name { … }`; the outermost section of a declaration has no name. Names may repeat (`phase`)."""

    name: Identifier | None
    items: tuple[Setting | Section, ...]


# ---- declarations --------------------------------------------------------------------------------------------------


@record(eq=False)
class Declaration(Node):
    name: Identifier


@record(eq=False)
class Parameter(Node):
    """`name`, `name = default`, `name: type = default`. Types: `over(M, t, T)` in strategies, `int` in externs."""

    name: Identifier
    type: Expr | None
    default: Expr | None


@record(eq=False)
class Input(Node):
    """A name after `on`: `x`, `*xs` (``variadic``), or in a meta `rgb: clip(3, 32, 112, 112)`."""

    name: Identifier
    variadic: bool = False
    type: Expr | None = None


@record(eq=False)
class Imported(Node):
    """`name` or `name as alias` in a `use`."""

    name: Identifier
    alias: Identifier | None


@record(eq=False)
class Use(Node):
    """`use std.video (a, b as c)` (``quoted`` false, target "std.video") or `use "cells.space" (…)`."""

    target: str
    target_span: Span
    quoted: bool
    names: tuple[Imported, ...]


@record(eq=False)
class Let(Declaration):
    value: Expr


@record(eq=False)
class OpDecl(Declaration):
    """`op`, `cell` and `meta`. ``inputs`` is None for a point-free body (a pipeline).

    ``tied``: None, or the tie parameters, `()` for a plain `tied cell`.
    """

    kind: Literal["op", "cell", "meta"]
    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...] | None
    body: Block
    tied: tuple[Identifier, ...] | None = None


@record(eq=False)
class OpsDecl(Declaration):
    parameters: tuple[Parameter, ...]
    value: Expr


@record(eq=False)
class ExternDecl(Declaration):
    """`extern op`."""

    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...]
    target: str
    target_span: Span
    section: Section


@record(eq=False)
class ExternSettingDecl(Declaration):
    """Code of the user's that a setting names: `extern data` and `extern loss`."""

    parameters: tuple[Parameter, ...]
    target: str
    target_span: Span
    section: Section


@record(eq=False)
class ExternDataDecl(ExternSettingDecl):
    """`extern data`."""


@record(eq=False)
class ExternLossDecl(ExternSettingDecl):
    """`extern loss`."""


@record(eq=False)
class SpaceDecl(Declaration):
    parameters: tuple[Parameter, ...]
    value: Expr
    where: tuple[Expr, ...]


@record(eq=False)
class StrategyDecl(Declaration):
    parameters: tuple[Parameter, ...]
    base: Expr
    section: Section


@record(eq=False)
class SearchDecl(Declaration):
    section: Section


@record(eq=False)
class File:
    """A parsed file. ``edition`` is None where the `stdsl N` line is missing (then a diagnostic was reported)."""

    source: Source
    edition: int | None
    uses: tuple[Use, ...]
    declarations: tuple[Declaration, ...]
