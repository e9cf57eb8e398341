"""One value of a setting: from its expression and what the setting may be, to a node of the tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ...diagnostics.settings import NotComputable, UnknownSetting, UnknownWord, WrongArgument, WrongForm, WrongSetting
from ...diagnostics.source import Span
from ...diagnostics.strategies import DecisionInSettings, UnknownSearch, WrongHyperParameter
from ...families.registry import those
from ...frontend import ast
from ...schemas.base import Constructor
from ...schemas.constructors import CONSTRUCTORS, constructor_name
from ...schemas.expectation import Expectation, settings_of
from ...schemas.formula import FUNCTIONS, Formula
from ...schemas.hyper import IntegerRange, LogRange, RealRange
from ...schemas.over import Variables
from ...schemas.space_ref import SpaceRef
from .environment import Env, Stop
from .extern_values import extern_names, extern_value, is_extern
from .numbers import compute, plural, resolve, show
from .tree import SLIP, Branch, Hole, Items, Leaf, Node, Open

MAX_ITEMS = 1000
"""A list of settings with more elements is an error."""


def value(key: str, expr: ast.Expr, expected: Expectation, env: Env) -> Node:
    """The node of ``key = expr``; a :class:`Hole` where it is wrong (reported) or unknown."""
    if expected.declared is not None:
        expected = replace(expected, named=extern_names(expected.declared, env))
    try:
        return _value(key, expr, expected, replace(env, setting=key))
    except Stop:
        return Hole(expr.span)


def _value(key: str, expr: ast.Expr, expected: Expectation, env: Env) -> Node:
    if expected.section is not None and not (expected.none and _is_none(expr)):
        raise env.report.stop(WrongForm(expr.span, key, True))
    if expected.space and not _is_none(expr):
        return Leaf(expr.span, _space(key, expr, env))
    match expr:
        case ast.Name():
            return _word(key, expr, expected, env)
        case ast.Choose():
            return _open(key, expr, expected, env)
        case ast.List() | ast.Tuple():
            return _items(key, expr, expected, env)
        case ast.If():
            condition = compute(expr.condition, env, expected.over)
            if isinstance(condition, bool):
                return _value(key, expr.then if condition else expr.otherwise, expected, env)
        case ast.Call(callee=ast.Name(id="real" | "log"), arguments=(ast.Argument(value=ast.Binary(op="..")),)):
            text = expr.span.text
            fault = f"`{text}` is no value: it has a range"
            raise env.report.stop(NotComputable(expr.span, fault, f"to have it searched, write `choose {text}`"))
        case ast.Call(callee=ast.Name(id=name)) if name not in FUNCTIONS:
            return _constructor(key, expr, name, expected, env)
        case ast.Set():
            advice = "a list stands in brackets; `choose { … }` leaves a hyper-parameter open"
            raise env.report.stop(NotComputable(expr.span, "a set cannot be the value of a setting", advice))
    return _scalar(key, expr, expected, env)


def _is_none(expr: ast.Expr) -> bool:
    return isinstance(expr, ast.Literal_) and expr.value is None


def _scalar(key: str, expr: ast.Expr, expected: Expectation, env: Env) -> Node:
    found = compute(expr, env, expected.over)
    wrong = isinstance(found, Formula) and expected.over is None
    if wrong or (expected.declared is not None and not (expected.none and found is None)):
        raise env.report.stop(WrongSetting(expr.span, key, expected.describe(), show(found)))
    if isinstance(found, tuple):
        return Items(expr.span, tuple(Leaf(expr.span, i) for i in found))
    if isinstance(found, str) and expected.reference is not None:
        return Leaf(expr.span, _reference(found, expr.span, env))
    if isinstance(found, str) and expected.item is not None and not expected.text:
        raise env.report.stop(WrongSetting(expr.span, key, expected.describe(), show(found)))
    return Leaf(expr.span, found)


def _word(key: str, name: ast.Name, expected: Expectation, env: Env) -> Node:
    word = name.id
    if expected.over is not None and word in expected.over.names:
        return _scalar(key, name, expected, env)
    if word not in env.parameters:
        if word in expected.words:
            return Leaf(name.span, word)
        if is_extern(word, expected.declared, env):
            return extern_value(name, env)
        model = expected.constructor(word)
        if model is not None:
            return Branch(name.span, tag=("kind", word))
        if expected.reference is not None:
            return Leaf(name.span, _reference(word, name.span, env))
    found = resolve(name, env)
    if found is not None:
        expr, inside, declared = found
        narrowed = _narrowed(key, expected, declared, name, env)
        return _value(key, expr, narrowed, inside)
    if env.is_broken(word):
        raise Stop
    if word in CONSTRUCTORS or env.module.lookup(word) is not None:
        what = f"`{word}(…)`" if word in CONSTRUCTORS else f"`{word}`"
        raise env.report.stop(WrongSetting(name.span, key, expected.describe(), what))
    known = (*expected.vocabulary, *env.names())
    raise env.report.stop(UnknownWord(name.span, word, key, expected.describe(), known))


def _narrowed(key: str, expected: Expectation, declared: Variables | None, name: ast.Name, env: Env) -> Expectation:
    """What an argument may be: that of a parameter of type `over(…)` has the variables that the type declares."""
    if declared is None:
        # A name means one value: what it stands for cannot use the variables of the setting where it is used.
        return replace(expected, over=Variables(minimum=expected.over.minimum)) if expected.over else expected
    if expected.over is None:
        found = f"a parameter over {', '.join(declared.names)}"
        raise env.report.stop(WrongSetting(name.span, key, expected.describe(), found))
    return replace(expected, over=Variables(*declared.names, minimum=expected.over.minimum))


def _reference(name: str, span: Span, env: Env) -> str:
    found = env.module.lookup(name)
    if found is None and env.is_broken(name):
        raise Stop
    if found is None or not isinstance(found[0], ast.SearchDecl):
        searches = tuple(d.name.id for d in env.module.declarations.values() if isinstance(d, ast.SearchDecl))
        raise env.report.stop(UnknownSearch(span, name, searches))
    return name


def _space(key: str, expr: ast.Expr, env: Env) -> SpaceRef:
    callee = expr.callee if isinstance(expr, ast.Call) else expr
    if not isinstance(callee, ast.Name):
        raise env.report.stop(WrongSetting(expr.span, key, "the name of a space", f"`{expr.span.text}`"))
    return SpaceRef(expr.span.text, expr, expr.span)


def _items(key: str, expr: ast.List | ast.Tuple, expected: Expectation, env: Env) -> Node:
    if expected.items and len(expr.items) == len(expected.items):
        each = zip(expr.items, expected.items, strict=True)
        return Items(expr.span, tuple(value(key, e, x, env) for e, x in each))
    if expected.item is None:
        raise env.report.stop(WrongSetting(expr.span, key, expected.describe(), f"a list of {len(expr.items)}"))
    nodes: list[Node] = []
    for element in expr.items:
        if isinstance(element, ast.Splat):
            inner = _value(key, element.value, expected, env)
            nodes.extend(inner.items if isinstance(inner, Items) else [inner])
            if len(nodes) > MAX_ITEMS:
                raise env.report.stop(NotComputable(expr.span, f"a list of more than {MAX_ITEMS} elements"))
        else:
            nodes.append(value(key, element, expected.item, env))
    return Items(expr.span, tuple(nodes))


def _constructor(key: str, call: ast.Call, name: str, expected: Expectation, env: Env) -> Node:
    model = expected.constructor(name)
    if is_extern(name, expected.declared, env):
        return extern_value(call, env)
    if model is None and expected.item is not None and expected.item.constructor(name) is not None:
        advice = "put it in brackets: `[…]`"
        raise env.report.stop(WrongSetting(call.span, key, expected.describe(), f"`{name}(…)`", advice))
    if model is None:
        if name in CONSTRUCTORS or env.module.lookup(name) is not None:
            raise env.report.stop(WrongSetting(call.span, key, expected.describe(), f"`{name}(…)`"))
        if env.is_broken(name):
            raise Stop
        known = (*expected.vocabulary, *(FUNCTIONS if expected.numeric else ()))
        raise env.report.stop(UnknownWord(call.callee.span, name, key, expected.describe(), known))
    return Branch(call.span, _arguments(call, model, env), ("kind", name))


def _arguments(call: ast.Call, model: type[Constructor], env: Env) -> dict[str, Node]:
    settings = settings_of(model)
    name, known = constructor_name(model), tuple(settings)
    found: dict[str, Node] = {}
    for i, argument in enumerate(call.arguments):
        if argument.name is None:
            if i >= len(known):
                fault = f"takes at most {plural(len(known), 'argument')}, and here gets {len(call.arguments)}"
                env.report.add(WrongArgument(argument.span, name, fault, known))
                break
            key = known[i]
        else:
            key = argument.name.id
            if key not in settings:
                env.report.add(UnknownSetting(argument.name.span, key, f"`{name}`", known))
                found[SLIP] = Hole(argument.name.span)
                continue
        if key in found:
            env.report.add(WrongArgument(argument.span, name, f"gets `{key}` twice", known))
            continue
        found[key] = value(key, argument.value, settings[key], env)
    return found


def _open(key: str, choose: ast.Choose, expected: Expectation, env: Env) -> Node:
    if not env.tunable:
        raise env.report.stop(DecisionInSettings(choose.span, key, those("tunes"), env.found))
    operand: ast.Expr = choose.operand
    inside = env
    while isinstance(operand, ast.Name):
        found = resolve(operand, inside)
        if found is None:
            break
        operand, inside, _ = found
    match operand:
        case ast.Set():
            return _options(key, choose, operand.items, expected, inside)
        case ast.Binary(op=".."):
            return _range(key, choose, operand, "range", expected, inside)
        case ast.Call(
            callee=ast.Name(id="real" | "log" as kind), arguments=(ast.Argument(value=ast.Binary(op="..") as bounds),)
        ):
            return _range(key, choose, bounds, kind, expected, inside)
    raise env.report.stop(WrongHyperParameter(choose.span, key, "it is neither a range nor a set"))


def _options(key: str, choose: ast.Choose, items: Sequence[ast.Alternative], expected: Expectation, env: Env) -> Node:
    nodes: dict[str, Node] = {}
    for item in items:
        name = item.name.id if item.name is not None else _option_name(key, item.value, env)
        if name in nodes:
            fault = f"two alternatives are called `{name}`; write names: `{{{name}: …}}`"
            raise env.report.stop(WrongHyperParameter(item.span, key, fault))
        nodes[name] = value(key, item.value, expected, env)
    return Open(choose.span, None, nodes)


def _option_name(key: str, expr: ast.Expr, env: Env) -> str:
    match expr:
        case ast.Name(id=name) | ast.Call(callee=ast.Name(id=name)):
            return name
        case ast.Literal_(text=text):
            return text.strip('"')
        case ast.Unary(op="-", operand=ast.Literal_(text=text)):
            return f"-{text}"
    raise env.report.stop(WrongHyperParameter(expr.span, key, "a computed alternative needs a name: `{name: …}`"))


def _range(key: str, choose: ast.Choose, bounds: ast.Binary, kind: str, expected: Expectation, env: Env) -> Node:
    low, high = compute(bounds.left, env), compute(bounds.right, env)
    numbers = isinstance(low, (int, float)) and isinstance(high, (int, float))
    if not numbers or isinstance(low, bool) or isinstance(high, bool):
        raise env.report.stop(WrongHyperParameter(bounds.span, key, "the ends of a range are numbers"))
    assert isinstance(low, (int, float))
    assert isinstance(high, (int, float))
    if low > high:
        raise env.report.stop(WrongHyperParameter(bounds.span, key, f"{low:g} is above {high:g}"))
    if kind == "log" and low <= 0:
        raise env.report.stop(WrongHyperParameter(bounds.span, key, f"there is no logarithm of {low:g}"))
    if kind == "range" and not (isinstance(low, int) and isinstance(high, int)):
        fault = f"a plain range has whole ends; between numbers write `choose real({bounds.span.text})`"
        raise env.report.stop(WrongHyperParameter(bounds.span, key, fault))
    if kind != "range" and expected.numeric and expected.whole_only:
        fault = f"it takes {expected.describe()}; write `choose {low:g}..{high:g}` with whole ends, or a set"
        raise env.report.stop(WrongHyperParameter(bounds.span, key, fault))
    ends = {"low": Leaf(bounds.left.span, low), "high": Leaf(bounds.right.span, high)}
    if kind == "range":
        return Open(choose.span, IntegerRange(low=int(low), high=int(high)), ends)
    model = LogRange if kind == "log" else RealRange
    return Open(choose.span, model(low=float(low), high=float(high)), ends)
