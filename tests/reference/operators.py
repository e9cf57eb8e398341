"""Applying operators to tensors and lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from itertools import combinations
from math import comb
from typing import Any

from . import syntax as s
from .environment import Env, Thunk, bind, constant
from .lists import all_places
from .places import Place
from .primitives import ANY, CONCAT, MEAN, MISSING, PRIMITIVES, SAME, SUM, Spec
from .runs import Run, SpaceError, Undecided, decision, undecided
from .tensors import axis_of, read_axis, tensor_of
from .values import (
    OPERATORS,
    Composed,
    Declared,
    Listed,
    Opened,
    Pointwise,
    Primitive,
    Range,
    Reduction,
    SetValue,
    Tensor,
    listed,
)

ABSENT = Spec("absent", {}, ANY, lambda view, axis: None)


@dataclass(frozen=True)
class ChannelsOf:
    """What `same` means: the channels of a tensor."""

    entering: Thunk

    def __call__(self, run: Run) -> Any:
        return read_axis(self.entering, "channels", run)


def apply(operator: Any, entering: Thunk, site: Place, run: Run) -> Any:
    """The tensor or list that leaves. Templates are elaborated at ``site``."""
    if isinstance(operator, Primitive):
        return primitive(operator, entering, run)
    if isinstance(operator, Declared):
        return declared(operator, entering, site, run)
    if isinstance(operator, Reduction):
        return reduction(operator.name, entering, run)
    if isinstance(operator, Composed):
        middle = later(operator.left, entering, site.at("left"), run)
        return apply(operator.right.force(run), middle, site.at("right"), run)
    if isinstance(operator, Pointwise):
        left = later(operator.left, entering, site.at("left"), run)
        right = later(operator.right, entering, site.at("right"), run)
        return pointwise(operator.sign, left, right, run)
    if isinstance(operator, Opened):
        return OPENED[type(operator.node)](operator.node, operator.env, entering, site, run)
    raise SpaceError("E0209", f"an operator is needed, not {kind(operator)}")


def kind(value: Any) -> str:
    return type(value).__name__


def later(operator: Thunk, entering: Thunk, site: Place, run: Run) -> Thunk:
    def make() -> Thunk:
        return Thunk(lambda r: apply(operator.force(r), entering, site, r), run.context())

    return run.elaborate(make, operator, entering, site.key)


def called(
    operator: Any,
    arguments: tuple[tuple[str | None, s.Node], ...],
    env: Env,
    node: s.Call,
    run: Run,
    place: Place | None = None,
) -> Any:
    """`o(args)`: a value, elaborated here."""
    given = tuple((name, a) for name, a in arguments)
    if isinstance(operator, Primitive):
        return Primitive(operator.spec, given, env)
    if isinstance(operator, Declared):
        given = tuple((n, a) for n, a in given if n != "weights" or any(p.name == n for p in operator.text.parameters))
        return Declared(operator.text, operator.file, operator.called_as, given, env, (place or env.place).at(node))
    if isinstance(operator, SetValue):
        from .sets import applied

        return SetValue(applied(node, env, run, operator))
    if isinstance(operator, OPERATORS) and not arguments:
        return operator
    raise SpaceError("E0209", f"{kind(operator)} cannot be called")


def matched(names: list[str], arguments: tuple[tuple[str | None, s.Node], ...]) -> dict[str, s.Node]:
    found: dict[str, s.Node] = {}
    for i, (name, argument) in enumerate(arguments):
        if name is None and i >= len(names):
            raise SpaceError("E0211", "too many arguments")
        key = name or names[i]
        if key not in names:
            raise SpaceError("E0212", f"there is no parameter {key}")
        if key in found:
            raise SpaceError("E0213", f"{key} is given twice")
        found[key] = argument
    return found


@cache
def mentions_same(node: Any) -> bool:
    """Whether `same` stands in an argument, outside of the argument lists of operators in it."""
    if isinstance(node, s.Name):
        return node.name == "same"
    if isinstance(node, tuple):
        return any(map(mentions_same, node))
    if isinstance(node, s.Node):
        return any(mentions_same(getattr(node, f.name)) for f in fields(node))
    return False


def argument(node: s.Node, env: Env, same: Callable[[Run], Any] | None) -> Thunk:
    if mentions_same(node) and same is not None:
        return env.child(same=same).thunk(node)
    return env.thunk(node)


def parameters(operator: Declared, env: Env, same: Callable[[Run], Any] | None) -> None:
    """Binds the parameters of a declared operator in the environment of its body."""
    names = [p.name for p in operator.text.parameters]
    given = matched(names, operator.arguments or ())
    for parameter in operator.text.parameters:
        if parameter.name in given:
            assert operator.env is not None
            env.names[parameter.name] = argument(given[parameter.name], operator.env, same)
        elif parameter.default is not None:
            env.names[parameter.name] = argument(parameter.default, env, same)
        else:
            raise SpaceError("E0210", f"{operator.text.name} needs {parameter.name}")


def primitive(operator: Primitive, entering: Thunk, run: Run) -> Tensor:
    spec = operator.spec
    given = matched(list(spec.parameters), operator.arguments)
    inputs = [entering] if spec.arity == 1 else list_of(entering, run).elements
    if len(inputs) != spec.arity:
        raise SpaceError("E0218", f"{spec.name} takes {spec.arity} tensors, not {len(inputs)}")
    found = {}

    same = ChannelsOf(inputs[0])

    for name, default in spec.parameters.items():
        if name in given:
            found[name] = argument(given[name], operator.env, same)
        elif default is MISSING:
            raise SpaceError("E0210", f"{spec.name} needs {name}")
        elif default is SAME:
            found[name] = Thunk(same, run.context())
        else:
            found[name] = constant(default)
    return Tensor(spec, found, inputs)


def list_of(entering: Thunk, run: Run) -> Listed:
    value = entering.force(run)
    return value if isinstance(value, Listed) else listed([entering])


def first(entering: Thunk) -> Thunk:
    """A tensor, or the first of a list."""

    def value(run: Run) -> Any:
        found = entering.force(run)
        return found.elements[0].force(run) if isinstance(found, Listed) and found.elements else found

    return Thunk(value, entering.context)


def single(entering: Thunk) -> Thunk:
    """A tensor, or the only one of a list."""
    return Thunk(lambda run: tensor_of(entering.force(run), run), entering.context)


def declared(operator: Declared, entering: Thunk, site: Place, run: Run) -> Any:
    text = operator.text
    if text.keyword == "ops":
        raise SpaceError("E0209", f"{text.name} is a set")
    place = inside(operator, operator.place or site, entering, run)
    single_input = len(text.inputs) == 1 and not text.inputs[0].star
    given = None if single_input or not text.inputs else list_of(entering, run)
    if given is not None and len(text.inputs) > 1 and len({len(p) for p in all_places(entering, run)}) > 1:
        raise SpaceError("E0310", "a list of open length does not fill a fixed number of inputs")

    def make() -> Env:
        env = Env(operator.file, place, run.context())
        parameters(operator, env, ChannelsOf(first(entering)))
        if single_input:
            env.names[text.inputs[0].name] = single(entering)
        elif given is not None:
            fill_inputs(text.inputs, env, given)
        bind(text.statements, env)
        return env

    # Decisions go by where a value was made; its tensors are those of one application.
    env = run.elaborate(make, text, operator.arguments, operator.env, place.key, entering, site.key)
    if text.inputs:
        return env.thunk(text.result).force(run)
    found = env.thunk(text.result).force(run)
    if not isinstance(found, OPERATORS):
        raise SpaceError("E0226", f"the body of {text.name} is no operator")
    return apply(found, entering, env.place.at("body"), run)


def inside(operator: Declared, place: Place, entering: Thunk, run: Run) -> Place:
    """The place of the body of an op or cell. What ties is asked for."""
    text = operator.text
    if text.tied is None:
        return place.instance(text)
    outside = Env(operator.file, place, run.context())
    parameters(operator, outside, ChannelsOf(first(entering)))
    values = tuple(plain_tie(outside.names[name], run) for name in text.tied)
    marks = f"({', '.join(map(written, values))})" if values else ""
    return place.tied(operator.called_as + marks, (text, marks))


def plain_tie(given: Thunk, run: Run) -> Any:
    """A value that ties: a plain one, for which no decision is asked."""
    alone = Run(undecided, given.context, run.made)
    try:
        value = None if given.is_operator() else (given.force(alone),)
    except Undecided:
        value = None
    if value is None or alone.asked or not isinstance(value[0], (int, float, str, tuple, type(None))):
        raise SpaceError("E0214", "what ties is a plain value that no decision changes")
    return value[0]


def written(value: Any) -> str:
    """A plain value in a path: equal ones are written alike."""
    if isinstance(value, tuple):
        return f"({', '.join(map(written, value))})"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if value is None:
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)


def fill_inputs(inputs: tuple[s.Input, ...], env: Env, value: Listed) -> None:
    elements = value.elements
    stars = sum(i.star for i in inputs)
    spare = len(elements) - (len(inputs) - stars)
    if spare < 0 or (not stars and spare):
        raise SpaceError("E0218", f"{len(elements)} tensors for {len(inputs)} inputs")
    at = 0
    for given in inputs:
        if given.star:
            alone = len(inputs) == 1
            env.names[given.name] = constant(value if alone else listed(elements[at : at + spare]))
            at += spare
        else:
            env.names[given.name] = elements[at]
            at += 1


def reduction(name: str, entering: Thunk, run: Run) -> Tensor:
    value = list_of(entering, run)
    if name == "concat" or value.elements:
        if not value.elements:
            raise SpaceError("E0228", "nothing to join")
        return Tensor({"sum": SUM, "mean": MEAN, "concat": CONCAT}[name], {}, list(value.elements))
    if not value.possible:
        raise SpaceError("E0228", "nothing to add")
    return absent(*value.possible.values())


def pointwise(sign: str, left: Thunk, right: Thunk, run: Run) -> Tensor:
    if sign not in ("+", "*"):
        raise SpaceError("E0214", f"{sign} is for numbers")
    for side in (left, right):
        tensor_of(side.force(run), run)
    return Tensor(PRIMITIVES["add" if sign == "+" else "mul"], {}, [left, right])


@cache
def subtree(node: Any) -> frozenset[Any]:
    if isinstance(node, tuple):
        return frozenset().union(*map(subtree, node))
    if isinstance(node, s.Node):
        return frozenset({node}).union(*(subtree(getattr(node, f.name)) for f in fields(node)))
    return frozenset()


def absent(*like: Thunk) -> Tensor:
    """A zero of the shape of what is not there. Decisions inside are those that its texts elaborate."""

    def inside(asked: Any) -> bool:
        return any(asked.key.step_from(key) in subtree(node) for one in like for key, node in one.texts)

    return Tensor(ABSENT, {}, [], list(like), inside)


# ---- forms that stay open until they are applied


def chosen(node: s.Choose, env: Env, entering: Thunk, site: Place, run: Run) -> Any:
    from .sets import alternatives

    offered = alternatives(node.among, env, env.place, ChannelsOf(entering), run)
    if not offered:
        raise SpaceError("E0308", "nothing to choose from")
    answer = run.ask(decision(env.place, node, "choose", tuple(offered), node.label))
    operator = offered[answer].thunk.force(run)
    return apply(operator, entering, site.entered(answer, node), run)


def gated(node: s.Maybe, env: Env, entering: Thunk, site: Place, run: Run) -> Any:
    inner = later(env.thunk(node.what), entering, site.at(node), run)
    inner.texts = ((env.place.key, node), (site.key, node))
    if run.ask(decision(env.place, node, "gate", (True, False), node.label)):
        return inner.force(run)
    return absent(inner)


def kept(node: s.Keep, env: Env, entering: Thunk, site: Place, run: Run) -> Listed:
    from .evaluate import evaluate

    value = list_of(entering, run)
    n = len(value.places)
    wanted = node.wanted if isinstance(node.wanted, str) else evaluate(node.wanted, env, run)
    if wanted == "any":
        low, high = 1, n
    elif wanted == "all":
        low = high = n
    elif isinstance(wanted, Range):
        low, high = wanted.low, wanted.high
    else:
        low = high = wanted
    if not (isinstance(low, int) and isinstance(high, int)) or low < 0:
        raise SpaceError("E0214", "keep takes whole numbers")
    most = max(len(places) for places in all_places(entering, run))
    if high > most or low > n:  # a list of open length may have fewer than the most that are wanted
        raise SpaceError("E0304", f"{low} to {high} wanted of {n}")
    options = tuple(c for size in range(low, high + 1) for c in combinations(value.places, size))
    if not options:
        raise SpaceError("E0304", "nothing can be kept")
    asked = decision(env.place, node, "keep", options, node.label)
    if len(options) == 1 and is_site(wanted, entering, run):
        answer = options[0]
        run.sites[asked.key] = (asked, len(answer))
    else:
        answer = run.ask(asked)
    return value.only(list(answer))


def is_site(wanted: Any, entering: Thunk, run: Run) -> bool:
    """Whether a keep comes out in one way only, of whatever the list may hold."""
    if wanted == "all":
        return True
    lengths = [len(places) for places in all_places(entering, run)]
    if wanted == "any":
        return max(lengths) == 1
    low, high = (wanted.low, wanted.high) if isinstance(wanted, Range) else (wanted, wanted)
    return all(sum(comb(n, size) for size in range(low, min(high, n) + 1)) <= 1 for n in lengths)


def each_element(node: s.Each, env: Env, entering: Thunk, site: Place, run: Run) -> Listed:
    value = entering.force(run)
    if not isinstance(value, Listed):
        raise SpaceError("E0209", "each needs a list")

    def mapped(element: Thunk, i: int) -> Thunk:
        mark, there = (node, i), site.indexed(i, node)
        if mark not in env.envs:
            env.envs[mark] = env.child(env.place.indexed(i, node))
        inside = env.envs[mark]
        if (there.key, element) not in inside.applied:
            operator = inside.thunk(node.what)
            texts = (*element.texts, (inside.place.key, node.what), (there.key, node.what))
            result = Thunk(lambda r: apply(operator.force(r), element, there, r), inside.context, texts=texts)
            inside.applied[there.key, element] = result
        return inside.applied[there.key, element]

    return Listed({p: mapped(e, p) for p, e in value.possible.items()}, value.places, value.total)


def repeated(node: s.Repeat, env: Env, entering: Thunk, site: Place, run: Run) -> Any:
    from .evaluate import evaluate

    if isinstance(node.count, s.Choose):
        from .sets import alternatives

        offered = alternatives(node.count.among, env, env.place, None, run)
        if isinstance(node.count.among, s.SetOf):

            def meaning(r: Run, name: str) -> Any:
                return offered[name].thunk.force(r)

            answer = run.ask(decision(env.place, node, "choose", tuple(offered), node.count.label, meaning))
            count = offered[answer].thunk.force(run)
        else:
            values = tuple(alternative.thunk.force(run) for alternative in offered.values())
            count = run.ask(decision(env.place, node, "count", values, node.count.label))
    else:
        count = evaluate(node.count, env, run)
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise SpaceError("E0214", "a count is a whole number")
    current = entering
    for i in range(1, count + 1):
        if node.tied:
            inside, place = env, site.at(node)
        else:
            mark = (node, i)
            if mark not in env.envs:
                env.envs[mark] = env.child(env.place.indexed(i, node))
            inside, place = env.envs[mark], site.indexed(i, node)
        current = later(inside.thunk(node.body), current, place, run)
    return current.force(run)


def frozen(node: s.Frozen, env: Env, entering: Thunk, site: Place, run: Run) -> Any:
    return apply(env.thunk(node.what).force(run), entering, site.at(node), run)


OPENED: dict[Any, Any] = {
    s.Choose: chosen,
    s.Maybe: gated,
    s.Keep: kept,
    s.Each: each_element,
    s.Repeat: repeated,
    s.Frozen: frozen,
}
__all__ = ["absent", "apply", "axis_of", "called", "pointwise"]
