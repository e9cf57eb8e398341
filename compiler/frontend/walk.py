"""The parts of a syntax tree, in the order of the text."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import fields
from functools import cache
from typing import Any, cast

from . import ast


def children(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The expressions directly inside one."""
    for child in inside(expr):
        if isinstance(child, ast.Expr):
            yield child
        else:
            yield from (c for c in inside(child) if isinstance(c, ast.Expr))


def inside(node: ast.Node) -> Iterator[ast.Node]:
    """The nodes directly inside one."""
    for name in _field_names(cast(Hashable, type(node))):
        value = getattr(node, name)
        if isinstance(value, ast.Node):
            yield value
        elif isinstance(value, tuple):
            yield from (v for v in value if isinstance(v, ast.Node))


def expressions(expr: ast.Expr) -> Iterator[ast.Expr]:
    """An expression and all that are in it, from outside."""
    yield expr
    for child in children(expr):
        yield from expressions(child)


@cache
def _field_names(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.name != "span")
