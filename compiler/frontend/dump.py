"""The AST as text, for people: a node a line, its parts indented below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from ..text.quoting import visible
from .ast import Argument, Bind, Block, File, Identifier, Literal_, Name, Node
from .stack import deep_stack

_HIDDEN = frozenset(("span", "target_span"))


def dump(file: File) -> str:
    """One node a line: its kind, its plain values, and `@line:column` where it was written."""
    lines = [f"File {file.source.name} edition={file.edition}"]
    with deep_stack():
        for item in sorted((*file.uses, *file.declarations), key=lambda node: node.span.start):
            lines += _node(item, "", 1)
    return "\n".join(map(visible, lines)) + "\n"


def _node(node: Node, role: str, depth: int) -> Iterator[str]:
    plain: list[str] = []
    parts: list[tuple[str, Node]] = []
    for f in fields(node):
        value = getattr(node, f.name)
        if f.name == "tied" and value == ():
            plain.append("tied")
            continue
        if f.name in _HIDDEN or value is None or value is False or value == ():
            if isinstance(node, Literal_) and f.name == "value":
                plain.append(repr(value))
            continue
        if isinstance(value, Identifier):
            plain.append(value.id if f.name in ("name", "key") else f"{f.name}={value.id}")
        elif isinstance(value, Node):
            parts.append((f.name, value))
        elif isinstance(value, tuple):
            parts += [(f.name, child) for child in value]
        elif isinstance(node, Literal_):
            plain += [repr(value)] if f.name == "value" else []
        else:
            plain.append(f.name if value is True else str(value) if isinstance(node, Name) else f"{f.name}={value}")
    at = node.span.source.position(node.span.start)
    kind = type(node).__name__.rstrip("_")
    yield "  " * depth + " ".join([*([f"{role}:"] if role else []), kind, *plain, f"@{at.line}:{at.column}"])
    for name, child in parts:
        # What there is one kind of below a node needs no name for it.
        obvious = isinstance(node, (Block, Bind, Argument)) or len({n for n, _ in parts}) == 1
        yield from _node(child, "" if obvious else name, depth + 1)
