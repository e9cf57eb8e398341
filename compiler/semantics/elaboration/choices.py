"""The forms that leave something open: choose, maybe, repeat (keep stands with the lists)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ...diagnostics.decisions import EqualAlternatives, MixedAlternatives, NamelessAlternative, NothingToChoose
from ...diagnostics.source import Span
from ...diagnostics.values import TooLarge
from ...frontend import ast
from ...ir.diagram import NARROW, leaves, same_case
from ...ir.graph import Ask
from . import expressions, operators
from .arithmetic import asks_of, case_of, condition, guard_of, is_plain, no_whole_number, scalar, under
from .context import Context, Env
from .lists import one_of_lists
from .state.asking import merge_asks
from .state.limits import LENGTH_LIMIT, OPTION_LIMIT
from .state.state import State
from .switches import after, gate, switch
from .values import (
    ERROR,
    Asks,
    ChosenOp,
    ConditionalOp,
    ListValue,
    MaybeOp,
    Operator,
    Option,
    RangeValue,
    RepeatOp,
    Same,
    Scalar,
    SetValue,
    Tensor,
    Value,
    at,
    kind_of,
)


def alternative_name(item: ast.Alternative) -> str | None:
    """The name of an alternative: the written one, or that of a name or call, or a literal's value.

    None where it must be written.
    """
    if item.name is not None:
        return item.name.id
    value = item.value
    while isinstance(value, ast.Call):
        value = value.callee
    match value:
        case ast.Name():
            return value.id
        case ast.Literal_():
            if isinstance(value.value, str):
                return value.value
            return "none" if value.value is None else value.text
        case ast.Tuple() if value.crossed:
            return "x".join(i.span.text for i in value.items)
        case ast.Unary(op="-", operand=ast.Literal_()):
            return value.span.text
    return None


def evaluate_set(state: State, expr: ast.Set, env: Env) -> Value:
    """A set: its alternatives elaborated once, each below its own name."""
    options: list[Option] = []
    seen: dict[str, Span] = {}
    fine = True
    for item in expr.items:
        name = alternative_name(item)
        if name is None:
            state.report(NamelessAlternative(item.span))
            fine = False
            continue
        if name in seen:
            state.report(EqualAlternatives(item.span, name, seen[name]))
            fine = False
            continue
        seen[name] = item.span
        # Nothing is decided in a number or a name, so that neither needs a place of its own.
        bare = isinstance(item.value, (ast.Literal_, ast.Name))
        value = expressions.evaluate(state, item.value, env if bare else env.within(env.context.segment(name)))
        options.append(Option(name, value, item.value.span))
    return SetValue(tuple(options)) if fine else ERROR


def options_of(state: State, value: Value, span: Span, context: Context) -> SetValue | None:
    """The alternatives of what `choose` stands before, or None with a diagnostic."""
    value = operators.opened_set(state, value, context, span)
    if value is ERROR:
        return None
    if isinstance(value, RangeValue):
        low, high = value.low, value.high
        if not (type(low) is int and type(high) is int):
            state.report(NothingToChoose(span, "a choice from a range needs whole numbers that no decision changes"))
            return None
        if high - low >= OPTION_LIMIT:
            state.report(TooLarge(span, f"a choice among {high - low + 1} numbers", f"at most {OPTION_LIMIT}"))
            return None
        value = SetValue(tuple(Option(str(n), n, span) for n in range(low, high + 1)))
    if not isinstance(value, SetValue):
        if isinstance(value, Same):
            why = "what is chosen from must not depend on `same`"
            state.report(NothingToChoose(span, why, "give the channels to a parameter of an `op` and choose there"))
            return None
        advice = (
            "alternatives stand in braces: `choose {a, b}`"
            if isinstance(value, (ListValue, tuple))
            else "give a set `{a, b}` or a range `1..4`"
        )
        state.report(NothingToChoose(span, f"`choose` takes a set or a range, not {kind_of(value)}", advice))
        return None
    if not value.options:
        state.report(NothingToChoose(span, "there is nothing to choose from"))
        return None
    if len(value.options) > OPTION_LIMIT:
        state.report(TooLarge(span, f"a choice among {len(value.options)} alternatives", f"at most {OPTION_LIMIT}"))
        return None
    return value


def choose(state: State, expr: ast.Choose, env: Env) -> Value:
    """`choose SET`: one decision; its value is whatever the alternatives are."""
    offered = options_of(state, expressions.evaluate(state, expr.operand, env), expr.operand.span, env.context)
    if offered is None:
        return ERROR
    options = offered.options
    names = tuple(option.name for option in options)
    values = tuple(o.value if is_plain(o.value) and not isinstance(o.value, Scalar) else o.name for o in options)
    label = expr.label.id if expr.label else None
    decision = state.decided.decide(
        env.context,
        label or "choice",
        id(expr),
        expr.span,
        lambda path: state.builder.choose(path, names, values, expr.span, label),
        names,
    )
    if any(option.value is ERROR for option in options) or len(decision.options) != len(options):
        return ERROR
    chosen = combine(state, decision.id, options, env.context, expr.span)
    if isinstance(chosen, Scalar):
        before = state.decided.meanings.setdefault(decision.id, chosen)
        if before is None or not same_case(before.case, chosen.case):
            state.decided.meanings[decision.id] = None
    return after(state, offered.asks, chosen, env.context, expr.span)


def combine(state: State, decision: int, options: Sequence[Option], context: Context, span: Span) -> Value:
    """The value of a choose over ``options``."""
    row = state.builder.decisions[decision]
    variable = row.variables[0]
    ask: Asks = (Ask(decision),)
    values = [option.value for option in options]
    if any(isinstance(v, Same) for v in values) and all(isinstance(v, Same) or is_plain(v) for v in values):
        # The decision is made here; what its alternatives come to, where the operator is applied.
        def settled(channels: Value) -> Value:
            there = [Option(o.name, at(o.value, channels), o.span) for o in options]
            return combine(state, decision, there, context, span)

        return Same(settled)
    if all(is_plain(v) for v in values):
        asks = ask
        # Tests of a wide decision are steps, whether or not something is asked for under them.
        if len(values) > NARROW or Scalar in map(type, values):
            tests = [state.diagrams.test(variable, i) for i in range(len(values))]
            inner = [a for v, here in zip(values, tests, strict=True) for a in under(state, here, asks_of(v))]
            asks = merge_asks((*ask, *inner))
        return Scalar(state.diagrams.select(variable, [case_of(v) for v in values]), asks)
    if all(isinstance(v, Operator) for v in values):
        return ChosenOp(decision, tuple(options), context, span)
    tests = [state.diagrams.test(variable, i) for i in range(len(values))]
    if all(isinstance(v, Tensor) for v in values):
        return switch(state, list(zip(values, tests, strict=True)), ask, span, context, decision)
    if all(isinstance(v, ListValue) for v in values):
        return one_of_lists(state, list(zip(values, tests, strict=True)), ask)
    if any(v is ERROR for v in values):
        return ERROR
    kinds = ", ".join(dict.fromkeys(kind_of(v) for v in values))
    state.report(MixedAlternatives(span, kinds))
    return ERROR


def conditional(state: State, expr: ast.If, env: Env) -> Value:
    """`if c then a else b`: stops early; where c depends on decisions, both sides are elaborated."""
    return _conditional(state, expr, env, expressions.evaluate(state, expr.condition, env))


def _conditional(state: State, expr: ast.If, env: Env, tested: Value) -> Value:
    if isinstance(tested, Same):
        return Same(lambda channels: at(_conditional(state, expr, env, tested.at(channels)), channels))
    value = condition(state, tested, expr.condition.span, env.context)
    if value is ERROR:
        return ERROR
    if isinstance(value, bool):
        return expressions.evaluate(state, expr.then if value else expr.otherwise, env)
    guard = guard_of(value)
    # What is known here may leave one side alone: what the other would come to is nobody's.
    known = state.diagrams.both(env.context.condition, state.decided.valid(guard))
    settled = state.diagrams.constrain(guard, known)
    if isinstance(settled, bool):
        chosen = expressions.evaluate(state, expr.then if settled else expr.otherwise, env)
        return after(state, value.asks, chosen, env.context, expr.span)
    sides = []
    for side, holds in ((expr.then, guard), (expr.otherwise, state.diagrams.negate(guard))):
        sides.append(expressions.evaluate(state, side, env.assuming(state.diagrams.both(env.context.condition, holds))))
    return branch(state, value, sides[0], sides[1], env.context, expr.span)


def branch(state: State, test: Scalar, then: Value, otherwise: Value, context: Context, span: Span) -> Value:
    """``then`` where the test holds, else ``otherwise``."""
    if then is ERROR or otherwise is ERROR:
        return ERROR
    guard = guard_of(test)
    refused = state.diagrams.negate(guard)
    if is_plain(then) and is_plain(otherwise):
        asks = merge_asks((*test.asks, *under(state, guard, asks_of(then)), *under(state, refused, asks_of(otherwise))))
        return scalar(state.diagrams.ite(guard, case_of(then), case_of(otherwise)), asks)
    if isinstance(then, Operator) and isinstance(otherwise, Operator):
        return ConditionalOp(test, then, otherwise, span)
    if isinstance(then, Tensor) and isinstance(otherwise, Tensor):
        return switch(state, [(then, guard), (otherwise, refused)], test.asks, span, context)
    if isinstance(then, ListValue) and isinstance(otherwise, ListValue):
        return one_of_lists(state, [(then, guard), (otherwise, refused)], test.asks)
    if all(isinstance(v, Same) or is_plain(v) for v in (then, otherwise)):
        return Same(lambda c: branch(state, test, at(then, c), at(otherwise, c), context, span))
    state.report(MixedAlternatives(span, f"{kind_of(then)}, {kind_of(otherwise)}"))
    return ERROR


def maybe(state: State, expr: ast.Maybe, env: Env) -> Value:
    """`maybe e`: a gate on a tensor, or on what an operator makes."""
    label = expr.label.id if expr.label else None
    decision = state.decided.decide(
        env.context,
        label or "gate",
        id(expr),
        expr.span,
        lambda path: state.builder.gate(path, expr.span, label),
        ("off", "on"),
    )
    start = len(state.builder.decisions)
    operand = expressions.evaluate(state, expr.operand, env)
    inner = (start, len(state.builder.decisions))
    if operand is ERROR:
        return ERROR
    if isinstance(operand, Operator):
        return MaybeOp(operand, decision.id, inner, expr.span)
    return gate(state, operand, decision.id, inner, env.context, expr.span)


def repeat(state: State, expr: ast.Repeat, env: Env) -> Value:
    """`repeat n { op }`: an operator that applies ``op``, elaborated afresh, n times in sequence."""
    if isinstance(expr.count, ast.Choose):
        operand = expressions.evaluate(state, expr.count.operand, env)
        if isinstance(operand, RangeValue) and type(operand.low) is int and type(operand.high) is int:
            return _counted(state, expr, env, operand.low, operand.high)
    return _repeated(state, expr, env, expressions.evaluate(state, expr.count, env))


def _repeated(state: State, expr: ast.Repeat, env: Env, count: Value) -> Value:
    if isinstance(count, Same):
        return Same(lambda channels: _repeated(state, expr, env, count.at(channels)))
    if count is ERROR:
        return ERROR
    numbers = leaves(case_of(count)) if is_plain(count) else ()
    if not numbers or not all(type(n) is int for n in numbers):
        state.report(no_whole_number(state, expr.count.span, "the count of a `repeat`", count))
        return ERROR
    if min(numbers) < 0:
        state.report(
            NothingToChoose(
                expr.count.span, f"an operator cannot be repeated {min(numbers)} times", "give a count of at least 0"
            )
        )
        return ERROR
    if not _small(state, max(numbers), expr.count.span):
        return ERROR
    decided = count if isinstance(count, Scalar) else None
    return RepeatOp(expr, env, min(numbers), max(numbers), None, expr.span, decided)


def _small(state: State, count: int, span: Span, limit: int = LENGTH_LIMIT) -> bool:
    if count > limit:
        state.report(TooLarge(span, f"{count} repetitions", f"at most {limit}"))
        return False
    return True


def _counted(state: State, expr: ast.Repeat, env: Env, low: int, high: int) -> Value:
    assert isinstance(expr.count, ast.Choose)
    span = expr.count.span
    if low < 0 or high < low:
        state.report(
            NothingToChoose(span, f"an operator cannot be repeated {low}..{high} times", "give a count of at least 0")
        )
        return ERROR
    if not _small(state, high, span, OPTION_LIMIT):
        return ERROR
    label = expr.count.label.id if expr.count.label else None
    decision = state.decided.decide(
        env.context,
        label or "count",
        id(expr.count),
        span,
        lambda path: state.builder.count(path, low, high, span, label),
        tuple(str(n) for n in range(low, high + 1)),
    )
    return RepeatOp(expr, env, low, high, decision.id, expr.span)


def apply_repeat(state: State, op: RepeatOp, value: Value, context: Context, span: Span) -> Value:
    """The chain of iterations, and where the count is open a switch among what they make."""
    outputs = [value]
    for r in range(1, op.high + 1):
        inside = op.env.context if op.body.tied else op.env.context.index(r, op.body)
        inside = replace(inside, place=f"{context.place}[{r}]", scope=context.scope, frozen=context.frozen)
        scope = state.builder.scope(context.scope, f"[{r}]", "repeat", "iteration", inside.place, op.span)
        inside = replace(inside, scope=scope)
        body = expressions.evaluate(state, op.body.body, op.env.within(inside))
        # What the text of the body decides is decided once; a template is made where the operator is applied.
        applied = context if op.body.tied else context.index(r, op.body)
        applied = replace(applied, scope=scope, place=inside.place)
        result = operators.apply(state, body, outputs[-1], applied, op.span)
        if result is ERROR:
            return ERROR
        outputs.append(result)
    if op.decision is not None:
        variable = state.builder.decisions[op.decision].variables[0]
        cases = [(outputs[op.low + i], state.diagrams.test(variable, i)) for i in range(op.high - op.low + 1)]
        return switch(state, _single(cases), (Ask(op.decision),), span, context, op.decision)
    if op.count is not None:
        numbers = sorted(leaves(case_of(op.count)))
        cases = [(outputs[n], state.diagrams.apply(lambda c, n=n: c == n, case_of(op.count))) for n in numbers]
        return switch(state, _single(cases), op.count.asks, span, context)
    return outputs[op.high]


def _single(cases: list[Any]) -> list[Any]:
    """A list with one tensor may be repeated on; unwrap it."""
    return [(v.items[0].value if isinstance(v, ListValue) and len(v.items) == 1 else v, g) for v, g in cases]
