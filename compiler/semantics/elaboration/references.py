"""Names of decisions in constraints: labels, and strings that are patterns of paths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from ...frontend import ast
from ...frontend.walk import children
from ...ir.decisions import Decision
from ...text.patterns import matches
from .state.state import State

N = TypeVar("N", bound=ast.Node)


def walk(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The expression and all in it, but for the patterns that `pin` and `size` take."""
    yield expr
    if not is_call(expr, "pin", "size"):
        for child in children(expr):
            yield from walk(child)


def is_call(expr: ast.Node, *names: str) -> bool:
    """Whether an expression calls something by one of these names."""
    return isinstance(expr, ast.Call) and isinstance(expr.callee, ast.Name) and expr.callee.id in names


def reference(expr: ast.Node) -> str | None:
    """The label or pattern that an expression is, if it is one or could be."""
    if isinstance(expr, ast.Name):
        return expr.id
    if isinstance(expr, ast.Literal_) and isinstance(expr.value, str) and ("*" in expr.value or "." in expr.value):
        return expr.value
    return None


def matching(state: State, name: str, sites: bool = False) -> list[Decision]:
    """The decisions, and ``sites`` if wanted, that bear a label or match a pattern."""
    rows = [d for d in state.builder.decisions if sites or not d.trivial]
    if "*" in name or "." in name:
        return [d for d in rows if matches(name, d.path)]
    return [d for d in rows if d.label == name]


def rebuilt(node: N, change: Callable[[ast.Node], ast.Node | None]) -> N:
    """The tree with the nodes that ``change`` gives something for replaced by that, from above."""
    changed = change(node)
    if changed is not None:
        return cast(N, changed)
    parts: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, ast.Node):
            parts[field.name] = rebuilt(value, change)
        elif isinstance(value, tuple):
            parts[field.name] = tuple(rebuilt(v, change) if isinstance(v, ast.Node) else v for v in value)
    return replace(node, **parts) if parts else node
