"""Bodies: statements in order, the lists that they build, and what is returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ...diagnostics.names import DuplicateName, SeedOfALoop
from ...diagnostics.source import Span
from ...diagnostics.values import BadIndex, WrongType
from ...frontend import ast
from ...ir.diagram import Guard, witness
from . import expressions, loops
from .context import Env
from .open_lists import narrowed
from .state.asking import merge_asks
from .state.state import State
from .values import ERROR, Asks, Item, ListValue, NamedTuple_, Value, kind_of


class ListBuilder:
    """A list that a block builds element by element: `x[i] = …`."""

    __slots__ = ("asks", "items", "name", "places", "seed", "span")

    def __init__(self, name: str, span: Span) -> None:
        self.name = name
        self.span = span
        self.items: list[Item] = []
        self.asks: Asks = ()
        self.seed: Value = None
        self.places: dict[int, Span] = {}

    def of(self, seed: Value, values: Sequence[Value]) -> ListBuilder:
        """The same list with other values of its elements."""
        made = ListBuilder(self.name, self.span)
        made.items = [replace(item, value=value) for item, value in zip(self.items, values, strict=True)]
        made.asks, made.seed, made.places = self.asks, seed, self.places
        return made


def snapshot(state: State, builder: ListBuilder, env: Env) -> Value:
    """The list as it is now, with guards that are known to hold here dropped."""
    if builder.seed is ERROR or any(item.value is ERROR for item in builder.items):
        return ERROR
    found = ListValue(tuple(builder.items), builder.seed, f"`{builder.name}`", asks=builder.asks)
    known = env.context.condition
    if known is True or found.fixed:
        return found
    items = tuple([narrowed(state, item, known) for item in builder.items])
    # Where all that may be there is, the bound that lets it be there was asked for before.
    asks = () if all(item.guard is True for item in items) else builder.asks
    return replace(found, items=items, asks=asks)


def run_block(state: State, block: ast.Block, env: Env, *, between: Callable[[], None] | None = None) -> Value:
    """The value that a body returns; its statements are elaborated in order. ``between``: is called after them."""
    _predeclare(block.statements, env, nested=False)
    _statements(state, block.statements, env, env, Item(None))
    if between is not None:
        between()
    return returned(state, block, env)


def returned(state: State, block: ast.Block, env: Env) -> Value:
    """The value that a body returns whose statements are elaborated."""
    value = block.result.value
    if isinstance(value, ast.Set) and value.items and all(item.name is not None for item in value.items):
        outputs = []
        for item in value.items:
            assert item.name is not None
            outputs.append((item.name.id, expressions.evaluate(state, item.value, env)))
        return ERROR if any(v is ERROR for _, v in outputs) else NamedTuple_(tuple(outputs))
    return expressions.evaluate(state, value, env)


def _predeclare(statements: tuple[ast.Bind | ast.For, ...], env: Env, nested: bool) -> None:
    """The lists that a block builds exist, empty, from its start: `h[<1]` may stand before the first `h[1] = …`."""
    for statement in statements:
        if isinstance(statement, ast.For):
            if not nested:
                _predeclare(statement.body, env, nested=True)
        elif statement.index is not None and not env.find(statement.name.id)[0]:
            env.values[statement.name.id] = ListBuilder(statement.name.id, statement.name.span)


def _statements(state: State, statements: tuple[ast.Bind | ast.For, ...], env: Env, outer: Env, loop: Item) -> None:
    """``outer``: the block that lists are built in; ``loop``: where the current iteration exists."""
    for statement in statements:
        if isinstance(statement, ast.For):
            _for(state, statement, env, loop)
        elif statement.index is None:
            name = statement.name.id
            if name in env.values:
                there = env.values[name]
                late = statement.name.span
                if isinstance(there, ListBuilder) and there.span.start > late.start:
                    late = there.span
                _twice(state, env, late, name)
                continue
            context = env.context.segment(name + env.indices)
            env.values[name] = _named(expressions.evaluate(state, statement.value, env.within(context)), name)
        else:
            _element_statement(state, statement, env, outer, loop)


def _twice(state: State, env: Env, span: Span, name: str) -> None:
    """A name that is bound already; what it means is anybody's guess."""
    state.report(DuplicateName(span, name, span))
    owner: Env | None = env
    while owner is not None and name not in owner.values:
        owner = owner.parent
    if owner is not None:
        owner.values[name] = ERROR


