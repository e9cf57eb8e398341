"""`keep`: which elements of a list stay."""

from __future__ import annotations

from ...diagnostics.decisions import KeepTooMany
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...ir.decisions import Decision
from ...ir.diagram import Case, leaves, witness
from ...ir.graph import Ask
from .context import Context
from .lists import elements_text
from .open_lists import how_many
from .state.asking import merge_asks
from .state.limits import OPTION_LIMIT
from .state.state import State
from .values import ERROR, Item, KeepOp, ListValue, Value, kind_of


def keep_elements(state: State, op: KeepOp, value: Value, context: Context, span: Span) -> Value:
    """`keep`: the elements of a list, each under the condition that it stays."""
    if value is ERROR:
        return ERROR
    if not isinstance(value, ListValue):
        state.report(WrongType(op.span, "what is piped into `keep`", "a list", kind_of(value)))
        return ERROR
    items = [item for item in value.items if item.guard is not False]
    everything = op.low is None
    there = how_many(state, items, op.span)
    most = max(leaves(state.diagrams.constrain(there, state.decided.valid(*(item.guard for item in items)))))
    low = len(items) if op.low is None else op.low
    high = most if op.high is None else op.high
    wanted = "any" if op.high is None else str(low) if low == high else f"{low}..{high}"
    if not everything and (low > most or high > most):
        state.report(KeepTooMany(op.span, wanted, elements_text(most), place=context.place))
        return ERROR
    state.limits.at_most(len(items), OPTION_LIMIT, f"a `keep` of a list of {len(items)} elements", op.span)
    decision = _decide(state, op, len(items), low, len(items) if everything else high, most)
    if not value.fixed and not everything:
        _check_enough(state, op, decision, there, low, wanted, context)
    asks = (Ask(decision.id),)
    if decision.trivial:
        guards = [False if high == 0 else item.guard for item in items]
        state.decided.stay[decision.id] = 0 if high == 0 else there
    else:
        stays = [state.diagrams.test(variable, 1) for variable in decision.variables]
        guards = [state.diagrams.both(i.guard, stay) for i, stay in zip(items, stays, strict=True)]
        if not value.fixed:
            gone = [state.diagrams.test(variable, 0) for variable in decision.variables]
            exists = state.diagrams.all(
                state.diagrams.either(away, i.guard) for away, i in zip(gone, items, strict=True)
            )
            state.decided.only_existing(decision, exists)
    kept = []
    for place, (item, guard) in enumerate(zip(items, guards, strict=True)):
        needed = merge_asks((*item.asks, *asks)) if item.asks else asks
        kept.append(Item(item.value, guard, needed, (decision.id, place), item.inner, item.listed))
    return ListValue(tuple(kept), name=value.name, asks=merge_asks((*value.asks, *asks)))


def _decide(state: State, op: KeepOp, n: int, low: int, high: int, most: int) -> Decision:
    places = tuple(str(i + 1) for i in range(n))
    return state.decided.decide(
        op.context,
        op.label or "keep",
        id(op.expression),
        op.span,
        lambda path: state.builder.keep(path, n, low, high, op.span, op.label, most),
        places,
    )


def _check_enough(
    state: State, op: KeepOp, decision: Decision, there: Case, low: int, wanted: str, context: Context
) -> None:
    few = state.limits.lift("a keep", op.span, lambda n: n < low, there)
    state.decided.finds_too_few(decision, few)
    few = state.diagrams.both(few, state.diagrams.both(context.condition, state.decided.valid(few)))
    if witness(few) is not None:
        state.mistakes.shown(lambda words, _: KeepTooMany(op.span, wanted, "fewer elements", words, context.place), few)
