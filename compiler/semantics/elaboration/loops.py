"""Ranges and lists to go through, and comprehensions."""

from __future__ import annotations

from dataclasses import replace

from ...diagnostics.values import CountsDown, TooLarge, WrongType
from ...frontend import ast
from ...ir.diagram import leaves
from ...record import record
from . import expressions, operators
from .arithmetic import case_of, is_plain, no_whole_number
from .context import Context, Env
from .open_lists import narrowed
from .state.limits import LENGTH_LIMIT
from .state.state import State
from .values import ERROR, Asks, Item, ListValue, RangeValue, Same, Scalar, SetValue, Value, kind_of


@record
class Rounds:
    """What is looped over: each value with an Item that says where it exists. ``asks``: what is asked for to know how
    many there are."""

    elements: list[tuple[Value, Item]]
    asks: Asks = ()


def iterate(state: State, value: Value, source: ast.Expr, context: Context) -> Rounds | None:
    """The elements of a range, list or set to loop over, the value of ``source``; None with a diagnostic."""
    span = source.span
    value = operators.opened_set(state, value, context, span)
    if value is ERROR:
        return None
    if isinstance(value, ListValue):
        return Rounds([(item.value, narrowed(state, item, context.condition)) for item in value.items], value.asks)
    if isinstance(value, SetValue):
        return Rounds([(option.value, Item(option.value)) for option in value.options], value.asks)
    if not isinstance(value, RangeValue):
        state.report(WrongType(span, "what is looped over", "a range, a list or a set", kind_of(value)))
        return None
    low, high = value.low, value.high
    bounds = leaves(case_of(high)) if is_plain(high) else ()
    if isinstance(low, Scalar):
        what = "the lower bound of a loop"
        state.report(WrongType(span, what, "a number that no decision changes", "one that a decision changes"))
        return None
    if type(low) is not int or not bounds or not all(type(b) is int for b in bounds):
        wrong = low if type(low) is not int else high
        state.report(no_whole_number(state, span, "a bound of a loop", wrong))
        return None
    if max(bounds) - low >= LENGTH_LIMIT:
        state.report(TooLarge(span, f"a loop of {max(bounds) - low + 1} iterations", f"at most {LENGTH_LIMIT}"))
        return None
    state.limits.spend(max(0, max(bounds) - low + 1), span)
    if not isinstance(high, Scalar):
        # An upper bound that comes out small is how a loop is left out; one that is written so small is a slip.
        if low > high + 1 and isinstance(source, ast.Binary) and isinstance(source.right, ast.Literal_):
            state.mistakes.warn(CountsDown(span, low, high))
        return Rounds([(i, Item(i)) for i in range(low, high + 1)])
    rounds: list[tuple[Value, Item]] = []
    for i in range(low, max(bounds) + 1):
        exists = state.diagrams.apply(lambda n, i=i: i <= n, high.case)
        exists = state.diagrams.constrain(exists, context.condition)
        if exists is False:
            break
        rounds.append((i, Item(i, exists, high.asks if exists is not True else ())))
    return Rounds(rounds, high.asks)


def comprehension(state: State, expr: ast.Comprehension, env: Env) -> Value:
    return _comprehension(state, expr, env, expressions.evaluate(state, expr.source, env))


def _comprehension(state: State, expr: ast.Comprehension, env: Env, source: Value) -> Value:
    if isinstance(source, Same):
        return Same(lambda channels: _comprehension(state, expr, env, source.at(channels)))
    rounds = iterate(state, source, expr.source, env.context)
    if rounds is None:
        return ERROR
    items: list[Item] = []
    failed = False
    for position, (value, item) in enumerate(rounds.elements, start=1):
        inside = env.child(within(state, env.context.index(position, expr), item))
        if expr.target.id != "_":
            inside.values[expr.target.id] = value
        start = len(state.builder.decisions)
        result = expressions.evaluate(state, expr.body, inside)
        failed = failed or result is ERROR
        items.append(Item(result, item.guard, item.asks, inner=state.decided.made_since(start), listed=item.listed))
    return ERROR if failed else ListValue(tuple(items), asks=rounds.asks)


def within(state: State, context: Context, item: Item) -> Context:
    """The context where ``item`` exists."""
    if item.guard is True:
        return context
    return replace(context, condition=state.diagrams.both(context.condition, item.guard))
