"""`where`: constraints over costs and over decisions, from text to conditions on the graph's variables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal, cast

from ...diagnostics.constraints import AmbiguousLabel, BadConstraint, UnknownAlternative, UnknownLabel
from ...diagnostics.habits import COSTS
from ...diagnostics.names import nearest
from ...diagnostics.source import Span
from ...frontend import ast
from ...ir.decisions import Decision
from ...ir.diagram import Guard
from ...ir.graph import CostConstraint, DecisionConstraint
from ...text.quoting import space_string
from ..builtins import BUILTIN_NAMES
from ..text.affected import names_in
from . import expressions
from .arithmetic import condition, guard_of, is_number
from .comparisons import bearer, compared, name_of, named, value_of
from .context import Env, Scopes
from .exact_bounds import at_least, at_most, exactly
from .faults import demand_of_decisions
from .references import is_call, matching, rebuilt, reference, walk
from .state.asking import merge_asks
from .state.state import State
from .values import ERROR, Asks, RangeValue, Scalar, kind_of

Metric = Literal["flops", "params", "depth", "activations"]
METRICS = ("flops", "params", "depth", "activations")
_FLIPPED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<", "==": "=="}


def collect(
    state: State, declaration: ast.SpaceDecl, env: Env, outputs: Sequence[int]
) -> tuple[CostConstraint | DecisionConstraint, ...]:
    """The constraints of a space; those that are wrong are reported and left out."""
    found: list[CostConstraint | DecisionConstraint] = []
    for expr in _ungrouped(state, list(_single(declaration.where))):
        cost = _cost(state, expr, env)
        if cost is not None:
            found.append(cost)
        elif not _mentions_metric(expr):
            found.extend(_decisions(state, expr, env, declaration, outputs))
    return tuple(found)


def check_costs(state: State, declaration: ast.SpaceDecl, env: Env) -> None:
    """Reports what is wrong with constraints over costs, of a space whose decisions are not known."""
    for expr in _single(declaration.where):
        _cost(state, expr, env)


def costs_alone(state: State, exprs: Iterable[ast.Expr], env: Env) -> tuple[CostConstraint, ...]:
    """Constraints over costs that stand by themselves, without a space. What else stands there, and what is wrong, is
    reported and left out."""
    found = []
    for expr in _single(exprs):
        cost = _cost(state, expr, env)
        if cost is not None:
            found.append(cost)
        elif not _mentions_metric(expr):
            state.report(BadConstraint(expr.span, "costs alone can be bounded here", _meant(expr)))
    return tuple(found)


def _meant(expr: ast.Expr) -> str:
    """What to do about something that bounds no cost: a cost may be misspelt, or have the name that others give it."""
    for part in walk(expr):
        near = (COSTS.get(part.id) or nearest(part.id, METRICS)) if isinstance(part, ast.Name) else None
        if near is not None:
            return f"did you mean `{near}`?"
    return "compare `flops`, `params`, `activations` or `depth` with numbers: `flops <= 200M`"


def _ungrouped(state: State, exprs: Sequence[ast.Expr]) -> Iterator[ast.Expr]:
    """The constraints without what commas between digits made one, as in `flops <= 10,000`, which is reported."""
    whole = ""
    for place, expr in enumerate(exprs):
        before = exprs[place - 1] if place else None
        last = before.right if isinstance(before, ast.Binary) else before
        if not isinstance(expr, ast.Literal_) or not isinstance(last, ast.Literal_) or not _in_one(last, expr):
            whole = ""
            yield expr
            continue
        whole = (whole or last.text) + expr.text
        following = exprs[place + 1] if place + 1 < len(exprs) else None
        if not isinstance(following, ast.Literal_):
            reason = "digits are not grouped by commas, which stand between constraints"
            advice = f"write `{whole}`; large numbers have suffixes: `600K`, `3M`"
            state.report(BadConstraint(expr.span, reason, advice))


def _in_one(last: ast.Literal_, expr: ast.Literal_) -> bool:
    """Whether digits and three more behind a comma look like one number."""
    return (last.text + expr.text).isdigit() and len(expr.text) == 3 and last.span.end + 1 == expr.span.start


def _single(exprs: Iterable[ast.Expr]) -> Iterator[ast.Expr]:
    """Constraints one by one: between costs an `and` is what a comma is."""
    for expr in exprs:
        if isinstance(expr, ast.Binary) and expr.op == "and" and _mentions_metric(expr):
            yield from _single((expr.left, expr.right))
        else:
            yield expr


def _is_metric(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Name) and expr.id in METRICS


def _mentions_metric(expr: ast.Expr) -> bool:
    return any(_is_metric(e) for e in walk(expr))


def _cost(state: State, expr: ast.Expr, env: Env) -> CostConstraint | None:
    """A cost constraint, or None: it is none, or it is wrong (and was reported)."""
    if not _mentions_metric(expr):
        return None
    for part in walk(expr):
        if isinstance(part, ast.Name) and part.id in METRICS and (rows := matching(state, part.id)):
            state.report(AmbiguousLabel(part.span, part.id, rows[0].span, cost=True))
            return None
    if isinstance(expr, ast.Binary) and expr.op == "or":
        advice = "make two spaces, one for each constraint"
        state.report(BadConstraint(expr.span, "costs cannot be alternatives", advice))
        return None
    if isinstance(expr, ast.Unary) and expr.op == "not":
        advice = "write the comparison that is meant: `flops > 600M`"
        state.report(BadConstraint(expr.span, "a constraint over costs cannot be negated", advice))
        return None
    if _is_metric(expr):
        state.report(BadConstraint(expr.span, "a cost alone is no condition"))
        return None
    if not isinstance(expr, ast.Binary):
        advice = "write one comparison per cost, which holds in all architectures: `flops <= 600M, params in 3M..6M`"
        state.report(BadConstraint(expr.span, "costs can only be compared with numbers", advice))
        return None
    left, right, op = expr.left, expr.right, expr.op
    if _is_metric(right) and op in _FLIPPED:
        left, right, op = right, left, _FLIPPED[op]
    if not _is_metric(left) or _mentions_metric(right) or op not in (*_FLIPPED, "in"):
        advice = "write one comparison per cost: `flops <= 600M, params in 3M..6M`"
        state.report(BadConstraint(expr.span, "costs can only be compared with numbers", advice))
        return None
    metric = cast(Metric, cast(ast.Name, left).id)
    named = next((e for e in walk(right) if isinstance(e, ast.Name) and _is_decision(state, e, env)), None)
    if named is not None:
        advice = "write a number, or a parameter; decisions are compared in constraints of their own"
        state.report(BadConstraint(named.span, f"a cost is compared with numbers, and `{named.id}` is decided", advice))
        return None
    bound = expressions.evaluate(state, right, env)
    if bound is ERROR:
        return None
    advice = "write one comparison per cost: `flops <= 600M, params in 3M..6M`"
    if op == "in" and isinstance(bound, RangeValue) and is_number(bound.low) and is_number(bound.high):
        written = (right.left, right.right) if isinstance(right, ast.Binary) and right.op == ".." else (right, right)
        ends = [exactly(state, e, env, v) for e, v in zip(written, (bound.low, bound.high), strict=True)]
        if ends[0] is not None and ends[1] is not None:
            if ends[0] <= ends[1]:
                return CostConstraint(metric, at_least(ends[0]), at_most(ends[1]), expr.span)
            state.report(_reversed(right))
            return None
    elif op != "in" and is_number(bound):
        end = exactly(state, right, env, bound)
        if end is not None:
            # Costs are whole numbers.
            low = {">=": at_least(end), ">": math.floor(end) + 1, "==": at_least(end)}.get(op)
            high = {"<=": at_most(end), "<": math.ceil(end) - 1, "==": at_most(end)}.get(op)
            return CostConstraint(metric, low, high, expr.span)
        state.report(BadConstraint(right.span, "the number is greater than any that can be computed with", advice))
        return None
    wanted = "a range of numbers" if op == "in" else "a number"
    state.report(BadConstraint(right.span, f"a cost is compared with {wanted} here, not with {kind_of(bound)}", advice))
    return None


def _is_decision(state: State, name: ast.Name, env: Env) -> bool:
    """Whether a name is that of decisions, and of nothing that has a value here."""
    known = env.find(name.id)[0] or env.module.lookup(name.id) or name.id in BUILTIN_NAMES
    return not known and bool(matching(state, name.id))


def _paths(state: State) -> tuple[str, ...]:
    return tuple(d.path for d in state.builder.decisions if not d.trivial)


def _reversed(expr: ast.Expr) -> BadConstraint:
    """A range that holds nothing."""
    advice = "write the smaller bound first"
    if isinstance(expr, ast.Binary) and expr.op == "..":
        advice = f"write the smaller bound first: `{expr.right.span.text}..{expr.left.span.text}`"
    return BadConstraint(expr.span, "no number is in this range: it ends before it begins", advice)


def _decisions(
    state: State, expr: ast.Expr, env: Env, declaration: ast.SpaceDecl, outputs: Sequence[int]
) -> Iterable[DecisionConstraint]:
    """The instances of a constraint over decisions."""
    if isinstance(expr, ast.Call) and is_call(expr, "pin"):
        yield from _pin(state, expr)
        return
    parameters = {p.name.id: p.name.span for p in declaration.parameters}
    labels = tuple(dict.fromkeys(d.label for d in state.builder.decisions if d.label))
    groups: dict[str, list[Decision]] = {}
    for part in walk(expr):
        name = reference(part)
        if name is None or name in groups:
            continue
        rows = matching(state, name)
        if isinstance(part, ast.Name):
            if name in parameters and rows:
                state.report(AmbiguousLabel(part.span, name, parameters[name]))
                return
            if name in parameters or env.module.lookup(name) or name in BUILTIN_NAMES:
                continue
        if not rows:
            around = (p.span for p in walk(expr) if isinstance(p, ast.Attribute))
            whole = [span.text for span in around if span.start == part.span.start]
            named_so = isinstance(part, ast.Name) and any(name in d.options for d in state.builder.decisions)
            written = max(whole, key=len, default="")
            state.report(UnknownLabel(part.span, name, labels, _paths(state), written, named_so))
            return
        groups[name] = rows
    settled = not any(name.id in parameters for name in names_in(declaration.value))
    read = compared(state, expr, groups, env, settled)
    if read is None:
        return
    inside = env.child()
    sizes: dict[Span, str] = {}
    for part in walk(expr):
        if isinstance(part, ast.Call) and is_call(part, "size"):
            total = _size(state, part, outputs)
            if total is None:
                return
            sizes[part.span] = name = f"size {len(sizes)}"
            inside.values[name] = total

    def as_names(node: ast.Node) -> ast.Node | None:
        name = sizes.get(node.span) if is_call(node, "size") else None
        if isinstance(node, ast.Literal_):
            name = reference(node)
        return None if name is None else ast.Name(node.span, name)

    yield from _instances(state, rebuilt(read, as_names), inside, groups, outputs)


def _instances(
    state: State, expr: ast.Expr, env: Env, groups: dict[str, list[Decision]], outputs: Sequence[int]
) -> Iterator[DecisionConstraint]:
    names = list(groups)
    read = {name.id for name in names_in(expr)}
    found: list[tuple[frozenset[int], Guard, Asks]] = []
    for combination in _combinations(state, [groups[n] for n in names]) if names else [()]:
        inside = env.child()
        needed: Asks = ()
        for name, row in zip(names, combination, strict=True):
            inside.values[name_of(name)] = named(state, row)
            if name not in read:
                continue  # compared by the names of its alternatives, whatever their values depend on
            case, asks = value_of(state, row)
            inside.values[name] = Scalar(case, ())
            needed = (*needed, *asks)
        value = condition(state, expressions.evaluate(state, expr, inside), expr.span, env.context)
        if value is ERROR:
            return
        needs = frozenset(row.id for row in combination)
        inner = tuple(ask for ask in merge_asks(needed) if ask.decision not in needs)
        found.append((needs, guard_of(value), inner))
    active: Mapping[int, Guard] = {}
    if any(inner for _, _, inner in found):
        # What nothing asks for has no value; one walk through the space serves all instances.
        active = demand_of_decisions(state, sorted({a.decision for _, _, inner in found for a in inner}), outputs)
    for needs, holds, inner in found:
        unasked = (state.diagrams.both(a.guard, state.diagrams.negate(active[a.decision])) for a in inner)
        yield DecisionConstraint(needs, state.diagrams.either(holds, state.diagrams.any(unasked)), expr.span)


def _combinations(state: State, groups: Sequence[Sequence[Decision]]) -> list[tuple[Decision, ...]]:
    """All combinations of instances within their innermost common scope: none of two has a nearer one in the group of
    the other."""
    nearest = [[_nearest(state, group, other) for other in groups] for group in groups]
    found: list[tuple[Decision, ...]] = [(row,) for row in groups[0]]
    for n, group in enumerate(groups[1:], start=1):
        there: dict[Scopes, list[Decision]] = {}
        for row in group:
            there.setdefault(nearest[n][0][row.id], []).append(row)
        found = [
            (*picked, row)
            for picked in found
            for row in there.get(nearest[0][n][picked[0].id], ())
            if all(nearest[n][i][row.id] == nearest[i][n][one.id] for i, one in enumerate(picked))
        ]
    return found


def _nearest(state: State, group: Sequence[Decision], others: Sequence[Decision]) -> dict[int, Scopes]:
    """Of each of the group the innermost scope that it has in common with some of the others."""
    scopes = {
        tuple(state.decided.scopes[row.id][:n]) for row in others for n in range(len(state.decided.scopes[row.id]) + 1)
    }
    found = {}
    for row in group:
        around = state.decided.scopes[row.id]
        found[row.id] = next(around[:n] for n in range(len(around), -1, -1) if around[:n] in scopes)
    return found


def _size(state: State, call: ast.Call, outputs: Sequence[int]) -> Scalar | None:
    """`size("**.inputs")`: how many elements stay in the active keeps that match. None with a diagnostic."""
    pattern = _pattern(state, call)
    if pattern is None:
        return None
    rows = [row for row in matching(state, pattern, sites=True) if row.kind == "keep"]
    if not rows:
        advice = "give a pattern or a label of decisions that `keep` makes"
        state.report(BadConstraint(call.span, f"no `keep` matches `{pattern}`", advice))
        return None
    active = demand_of_decisions(state, [row.id for row in rows], outputs)
    stay = [state.decided.stay[row.id] if row.trivial else value_of(state, row)[0] for row in rows]
    kept = [state.diagrams.ite(active[row.id], n, 0) for row, n in zip(rows, stay, strict=True)]
    return Scalar(state.limits.added("a size", call.span, kept), ())


def _pattern(state: State, call: ast.Call) -> str | None:
    """The pattern, or label, that `pin` and `size` begin with. None with a diagnostic."""
    value = call.arguments[0].value if call.arguments else None
    if not isinstance(value, ast.Literal_) or not isinstance(value.value, str):
        advice = f"write {_example(state, call)}"
        if isinstance(value, ast.Name) and matching(state, value.id):
            advice = f'write the label in quotes: `"{value.id}"`'
        state.report(BadConstraint(value.span if value else call.span, "a pattern is a string", advice))
        return None
    if not matching(state, value.value, sites=is_call(call, "size")):
        labels = tuple(dict.fromkeys(d.label for d in state.builder.decisions if d.label))
        state.report(UnknownLabel(value.span, value.value, labels, _paths(state)))
        return None
    return value.value


def _example(state: State, call: ast.Call) -> str:
    """A call of `pin` or `size` as it could stand here, of the first decision of the space that it is made for."""
    size = is_call(call, "size")
    row = next((d for d in state.builder.decisions if not d.trivial and (d.kind == "keep") == size), None)
    name = space_string(row.path) if row else '"LABEL"'
    return f"`size({name}) <= 2`" if size else _pin_as(name, row.options[0] if row else "NAME")


def _pin_as(pattern: str, option: str) -> str:
    return f"`pin({pattern}, {space_string(option)})`"


def _stay(pattern: str) -> str:
    return f"say how many of its elements stay: `size({space_string(pattern)}) == 1`"


def _pinned_to(state: State, call: ast.Call, pattern: str) -> str | None:
    """The name of the alternative that `pin` asks for. None with a diagnostic."""
    value = call.arguments[1].value if len(call.arguments) > 1 else None
    if len(call.arguments) == 2 and isinstance(value, ast.Literal_) and isinstance(value.value, str | int):
        return value.span.text if isinstance(value.value, bool | int) else value.value
    rows = matching(state, pattern)
    if all(row.kind == "keep" for row in rows):
        advice = _stay(pattern)
    else:
        # What stands there without quotes may be a name all the same.
        known = [option for row in rows if row.kind != "keep" for option in row.options]
        written = value.span.text if value else ""
        advice = f"write {_pin_as(space_string(pattern), written if written in known else known[0])}"
    span = call.arguments[1].span if value else call.span
    state.report(BadConstraint(span, "`pin` takes a pattern and the name of an alternative", advice))
    return None


def _pin(state: State, call: ast.Call) -> list[DecisionConstraint]:
    pattern = _pattern(state, call)
    name = None if pattern is None else _pinned_to(state, call, pattern)
    if pattern is None or name is None:
        return []
    pinned = []
    for row in matching(state, pattern):
        if row.kind == "keep":
            fault = f"`pin` fixes choices, gates and counts, and `{row.path}` is a `keep`"
            state.report(BadConstraint(call.arguments[0].span, fault, _stay(pattern)))
            return []
        if name not in row.options:
            span = call.arguments[1].span
            state.report(UnknownAlternative(span, row.path, name, row.options, bearer([row], name)))
            return []
        guard: Guard = state.diagrams.test(row.variables[0], row.options.index(name))
        pinned.append(DecisionConstraint(frozenset({row.id}), guard, call.span))
    return pinned
