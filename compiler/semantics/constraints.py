"""`where`: constraints over costs and over decisions, from text to conditions on the graph's variables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Literal, TypeVar, cast

from ..diagnostics.constraints import AmbiguousLabel, BadConstraint, UnknownAlternative, UnknownLabel
from ..diagnostics.source import Span
from ..frontend import ast
from ..ir.decisions import Decision
from ..ir.diagram import Guard
from ..ir.graph import CostConstraint, DecisionConstraint
from . import expressions
from .arithmetic import condition, guard_of, is_number
from .context import Env
from .faults import demand_of_decisions
from .global_names import BUILTIN_NAMES
from .patterns import matches
from .scopes import children
from .state import State
from .values import ERROR, RangeValue, Scalar, Value

Metric = Literal["flops", "params", "depth", "activations"]
METRICS = ("flops", "params", "depth", "activations")
_FLIPPED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "==": "=="}


def collect(
    state: State, declaration: ast.SpaceDecl, env: Env, outputs: Sequence[int]
) -> tuple[CostConstraint | DecisionConstraint, ...]:
    """The constraints of a space; those that are wrong are reported and left out."""
    found: list[CostConstraint | DecisionConstraint] = []
    for expr in declaration.where:
        cost = _cost(state, expr, env)
        if cost is not None:
            found.append(cost)
        elif not _mentions_metric(expr):
            found.extend(_decisions(state, expr, env, declaration, outputs))
    return tuple(found)


def check_costs(state: State, declaration: ast.SpaceDecl, env: Env) -> None:
    """Reports what is wrong with constraints over costs, of a space whose decisions are not known."""
    for expr in declaration.where:
        _cost(state, expr, env)


def _is_metric(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Name) and expr.id in METRICS


def _mentions_metric(expr: ast.Expr) -> bool:
    return any(_is_metric(e) for e in _walk(expr))


def _cost(state: State, expr: ast.Expr, env: Env) -> CostConstraint | None:
    """A cost constraint, or None: it is none, or it is wrong (and was reported)."""
    if not _mentions_metric(expr):
        return None
    for part in _walk(expr):
        if isinstance(part, ast.Name) and part.id in METRICS and (rows := _matching(state, part.id)):
            state.report(AmbiguousLabel(part.span, part.id, rows[0].span, cost=True))
            return None
    if isinstance(expr, ast.Binary) and expr.op in ("and", "or"):
        reason = "costs are compared each by itself"
        advice = f"write a comma instead of `and`: `{expr.left.span.text}, {expr.right.span.text}`"
        if expr.op == "or":
            reason, advice = "costs cannot be alternatives", "make two spaces, one for each constraint"
        state.report(BadConstraint(expr.span, reason, advice))
        return None
    if not isinstance(expr, ast.Binary):
        state.report(BadConstraint(expr.span, "a cost alone is no condition"))
        return None
    left, right, op = expr.left, expr.right, expr.op
    if _is_metric(right) and op in _FLIPPED:
        left, right, op = right, left, _FLIPPED[op]
    if not _is_metric(left) or _mentions_metric(right) or op not in (*_FLIPPED, "in"):
        advice = "write one comparison per cost: `flops <= 600M, params in 3M..6M`"
        state.report(BadConstraint(expr.span, "costs can only be compared with numbers", advice))
        return None
    metric = cast(Metric, cast(ast.Name, left).id)
    bound = expressions.evaluate(state, right, env)
    if bound is ERROR:
        return None
    if op == "in":
        if isinstance(bound, RangeValue) and is_number(bound.low) and is_number(bound.high):
            if bound.low <= bound.high:
                return CostConstraint(metric, bound.low, bound.high, expr.span)
            state.report(_reversed(right))
            return None
    elif is_number(bound) and math.isfinite(bound):
        # Costs are whole numbers.
        low = {">=": bound, ">": math.floor(bound) + 1, "==": bound}.get(op)
        high = {"<=": bound, "<": math.ceil(bound) - 1, "==": bound}.get(op)
        return CostConstraint(metric, low, high, expr.span)
    state.report(BadConstraint(right.span, "a cost is compared with a number or a range of numbers"))
    return None


def _reversed(expr: ast.Expr) -> BadConstraint:
    """A range that holds nothing."""
    advice = "write the smaller bound first"
    if isinstance(expr, ast.Binary) and expr.op == "..":
        advice = f"write the smaller bound first: `{expr.right.span.text}..{expr.left.span.text}`"
    return BadConstraint(expr.span, "no number is in this range: it ends before it begins", advice)


def _walk(expr: ast.Expr) -> Iterator[ast.Expr]:
    """The expression and all in it, but for the patterns that `pin` and `size` take."""
    yield expr
    if not _is_call(expr, "pin", "size"):
        for child in children(expr):
            yield from _walk(child)


def _is_call(expr: ast.Node, *names: str) -> bool:
    return isinstance(expr, ast.Call) and isinstance(expr.callee, ast.Name) and expr.callee.id in names


def _decisions(
    state: State, expr: ast.Expr, env: Env, declaration: ast.SpaceDecl, outputs: Sequence[int]
) -> Iterable[DecisionConstraint]:
    """The instances of a constraint over decisions."""
    if isinstance(expr, ast.Call) and _is_call(expr, "pin"):
        yield from _pin(state, expr)
        return
    parameters = {p.name.id: p.name.span for p in declaration.parameters}
    labels = tuple(dict.fromkeys(d.label for d in state.builder.decisions if d.label))
    groups: dict[str, list[Decision]] = {}
    for part in _walk(expr):
        name = _reference(part)
        if name is None or name in groups:
            continue
        rows = _matching(state, name)
        if isinstance(part, ast.Name):
            if name in parameters and rows:
                state.report(AmbiguousLabel(part.span, name, parameters[name]))
                return
            if name in parameters or env.module.lookup(name) or name in BUILTIN_NAMES:
                continue
        if not rows:
            state.report(UnknownLabel(part.span, name, labels))
            return
        groups[name] = rows
    if not _alternatives_exist(state, expr, groups):
        return
    inside = env.child()
    sizes: dict[Span, str] = {}
    for part in _walk(expr):
        if isinstance(part, ast.Call) and _is_call(part, "size"):
            total = _size(state, part, outputs)
            if total is None:
                return
            sizes[part.span] = name = f"size {len(sizes)}"
            inside.values[name] = total
    yield from _instances(state, _rewritten(expr, sizes), inside, groups)


def _alternatives_exist(state: State, expr: ast.Expr, groups: Mapping[str, Sequence[Decision]]) -> bool:
    """Whether the texts that choices are compared with are names of alternatives; reports those that are not."""
    fine = True
    for part in _walk(expr):
        if not isinstance(part, ast.Binary) or part.op not in ("==", "!=", "in", "not in"):
            continue
        name = _reference(part.left)
        texts: tuple[ast.Expr, ...] = (part.right,)
        if part.op in ("in", "not in"):
            texts = part.right.items if isinstance(part.right, (ast.List, ast.Tuple)) else ()
        elif name not in groups:
            name, texts = _reference(part.right), (part.left,)
        rows = groups.get(name or "", ())
        if not rows or any(row.kind != "choose" for row in rows):
            continue
        values = {value for row in rows for value in row.values}
        known = tuple(dict.fromkeys(option for row in rows for option in row.options))
        for text in texts:
            wanted = text.value if isinstance(text, ast.Literal_) and _reference(text) is None else None
            if isinstance(wanted, str) and wanted not in values:
                state.report(UnknownAlternative(text.span, name or "", wanted, known))
                fine = False
    return fine


def _reference(expr: ast.Expr) -> str | None:
    if isinstance(expr, ast.Name):
        return expr.id
    if isinstance(expr, ast.Literal_) and isinstance(expr.value, str) and ("*" in expr.value or "." in expr.value):
        return expr.value
    return None


def _matching(state: State, name: str) -> list[Decision]:
    rows = [d for d in state.builder.decisions if not d.trivial]
    if "*" in name or "." in name:
        return [d for d in rows if matches(name, d.path)]
    return [d for d in rows if d.label == name]


def _instances(
    state: State, expr: ast.Expr, env: Env, groups: dict[str, list[Decision]]
) -> Iterator[DecisionConstraint]:
    names = list(groups)
    for combination in _combinations([groups[n] for n in names]) if names else [()]:
        inside = env.child()
        for name, row in zip(names, combination, strict=True):
            inside.values[name] = _value(state, row)
        value = condition(state, expressions.evaluate(state, expr, inside), expr.span, env.context)
        if value is ERROR:
            return
        needs = frozenset(row.id for row in combination)
        yield DecisionConstraint(needs, guard_of(value), expr.span)


N = TypeVar("N", bound=ast.Node)


def _rewritten(node: N, sizes: Mapping[Span, str]) -> N:
    """The expression with pattern strings and sizes read as names."""
    name = sizes.get(node.span) if _is_call(node, "size") else None
    if isinstance(node, ast.Literal_):
        name = _reference(node)
    if name is not None:
        return cast(N, ast.Name(node.span, name))
    changed: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, ast.Node):
            changed[field.name] = _rewritten(value, sizes)
        elif isinstance(value, tuple):
            changed[field.name] = tuple(_rewritten(v, sizes) if isinstance(v, ast.Node) else v for v in value)
    return replace(node, **changed) if changed else node


def _value(state: State, row: Decision) -> Value:
    """What a decision's name means in a constraint: its value; for a keep the number of elements that stay."""
    if row.kind == "keep":
        kept = [state.diagrams.case(variable, (0, 1)) for variable in row.variables]
        return Scalar(state.added("how many elements stay", row.span, kept), ())
    return Scalar(state.diagrams.case(row.variables[0], row.values), ())


