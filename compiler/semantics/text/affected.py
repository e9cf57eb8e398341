"""Which mistakes of a text concern a space: those in what it is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

from ...diagnostics.model import Diagnostic
from ...diagnostics.source import Span
from ...frontend import ast
from ..modules import Module


def concern(declaration: ast.Declaration, module: Module, mistakes: Iterable[Diagnostic]) -> bool:
    """Whether one of the mistakes is in a declaration, or in one that it names, or that these name.

    A mistake without a place may be anywhere.
    """
    places = [diagnostic.span for diagnostic in mistakes]
    if not places:
        return False
    if None in places:
        return True
    spans = [d.span for d in _named(declaration, module)]
    return any(_within(place, span) for place in places for span in spans if place is not None)


def _named(declaration: ast.Declaration, module: Module) -> Iterator[ast.Declaration]:
    seen: set[int] = set()
    stack = [(declaration, module)]
    while stack:
        found, home = stack.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        for name in {name.id for name in names_in(found)}:
            other = home.lookup(name)
            if other is not None:
                stack.append(other)


def names_in(node: Any) -> Iterator[ast.Name]:
    """The names that a node, or one of several, uses."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, ast.Node):
            if isinstance(node, ast.Name):
                yield node
            stack.extend(getattr(node, field.name) for field in fields(node) if field.name != "span")


def _within(place: Span, span: Span) -> bool:
    """Whether a mistake is in a declaration, or right after it: what comes there may have been meant to belong to
    it."""
    if place.source is not span.source or place.start < span.start:
        return False
    return place.start < span.end or not place.source.text[span.end : place.start].strip()
