"""Words on symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...ir.decisions import Decision
from ...ir.diagram import Diagram, leaves
from ...ir.graph import Scope
from ...ir.operation import Primitive

REDUCE = {"sum": "+", "mean": "mean", "concat": "concat"}


def attributes(primitive: Primitive, attrs: Mapping[str, Any]) -> str:
    """The telling attributes of an application in short: ``16, 3x3, stride 2``."""
    parts = []
    for parameter in primitive.parameters:
        if parameter.drawn is None or parameter.name not in attrs:
            continue
        text = value(attrs[parameter.name])
        if parameter.default == 1 and set(text) <= set("1x"):
            continue
        parts.append(text if parameter.drawn == "value" else f"{parameter.name} {text}")
    return ", ".join(parts)


def value(case: Any) -> str:
    """A number, a window, or the cases of one that depends on decisions."""
    if type(case) is Diagram:
        cases = [value(v) for v in leaves(case)]
        return " | ".join(cases if len(cases) <= 6 else [*cases[:5], "…"])
    if isinstance(case, tuple):
        texts = [str(v) for v in case]
        return texts[0] if len(set(texts)) == 1 and len(texts) > 1 and texts[0] == "1" else "x".join(texts)
    return str(case)


def options(names: Sequence[str], width: int = 28) -> tuple[str, ...]:
    """Alternatives, joined in lines of about ``width`` characters."""
    lines: list[str] = []
    for name in names:
        if lines and len(lines[-1]) + len(name) + 3 <= width:
            lines[-1] += f" | {name}"
        else:
            lines.append(name)
    return tuple(lines if len(lines) <= 8 else [*lines[:7], f"… {len(names)} alternatives"])


def decision_title(d: Decision, scope: Scope) -> str:
    """A decision's path, relative to the scope that it is drawn in (by its own name in a tied cell), without a last
    name that says nothing.
    """
    path = d.path.removeprefix(f"{scope.path}.") if scope.path else d.path
    path = path.removeprefix(f"{scope.callee}.") if path == d.path and scope.kind == "cell" else path
    head, _, last = path.rpartition(".")
    return head if last in ("choice", "keep", "gate", "count") and head else path


def decision_line(d: Decision) -> str:
    """A decision inside a leaf, in one line."""
    name = d.path.rpartition(".")[2]
    match d.kind:
        case "gate":
            return f"maybe ({name})"
        case "keep":
            return f"{keep_text(d)} ({name})"
        case _:
            return f"{name}: {' | '.join(d.options) if len(d.options) <= 6 else f'{len(d.options)} alternatives'}"


def keep_text(d: Decision) -> str:
    low, high = d.sizes or (0, len(d.options))
    if d.trivial:
        return "keep all" if low else "keep none"
    return f"keep {low if low == high else f'{low}..{high}'} of {len(d.options)}"


def shape_text(dims: Sequence[Any]) -> str:
    return " × ".join(value(d) for d in dims)