def _combinations(groups: Sequence[Sequence[Decision]]) -> list[tuple[Decision, ...]]:
    """All combinations of instances within their innermost common scope.

    Of each further group, those nearest to what was picked.
    """
    found: list[tuple[Decision, ...]] = [(row,) for row in groups[0]]
    for group in groups[1:]:
        grown: list[tuple[Decision, ...]] = []
        for picked in found:
            depth = max(_common(picked[0].path, row.path) for row in group)
            grown.extend((*picked, row) for row in group if _common(picked[0].path, row.path) == depth)
        found = grown
    return found


def _common(a: str, b: str) -> int:
    depth = 0
    for x, y in zip(a.split("."), b.split("."), strict=False):
        if x != y:
            break
        depth += 1
    return depth


def _size(state: State, call: ast.Call, outputs: Sequence[int]) -> Scalar | None:
    """`size("**.inputs")`: how many elements stay in the active keeps that match. None with a diagnostic."""
    pattern = _pattern(state, call)
    if pattern is None:
        return None
    rows = [row for row in _matching(state, pattern) if row.kind == "keep"]
    if not rows:
        advice = "give a pattern or a label of decisions that `keep` makes"
        state.report(BadConstraint(call.span, f"no `keep` matches `{pattern}`", advice))
        return None
    active = demand_of_decisions(state, [row.id for row in rows], outputs)
    kept = [state.diagrams.ite(active[row.id], _value(state, row).case, 0) for row in rows]
    return Scalar(state.added("a size", call.span, kept), ())


