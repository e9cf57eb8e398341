"""Lists that statements fill, and taking from lists."""

from __future__ import annotations

from typing import Any

from . import syntax as s
from .environment import Env, ListBinding, Thunk, bind
from .runs import Run, SpaceError, leaves, tree_of
from .values import Listed, Range


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
    if not (isinstance(loop.over, s.Binary) and loop.over.sign == ".."):
        over = env.thunk(loop.over)
        low = over.force(run).low
        high = Thunk(lambda r: over.force(r).high, env.context)
    else:
        low = env.thunk(loop.over.left).force(run)
        high = env.thunk(loop.over.right)
    if "high" not in high.trees:
        high.trees["high"] = tree_of(high.force, dict(env.context))
    known = [leaf for leaf in leaves(high.trees["high"]) if not isinstance(leaf, SpaceError)]
    if not known:
        high.force(run)
    if not all(isinstance(n, int) for n in (low, *known)):
        raise SpaceError("E0214", "bounds of a loop are whole numbers")
    return low, max(known), high


def entries(binding: ListBinding, run: Run) -> list[tuple[int, Thunk, Any]]:
    """All elements that may exist: index, element, and what says whether it does."""
    found = []
    for part, env in binding.parts:
        if isinstance(part, s.Bind):
            found.append((*entry(part, env, run), None))
            continue
        assert isinstance(part, s.For)
        low, most, high = bounds(part, env, run)
        for i in range(low, most + 1):
            inside = iteration(part, i, i, env)
            for inner in part.body:
                if isinstance(inner, s.Bind) and inner.place is not None and inner.name == binding.name:
                    found.append((*entry(inner, inside, run), (high, i)))
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
    present: dict[int, Thunk] = {}
    possible = []
    for at, thunk, condition in entries(binding, run):
        if at < 1 or (before is not None and at >= before):
            continue
        possible.append(thunk)
        if exists(condition, run):
            if at in present:
                raise SpaceError("E0202", f"{binding.name}[{at}] is bound twice")
            present[at] = thunk
    if sorted(present) != list(range(1, len(present) + 1)):
        raise SpaceError("E0220", f"{binding.name} has gaps: {sorted(present)}")
    return Listed([present[i] for i in sorted(present)], possible)


def items(value: Any) -> list[Any]:
    """What a comprehension runs over."""
    if isinstance(value, Range):
        return list(range(value.low, value.high + 1))
    if isinstance(value, Listed):
        return list(value.elements)
    if isinstance(value, tuple):
        return list(value)
    raise SpaceError("E0209", "a range or a list is needed")
