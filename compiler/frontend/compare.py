"""Whether two ASTs say the same."""

from __future__ import annotations

from dataclasses import fields

from .ast import File, Node


def same(a: File, b: File) -> bool:
    """Whether two files have the same edition and the same items in the same order, wherever they are written."""
    todo: list[tuple[object, object]] = [(a.edition, b.edition), (a.uses, b.uses), (a.declarations, b.declarations)]
    while todo:
        x, y = todo.pop()
        if type(x) is not type(y):
            return False
        if isinstance(x, Node):
            names = [f.name for f in fields(x) if f.name not in ("span", "target_span")]
            todo.extend((getattr(x, name), getattr(y, name)) for name in names)
        elif isinstance(x, tuple) and isinstance(y, tuple):
            if len(x) != len(y):
                return False
            todo.extend(zip(x, y, strict=True))
        elif x != y:
            return False
    return True
