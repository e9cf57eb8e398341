"""Comparisons in constraints with values that no decision compared comes out at: they say nothing, or exclude all."""

from __future__ import annotations

from collections.abc import Container, Hashable, Sequence

from ...diagnostics.constraints import NeverDecided
from ...frontend import ast
from ...ir.decisions import Decision
from ...ir.diagram import Case, leaves
from ...ops.attributes import shown
from ..text.affected import names_in
from . import expressions
from .arithmetic import is_number, is_plain
from .context import Env
from .state.state import State
from .values import ERROR, RangeValue, Value, equality_key


def warn_of_absent(
    state: State,
    env: Env,
    node: ast.Binary,
    name: str,
    rows: Sequence[tuple[Decision, Case]],
    written: Sequence[ast.Expr],
    alone: bool,
) -> None:
    """Warns of what is ``written`` as values for decisions called ``name`` and is none of any of them. ``rows``: they
    with what they are compared by; ``node``: the comparison, ``alone`` where it is with nothing else. What depends on
    names, which may be parameters, is not looked at."""
    known = _values(rows)
    keys = set(map(equality_key, known))
    values: list[Value] = []
    absent = []
    for expr in written:
        if next(iter(names_in(expr)), None) is not None:
            return
        value = expressions.evaluate(state, expr, env)
        if value is ERROR:
            return
        values.append(value)
        if _absent(value, known, keys):
            absent.append(expr)
    if absent:
        whole = alone and len(absent) == len(values)
        negated = node.op in ("!=", "not in")
        outcome = ("always true" if negated else "never true") if whole else ""
        span = node.span if whole else absent[0].span
        missing = tuple(expr.span.text for expr in absent)
        state.mistakes.warn(NeverDecided(span, name, missing, tuple(map(shown, known)), outcome))


def _values(rows: Sequence[tuple[Decision, Case]]) -> list[Value]:
    """What some decisions may come out at, each once, in the order of the text; numbers sorted."""
    found: dict[Hashable, Value] = {}
    for row, case in rows:
        kept = row.kind == "keep" and row.sizes is not None
        own = range(row.sizes[0], row.sizes[1] + 1) if kept and row.sizes else filter(is_plain, leaves(case))
        for value in own:
            found.setdefault(equality_key(value), value)
    values = list(found.values())
    return sorted(values) if all(map(is_number, values)) else values


def _absent(value: Value, known: Sequence[Value], keys: Container[Hashable]) -> bool:
    """Whether none of the values, whose keys those are, is the one that is written, or in the range that is."""
    if isinstance(value, RangeValue):
        low, high = value.low, value.high
        numbers = [one for one in known if is_number(one)]
        return is_number(low) and is_number(high) and not any(low <= one <= high for one in numbers)
    return is_plain(value) and equality_key(value) not in keys
