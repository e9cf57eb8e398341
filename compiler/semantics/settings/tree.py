"""Settings between text and schema: trees of values that remember where each was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from ...diagnostics.source import Span
from ...record import record
from ...schemas.hyper import IntegerRange, LogRange, Options, RealRange


@record
class Leaf:
    """A value: a number, a text, a word, None, a formula, a reference to a space."""

    span: Span
    data: Any


@record
class Items:
    """A list or a tuple."""

    span: Span
    items: tuple[Node, ...]


@record
class Branch:
    """A section, or with ``tag`` (the field that says so, and its value) a call or a strategy."""

    span: Span
    children: Mapping[str, Node] = field(default_factory=dict)
    tag: tuple[str, str] | None = None
    mapping: bool = False
    """The keys are the user's (`hold { … }`)."""

    def set(self, key: str, node: Node) -> Branch:
        return replace(self, children={**self.children, key: node})

    def without(self, keys: frozenset[str]) -> Branch:
        return replace(self, children={k: v for k, v in self.children.items() if k not in keys})


@record
class Open:
    """A hyper-parameter: what it may be, and a node for each value that tells whether all are allowed."""

    span: Span
    hyper: RealRange | LogRange | IntegerRange | None
    """None for options; they are the nodes themselves."""
    nodes: Mapping[str, Node]

    @property
    def representative(self) -> Node:
        return next(iter(self.nodes.values()))


@record
class Hole:
    """A value that is not known: wrong and reported, or a parameter without an argument."""

    span: Span


SLIP = "?"
"""The key of a hole that stands for a key which does not exist: what is missing beside it was probably meant."""

Node = Leaf | Items | Branch | Open | Hole


def left_out(node: Node | None) -> bool:
    """Whether a setting says `none`: of settings that replace each other it replaces none."""
    return isinstance(node, Leaf) and node.data is None


def plain(node: Node) -> Any:
    """What the schema checks: dicts, tuples and values. Holes are left out; an open node is its first value."""
    match node:
        case Leaf(_, data):
            return data
        case Items(_, items):
            return tuple(plain(i) for i in items if not isinstance(i, Hole))
        case Branch(_, children, tag):
            data = {k: plain(v) for k, v in children.items() if not isinstance(v, Hole)}
            return data if tag is None else {tag[0]: tag[1], **data}
        case Open():
            return plain(node.representative)
        case Hole():
            return None


def has_hole(node: Node) -> bool:
    match node:
        case Hole():
            return True
        case Items(_, items):
            return any(map(has_hole, items))
        case Branch(_, children):
            return any(map(has_hole, children.values()))
        case Open(_, _, nodes):
            return any(map(has_hole, nodes.values()))
    return False


def descend(node: Node, location: tuple[str | int, ...]) -> tuple[tuple[str, ...], Node]:
    """The key and the node that an error's location leads to. Segments that are no keys (the names of alternatives of a
    type) are skipped; where the tree ends, so does the way."""
    key: list[str] = []
    for segment in location:
        if isinstance(node, Open):
            node = node.representative
        if isinstance(node, Branch) and segment in node.children:
            node = node.children[str(segment)]
            key.append(str(segment))
        elif isinstance(node, Items) and isinstance(segment, int) and segment < len(node.items):
            node = node.items[segment]
            key.append(str(segment + 1))
    return tuple(key), node


def places(node: Node, key: str = "") -> Iterator[tuple[str, Span]]:
    """Every dotted key with the text that set it; elements of a list count from 1."""
    yield key, node.span
    match node:
        case Branch(_, children):
            for name, child in children.items():
                yield from places(child, f"{key}.{name}" if key else name)
        case Items(_, items):
            for i, item in enumerate(items, 1):
                yield from places(item, f"{key}.{i}")
        case Open():
            yield from ((k, s) for k, s in places(node.representative, key) if k != key)


def open_nodes(node: Node, key: str = "") -> Iterator[tuple[str, Open]]:
    """Every open node with its key; those inside an option have the option's name in theirs."""
    match node:
        case Open(_, _, nodes):
            yield key, node
            for name, child in nodes.items():
                yield from open_nodes(child, f"{key}.{name}")
        case Branch(_, children):
            for name, child in children.items():
                yield from open_nodes(child, f"{key}.{name}" if key else name)
        case Items(_, items):
            for i, item in enumerate(items, 1):
                yield from open_nodes(item, f"{key}.{i}")


def variants(node: Node) -> Iterator[Node]:
    """The tree once for every further value of every open node in it, the others at their first values."""
    match node:
        case Open(_, _, nodes):
            first, *others = nodes.values()
            yield from variants(first)
            for other in others:
                yield other
                yield from variants(other)
        case Branch(_, children):
            for name, child in children.items():
                for variant in variants(child):
                    yield node.set(name, variant)
        case Items(span, items):
            for i, item in enumerate(items):
                for variant in variants(item):
                    yield Items(span, (*items[:i], variant, *items[i + 1 :]))


def hyper_of(node: Open) -> RealRange | LogRange | IntegerRange | Options:
    """What goes into the typed settings' table of open keys."""
    return node.hyper if node.hyper is not None else Options(values={k: _json(plain(v)) for k, v in node.nodes.items()})


def _json(data: Any) -> Any:
    match data:
        case dict():
            return {k: _json(v) for k, v in data.items()}
        case tuple():
            return [_json(v) for v in data]
        case None | bool() | int() | float() | str():
            return data
    return str(data)
