"""What expressions mean: each is evaluated in an environment, in one run, when something asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from . import arithmetic, lists
from . import syntax as s
from .environment import Env, ListBinding, Thunk
from .operators import apply, called, parameters
from .places import root
from .runs import Run, SpaceError, decision
from .sets import alternatives
from .sets import opened as opened_set
from .shapes import AXES
from .tensors import right_axis
from .values import OPERATORS, Composed, Declared, Listed, Opened, Pointwise, Range, SetValue, Tensor, listed

READABLE = {axis for axes in AXES.values() for axis in axes}


def is_operator(node: s.Node, env: Env) -> bool:
    """Whether an expression stands for an operator, told without asking any decision."""
    if isinstance(node, s.Name):
        found = None if node.name in ("same",) else env.lookup(node.name)
        return found.is_operator() if isinstance(found, Thunk) else isinstance(found, OPERATORS)
    if isinstance(node, s.Pipe):
        return is_operator(node.left, env)
    if isinstance(node, s.Call):
        if isinstance(node.what, s.Name) and node.what.name in (*arithmetic.FUNCTIONS, "len", "last"):
            return False
        if isinstance(node.what, s.Name) and is_set(env.lookup(node.what.name)):
            found = env.lookup(node.what.name)
            return of_operators(replace(found, arguments=node.arguments, env=env))
        return is_operator(node.what, env)
    if isinstance(node, (s.Each, s.Keep, s.Repeat, s.Frozen)):
        return True
    if isinstance(node, s.Maybe):
        return is_operator(node.what, env)
    if isinstance(node, s.Choose):
        return chooses_operator(node.among, env)
    if isinstance(node, s.SetOf):
        return bool(node.items) and is_operator(node.items[0][1], env)
    if isinstance(node, s.If):
        return is_operator(node.then, env)
    if isinstance(node, s.Binary) and node.sign in ("+", "*"):
        return is_operator(node.left, env)
    if isinstance(node, s.Index):
        return indexes_operator(node.what, env)
    return False


def is_set(found: Any) -> bool:
    return isinstance(found, Declared) and found.text.keyword == "ops"


def indexes_operator(node: s.Node, env: Env) -> bool:
    if isinstance(node, (s.ListOf, s.TupleOf)):
        first = node.items[0]
        return is_operator(first[1] if isinstance(first, tuple) else first, env)
    if isinstance(node, s.Name):
        found = env.lookup(node.name)
        if isinstance(found, ListBinding):
            part, around = found.parts[0]
            if isinstance(part, s.Bind):
                return is_operator(part.value, around)
    return False


def of_operators(found: Declared) -> bool:
    """Whether the alternatives of an `ops` are operators."""
    inside = Env(found.file, root(), {})
    parameters(found, inside, None)
    return is_operator(found.text.result, inside)


def chooses_operator(among: s.Node, env: Env) -> bool:
    if isinstance(among, s.Name):
        found = env.lookup(among.name)
        if isinstance(found, Declared):
            return of_operators(found)
        if isinstance(found, Thunk):
            return found.is_operator()
    return is_operator(among, env)


def evaluate(node: s.Node, env: Env, run: Run) -> Any:
    return EVALUATE[type(node)](node, env, run)


def name(node: s.Name, env: Env, run: Run) -> Any:
    if node.name == "same":
        if env.same is None:
            raise SpaceError("E0201", "same stands in the argument list of an operator")
        return env.same(run)
    found = env.lookup(node.name)
    if isinstance(found, Thunk):
        return found.force(run)
    if isinstance(found, ListBinding):
        return run.once(found, env.context, lambda: lists.whole_list(found, run))
    return found


def literal(node: s.Literal, env: Env, run: Run) -> Any:
    return node.value


def tuple_of(node: s.TupleOf, env: Env, run: Run) -> Any:
    return tuple(evaluate(item, env, run) for item in node.items)


def list_of(node: s.ListOf, env: Env, run: Run) -> Listed:
    found = Listed({}, [], 0)
    for splatted, item in node.items:
        if splatted:
            value = evaluate(item, env, run)
            if not isinstance(value, Listed):
                raise SpaceError("E0209", "* needs a list")
        else:
            value = listed([env.thunk(item)])
        value = value.moved(found.total)
        found = Listed({**found.possible, **value.possible}, found.places + value.places, value.total)
    return found


def comprehension(node: s.Comprehension, env: Env, run: Run) -> Listed:
    over = lists.over(node.over, env, run)

    def element(place: int, value: Thunk) -> Thunk:
        mark = (node, place, value)
        if mark not in env.envs:
            env.envs[mark] = env.child(env.place.indexed(place, node))
            env.envs[mark].names[node.name] = value
        return env.envs[mark].thunk(node.body)

    return Listed({p: element(p, value) for p, value in over.possible.items()}, over.places, over.total)


def set_of(node: s.SetOf, env: Env, run: Run) -> SetValue:
    return SetValue(alternatives(node, env, env.place, None, run))


def conditional(node: s.If, env: Env, run: Run) -> Any:
    test = evaluate(node.test, env, run)
    if not isinstance(test, bool):
        raise SpaceError("E0214", "a condition is true or false")
    inside = run.elaborate(lambda: env.child(run=run), node, env)
    value = evaluate(node.then if test else node.other, inside, run)
    if isinstance(value, Listed) and lists.may_be_either(env.thunk(node.test), run):
        then, other = env.thunk(node.then), env.thunk(node.other)
        return value.followed(places_of(other, run)) if test else value.moved(places_of(then, run))
    return value


def places_of(thunk: Thunk, run: Run) -> int:
    """How many places there are in a list that is not taken here."""
    try:
        return int(thunk.read(run, "total", lambda value, r: value.total if isinstance(value, Listed) else 0))
    except SpaceError:
        return 0


def pipe(node: s.Pipe, env: Env, run: Run) -> Any:
    if is_operator(node.left, env):
        return Composed(env.thunk(node.left), env.thunk(node.right))
    operator = evaluate(node.right, env, run)
    return apply(operator, env.thunk(node.left), env.place.at(node), run)


def choose(node: s.Choose, env: Env, run: Run) -> Any:
    if chooses_operator(node.among, env):
        return Opened(node, env)
    offered = alternatives(node.among, env, env.place, None, run)
    if not offered:
        raise SpaceError("E0308", "nothing to choose from")

    def meaning(r: Run, name: str) -> Any:
        return offered[name].thunk.force(r)

    answer = run.ask(decision(env.place, node, "choose", tuple(offered), node.label, meaning))
    value = offered[answer].thunk.force(run)
    if isinstance(value, Listed):
        names = list(offered)
        at = names.index(answer)
        before, after = (
            sum(places_of(offered[name].thunk, run) for name in part) for part in (names[:at], names[at + 1 :])
        )
        return value.moved(before).followed(after)
    return value


def maybe(node: s.Maybe, env: Env, run: Run) -> Any:
    if is_operator(node.what, env):
        return Opened(node, env)
    from .operators import absent

    if run.ask(decision(env.place, node, "gate", (True, False), node.label)):
        return env.thunk(node.what).force(run)
    return absent(env.thunk(node.what))


def opened(node: s.Node, env: Env, run: Run) -> Opened:
    return Opened(node, env)


def binary(node: s.Binary, env: Env, run: Run) -> Any:
    sign = node.sign
    if sign in ("and", "or"):
        left = truth(evaluate(node.left, env, run))
        if left is (sign == "or"):
            return left
        return truth(evaluate(node.right, env, run))
    if sign in ("+", "*") and is_operator(node.left, env) and is_operator(node.right, env):
        return Pointwise(sign, env.thunk(node.left), env.thunk(node.right))
    left, right = env.thunk(node.left), env.thunk(node.right)
    if sign in ("in", "not in"):
        among = opened_set(right.force(run), node.right, env, run)
        return member(left.force(run), among, run) is (sign == "in")
    if is_operator(node.left, env) or is_operator(node.right, env):
        raise SpaceError("E0219", "an operator does not go with this")
    a, b = left.force(run), right.force(run)
    if sign == "..":
        if not (arithmetic.is_number(a) and arithmetic.is_number(b)):
            raise SpaceError("E0214", "a range goes from a number to a number")
        return Range(a, b)
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        from .operators import pointwise

        return pointwise(sign, left, right, run)
    if sign in ("==", "!="):
        if isinstance(a, (Listed, Range)) or isinstance(b, (Listed, Range)):
            raise SpaceError("E0214", "numbers, tuples, strings and truth values are compared")
        return arithmetic.equal(a, b) is (sign == "==")
    if sign in arithmetic.ORDERS:
        return arithmetic.ordered(sign, a, b)
    return arithmetic.calculate(sign, a, b)


def truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise SpaceError("E0214", f"{value!r} is neither true nor false")
    return value


def member(value: Any, among: Any, run: Run) -> bool:
    if isinstance(among, Range):
        return arithmetic.within(value, among)
    if isinstance(among, Listed):
        among = tuple([e.force(run) for e in among.elements])
    if isinstance(among, SetValue):
        among = tuple([e.thunk.force(run) for e in among.alternatives.values()])
    if isinstance(among, tuple):
        return any(arithmetic.equal(value, e) for e in among)
    raise SpaceError("E0214", "in needs a range or a list")


def unary(node: s.Unary, env: Env, run: Run) -> Any:
    value = evaluate(node.what, env, run)
    if node.sign == "not":
        return not truth(value)
    if not arithmetic.is_number(value):
        raise SpaceError("E0214", f"-{value!r}")
    return -value


def call(node: s.Call, env: Env, run: Run) -> Any:
    if isinstance(node.what, s.Name):
        function = node.what.name
        if function in arithmetic.FUNCTIONS:
            values = [evaluate(a, env, run) for _, a in node.arguments]
            return arithmetic.FUNCTIONS[function](*values)
        if function in ("len", "last"):
            return of_list(function, [env.thunk(a) for _, a in node.arguments], run)
    return called(evaluate(node.what, env, run), node.arguments, env, node, run)


def of_list(function: str, arguments: list[Thunk], run: Run) -> Any:
    if function == "len":
        value = arguments[0].force(run)
        if isinstance(value, (Listed, tuple)):
            return len(value.elements if isinstance(value, Listed) else value)
        raise SpaceError("E0214", "len is of a list")
    n, value = arguments[0].force(run), arguments[1].force(run)
    if not isinstance(value, Listed) or not isinstance(n, int):
        raise SpaceError("E0214", "last(number, list)")
    if not 0 <= n <= len(value.elements):
        raise SpaceError("E0220", f"there are no {n} elements")
    return part(arguments[1], value, run, lambda places: places[len(places) - n :])


def part(thunk: Thunk, value: Listed, run: Run, take: Callable[[tuple[int, ...]], Any]) -> Listed:
    """A part of a list: its places are counted among the elements that may be in it."""
    every = lists.all_places(thunk, run)
    return value.only(list(take(tuple(value.places)))).renumbered(sorted({p for places in every for p in take(places)}))


def index(node: s.Index, env: Env, run: Run) -> Any:
    at = evaluate(node.index, env, run)
    if not isinstance(at, int) or isinstance(at, bool):
        raise SpaceError("E0214", "an index is a whole number")
    if isinstance(node.what, s.Name):
        found = env.lookup(node.what.name)
        if isinstance(found, ListBinding):
            return lists.element(found, at, run).force(run)
    # Whoever indexes a list asks which elements it has; but for one that statements fill.
    found = element_at(env.thunk(node.what).force(run), at)
    return found.force(run) if isinstance(found, Thunk) else found


def element_at(value: Any, at: int) -> Any:
    elements = value.elements if isinstance(value, Listed) else value
    if not isinstance(elements, (list, tuple)):
        raise SpaceError("E0209", "a list is needed")
    if not 1 <= at <= len(elements):
        raise SpaceError("E0220", f"there is no element {at} of {len(elements)}")
    return elements[at - 1]


def before(node: s.Before, env: Env, run: Run) -> Listed:
    at = evaluate(node.index, env, run)
    if isinstance(node.what, s.Name):
        found = env.lookup(node.what.name)
        if isinstance(found, ListBinding):
            return lists.whole_list(found, run, at)
    value = evaluate(node.what, env, run)
    if not isinstance(value, Listed):
        raise SpaceError("E0209", "a list is needed")
    if not 1 <= at <= value.total + 1:
        raise SpaceError("E0220", f"there is nothing before {at} of {value.total}")
    return part(env.thunk(node.what), value, run, lambda places: places[: max(at - 1, 0)])


def attribute(node: s.Attribute, env: Env, run: Run) -> Any:
    if node.name not in READABLE:
        raise SpaceError("E0221", f"nothing has {node.name}")
    return right_axis(env.thunk(node.what), node.name, run)


EVALUATE = {
    s.Name: name,
    s.Literal: literal,
    s.TupleOf: tuple_of,
    s.ListOf: list_of,
    s.Comprehension: comprehension,
    s.SetOf: set_of,
    s.If: conditional,
    s.Pipe: pipe,
    s.Choose: choose,
    s.Maybe: maybe,
    s.Keep: opened,
    s.Each: opened,
    s.Frozen: opened,
    s.Repeat: opened,
    s.Binary: binary,
    s.Unary: unary,
    s.Call: call,
    s.Index: index,
    s.Before: before,
    s.Attribute: attribute,
}