def _pattern(state: State, call: ast.Call) -> str | None:
    """The pattern, or label, that `pin` and `size` begin with. None with a diagnostic."""
    value = call.arguments[0].value if call.arguments else None
    if not isinstance(value, ast.Literal_) or not isinstance(value.value, str):
        advice = 'write `pin("**.kind", "itgm")` or `size("**.inputs") <= 9`'
        state.report(BadConstraint(value.span if value else call.span, "a pattern is a string", advice))
        return None
    if not _matching(state, value.value):
        labels = tuple(dict.fromkeys(d.label for d in state.builder.decisions if d.label))
        state.report(UnknownLabel(value.span, value.value, labels))
        return None
    return value.value


def _pinned_to(state: State, call: ast.Call) -> str | None:
    """The name of the alternative that `pin` asks for. None with a diagnostic."""
    if len(call.arguments) == 2:
        value = call.arguments[1].value
        if isinstance(value, ast.Literal_) and isinstance(value.value, str | int):
            return value.span.text if isinstance(value.value, bool | int) else value.value
    span = call.arguments[1].span if len(call.arguments) > 1 else call.span
    advice = 'write `pin("**.kind", "itgm")`; for a keep, `size("**.inputs") == 2` says how many stay'
    state.report(BadConstraint(span, "`pin` takes a pattern and the name of an alternative", advice))
    return None


def _pin(state: State, call: ast.Call) -> list[DecisionConstraint]:
    pattern = _pattern(state, call)
    name = None if pattern is None else _pinned_to(state, call)
    if pattern is None or name is None:
        return []
    pinned = []
    for row in _matching(state, pattern):
        if row.kind == "keep" or name not in row.options:
            state.report(UnknownAlternative(call.arguments[1].span, row.path, name, row.options))
            return []
        guard: Guard = state.diagrams.test(row.variables[0], row.options.index(name))
        pinned.append(DecisionConstraint(frozenset({row.id}), guard, call.span))
    return pinned