def _named(value: Value, name: str) -> Value:
    return replace(value, name=f"`{name}`", mapped=False) if isinstance(value, ListValue) else value


def _for(state: State, statement: ast.For, env: Env, loop: Item) -> None:
    source = expressions.evaluate(state, statement.source, env)
    rounds = loops.iterate(state, source, statement.source, env.context)
    if rounds is None:
        _spoil(statement.body, env)
        return
    for position, (value, item) in enumerate(rounds.elements, start=1):
        number = value if type(value) is int else position
        context = loops.within(state, env.context.iteration(position, statement), item)
        inside = env.child(context, f"{env.indices}[{number}]")
        if statement.target.id != "_":
            inside.values[statement.target.id] = value
        _predeclare(tuple(s for s in statement.body if isinstance(s, ast.For)), inside, nested=False)
        exists = Item(None, state.diagrams.both(loop.guard, item.guard), merge_asks((*loop.asks, *item.asks)))
        _statements(state, statement.body, inside, env, exists)
    for each in statement.body:
        if isinstance(each, ast.Bind) and each.index is not None:
            _, builder = env.find(each.name.id)
            if isinstance(builder, ListBuilder):
                builder.asks = merge_asks((*builder.asks, *loop.asks, *rounds.asks))


def _spoil(body: tuple[ast.Bind | ast.For, ...], env: Env) -> None:
    """The lists that a loop was to build are wrong when nobody knows how often it goes round."""
    for statement in body:
        if isinstance(statement, ast.For):
            _spoil(statement.body, env)
        elif statement.index is not None:
            found, builder = env.find(statement.name.id)
            if found and isinstance(builder, ListBuilder):
                builder.items.append(Item(ERROR))


def _element_statement(state: State, statement: ast.Bind, env: Env, outer: Env, loop: Item) -> None:
    name = statement.name.id
    assert statement.index is not None
    index = expressions.evaluate(state, statement.index, env)
    found, builder = env.find(name)
    if not found:
        builder = ListBuilder(name, statement.name.span)
        outer.values[name] = builder
    elif not isinstance(builder, ListBuilder):
        if builder is not ERROR:
            _twice(state, env, statement.name.span, name)
        return
    if index is ERROR:
        builder.items.append(Item(ERROR))
        return
    if any(item.value is ERROR for item in builder.items[-1:]):
        # What is wrong with the element before is said, and nobody knows which one this is.
        return
    place = env.indices or f"[{index}]"
    start = len(state.builder.decisions)
    value = expressions.evaluate(state, statement.value, env.within(env.context.segment(name + place)))
    here = statement.name.span.to(statement.index.span)
    if type(index) is int and index in builder.places:
        state.report(DuplicateName(here, f"{name}[{index}]", builder.places[index]))
        builder.items.append(Item(ERROR))
    elif index == 0 and not builder.items:
        if not isinstance(statement.index, ast.Literal_):
            state.mistakes.warn(SeedOfALoop(here, name))
        builder.seed = value
        builder.places[0] = here
    elif type(index) is int and index == len(builder.items) + 1:
        _no_gap(state, builder, index, loop.guard, env, here)
        builder.items.append(Item(value, loop.guard, loop.asks, inner=state.decided.made_since(start)))
        builder.places[index] = here
    else:
        shown = str(index) if type(index) is int else kind_of(index)
        following = len(builder.items) + 1
        advice = "elements are defined in order, from 1; `x[0] = …` before them is a seed"
        what = f"the index of the next element of `{name}`"
        state.report(WrongType(statement.index.span, what, str(following), shown, advice))
        builder.items.append(Item(ERROR))


_IN_ORDER = "elements are defined in order, from 1: join lists instead, `[*xs, x]`"


def _no_gap(state: State, builder: ListBuilder, index: int, guard: Guard, env: Env, here: Span) -> None:
    """Reports where an element would be there without the one before it."""
    before = builder.items[-1].guard if builder.items else True
    if before is True or before is guard:
        return
    diagrams = state.diagrams
    gap = diagrams.all((guard, env.context.condition, diagrams.negate(before)))
    gap = diagrams.both(gap, state.decided.valid(gap))
    if witness(gap) is not None:
        name, before_it = f"`{builder.name}`", str(index - 1)
        state.mistakes.shown(lambda words, _: BadIndex(here, name, before_it, "fewer elements", words, _IN_ORDER), gap)
