"""Lists that statements fill, and taking from lists."""

from __future__ import annotations

from typing import Any

from . import syntax as s
from .environment import Env, ListBinding, Thunk, bind, constant
from .runs import Run, SpaceError, leaves, tree_of
from .sets import opened
from .values import Listed, Range, SetValue
from .values import listed as listed_of


def iteration(loop: s.For, value: Any, index: int, env: Env) -> Env:
    """The environment of one iteration, made once."""
    mark = (loop, index)
    if mark not in env.envs:
        inside = env.child(env.place.iteration(index, loop))
        inside.names[loop.name] = value
        env.envs[mark] = inside
        bind(tuple(b for b in loop.body if not (isinstance(b, s.Bind) and b.place)), inside)
    return env.envs[mark]


def entry(statement: s.Bind, env: Env, run: Run) -> tuple[int, Thunk]:
    """The index that a statement fills, and the element."""
    from .evaluate import evaluate

    assert statement.place is not None
    index = evaluate(statement.place, env, run)
    if not isinstance(index, int):
        raise SpaceError("E0214", "an index is a whole number")
    mark = (statement, index)
    if mark not in env.envs:
        env.envs[mark] = env.child(env.place.bound(statement.name, index))
    return index, env.envs[mark].thunk(statement.value)


def bounds(loop: s.For, env: Env, run: Run) -> tuple[int, int, Thunk]:
    """The lower bound, the greatest upper bound of all architectures, and the upper bound itself."""
    assert isinstance(loop.over, s.Binary)
    low, high = env.thunk(loop.over.left).force(run), env.thunk(loop.over.right)
    if "high" not in high.trees:
        high.trees["high"] = tree_of(high.force, env.context, run.made)
    known = [leaf for leaf in leaves(high.trees["high"]) if not isinstance(leaf, SpaceError)]
    if not known:
        high.force(run)
    if not all(isinstance(n, int) for n in (low, *known)):
        raise SpaceError("E0214", "bounds of a loop are whole numbers")
    return low, max(known), high


def steps(loop: s.For, env: Env, run: Run) -> list[tuple[int, Any, Thunk | None]]:
    """The iterations that a loop may have: index, value of its name, and the bound that says whether it has it."""
    if isinstance(loop.over, s.Binary) and loop.over.sign == "..":
        low, most, high = bounds(loop, env, run)
        return [(i, i, high) for i in range(low, most + 1)]
    found: list[tuple[int, Any, Thunk | None]] = []
    for place, thunk in over(loop.over, env, run).possible.items():
        value = thunk.force(run) if isinstance(loop.over, (s.ListOf, s.TupleOf, s.Name)) else None
        found.append((value if isinstance(value, int) else place, thunk, None))
    return found


def entries(binding: ListBinding, run: Run) -> list[tuple[int, Thunk, Any]]:
    """All elements that may exist: index, element, and what says whether it does."""
    found = []
    for part, env in binding.parts:
        if isinstance(part, s.Bind):
            found.append((*entry(part, env, run), None))
            continue
        assert isinstance(part, s.For)
        for i, value, high in steps(part, env, run):
            inside = iteration(part, value, i, env)
            for inner in part.body:
                if isinstance(inner, s.Bind) and inner.place is not None and inner.name == binding.name:
                    found.append((*entry(inner, inside, run), high and (high, i)))
    indices = [at for at, _, _ in found]
    if len(set(indices)) < len(indices):
        raise SpaceError("E0202", f"an element of {binding.name} is bound twice")
    if indices != list(range(indices[0], indices[0] + len(indices))) or indices[0] not in (0, 1):
        raise SpaceError("E0214", f"{binding.name} is not filled one after the other: {indices}")
    return found


def exists(condition: Any, run: Run) -> bool:
    if condition is None:
        return True
    high, i = condition
    return bool(high.read(run, ("at least", i), lambda value, r: value >= i))


def element(binding: ListBinding, index: Any, run: Run) -> Thunk:
    for at, thunk, condition in entries(binding, run):
        if at == index and exists(condition, run):
            return thunk
    raise SpaceError("E0220", f"{binding.name} has no element {index}")


def whole_list(binding: ListBinding, run: Run, before: int | None = None) -> Listed:
    """The list, or its part before an index."""
    present: list[int] = []
    possible: dict[int, Thunk] = {}
    for at, thunk, condition in entries(binding, run):
        if at < 1 or (before is not None and at >= before):
            continue
        possible[at] = thunk
        if condition is not None and before is None:
            condition[0].force(run)  # a bound is asked for as it is written, whatever comes out
        if exists(condition, run):
            present.append(at)
    return Listed(possible, present, max(possible, default=0))


def places(value: Any) -> tuple[int, ...]:
    return tuple(value.places) if isinstance(value, Listed) else (1,)


def all_places(thunk: Thunk, run: Run) -> list[tuple[int, ...]]:
    """Which places a list may hold, in every way that it can come out."""
    if "places" not in thunk.trees:
        thunk.trees["places"] = tree_of(lambda r: places(thunk.force(r)), thunk.context, run.made)
    return [leaf for leaf in leaves(thunk.trees["places"]) if not isinstance(leaf, SpaceError)]


def over(node: s.Node, env: Env, run: Run) -> Listed:
    """What a comprehension or a loop runs over: numbers of a range, or elements of a list."""
    value = opened(env.thunk(node).force(run), node, env, run)
    if isinstance(value, Listed):
        return value
    if isinstance(value, tuple):
        return listed_of([constant(v) for v in value])
    if isinstance(value, SetValue):
        return listed_of([alternative.thunk for alternative in value.alternatives.values()])
    if not isinstance(value, Range):
        raise SpaceError("E0209", "a range or a list is needed")
    return Listed(*numbers(node, env, run, value))


def numbers(node: s.Node, env: Env, run: Run, value: Range) -> tuple[dict[int, Thunk], list[int], int]:
    thunk = env.thunk(node)
    if "high" not in thunk.trees:
        thunk.trees["high"] = tree_of(lambda r: thunk.force(r).high, env.context, run.made)
    known = [leaf for leaf in leaves(thunk.trees["high"]) if isinstance(leaf, int)]
    if not isinstance(value.low, int) or not isinstance(value.high, int):
        raise SpaceError("E0214", "bounds are whole numbers")
    most = max(known) - value.low + 1
    possible = {}
    for place in range(1, most + 1):
        mark = (node, "number", place)
        if mark not in env.thunks:
            env.thunks[mark] = constant(value.low + place - 1)
        possible[place] = env.thunks[mark]
    return possible, list(range(1, value.high - value.low + 2)), most


def may_be_either(test: Thunk, run: Run) -> bool:
    """Whether a condition holds in some ways that it can come out, and does not in others."""
    if "truths" not in test.trees:
        test.trees["truths"] = tree_of(lambda r: test.force(r), test.context, run.made)
    return {True, False} <= {leaf for leaf in leaves(test.trees["truths"]) if isinstance(leaf, bool)}
