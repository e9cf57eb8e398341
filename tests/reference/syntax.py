"""What a text says, as a tree. Nodes are told apart by identity: a decision belongs to the text that writes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False, frozen=True)
class Node:
    """Any expression or statement."""


@dataclass(eq=False, frozen=True)
class Name(Node):
    name: str


@dataclass(eq=False, frozen=True)
class Literal(Node):
    """A number, string, truth value, none, or a crossed tuple; ``text`` as it was written."""

    value: Any
    text: str


@dataclass(eq=False, frozen=True)
class TupleOf(Node):
    items: tuple[Node, ...]


@dataclass(eq=False, frozen=True)
class ListOf(Node):
    """``items`` are pairs: whether the element is splatted, and its expression."""

    items: tuple[tuple[bool, Node], ...]


@dataclass(eq=False, frozen=True)
class Comprehension(Node):
    body: Node
    name: str
    over: Node


@dataclass(eq=False, frozen=True)
class SetOf(Node):
    """``items`` are pairs of a written name or None, and an expression."""

    items: tuple[tuple[str | None, Node], ...]


@dataclass(eq=False, frozen=True)
class If(Node):
    test: Node
    then: Node
    other: Node


@dataclass(eq=False, frozen=True)
class Pipe(Node):
    left: Node
    right: Node


@dataclass(eq=False, frozen=True)
class Choose(Node):
    among: Node
    label: str | None


@dataclass(eq=False, frozen=True)
class Maybe(Node):
    what: Node
    label: str | None


@dataclass(eq=False, frozen=True)
class Keep(Node):
    """``wanted`` is "any", "all", or an expression for a number or a range."""

    wanted: Node | str
    label: str | None


@dataclass(eq=False, frozen=True)
class Each(Node):
    what: Node


@dataclass(eq=False, frozen=True)
class Frozen(Node):
    what: Node


@dataclass(eq=False, frozen=True)
class Repeat(Node):
    tied: bool
    count: Node
    body: Node


@dataclass(eq=False, frozen=True)
class Binary(Node):
    """Arithmetic, a comparison, ``and``, ``or`` or ``..``."""

    sign: str
    left: Node
    right: Node


@dataclass(eq=False, frozen=True)
class Unary(Node):
    """``-`` or ``not``."""

    sign: str
    what: Node


@dataclass(eq=False, frozen=True)
class Call(Node):
    what: Node
    arguments: tuple[tuple[str | None, Node], ...]


@dataclass(eq=False, frozen=True)
class Index(Node):
    what: Node
    index: Node


@dataclass(eq=False, frozen=True)
class Before(Node):
    what: Node
    index: Node


@dataclass(eq=False, frozen=True)
class Attribute(Node):
    what: Node
    name: str


# ---- statements and declarations


@dataclass(eq=False, frozen=True)
class Bind(Node):
    name: str
    place: Node | None
    value: Node


@dataclass(eq=False, frozen=True)
class For(Node):
    name: str
    over: Node
    body: tuple[Node, ...]


@dataclass(eq=False, frozen=True)
class Parameter(Node):
    name: str
    default: Node | None


@dataclass(eq=False, frozen=True)
class Input(Node):
    name: str
    star: bool
    type: Node | None


@dataclass(eq=False, frozen=True)
class Declared(Node):
    """``keyword`` is op, cell, meta, ops, let or space. ``tied`` holds the names that tie, or is None."""

    keyword: str
    name: str
    parameters: tuple[Parameter, ...]
    inputs: tuple[Input, ...]
    statements: tuple[Node, ...]
    result: Node
    tied: tuple[str, ...] | None = None
    where: tuple[Node, ...] = ()


@dataclass(eq=False, frozen=True)
class Use(Node):
    """``names`` are pairs of the name in the other file and the name here."""

    source: str
    is_path: bool
    names: tuple[tuple[str, str], ...]
