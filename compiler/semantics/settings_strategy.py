"""Strategies as chains: a family at the bottom, on it the settings of one strategy after the other."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics.settings import (
    MissingSetting,
    StrategyCycle,
    UnknownParameterType,
    UnknownStrategy,
    WrongArgument,
    WrongSetting,
)
from ..frontend import ast
from ..schemas.expectation import Expectation
from ..schemas.hyper import Tunable
from ..schemas.over import MEANINGS, Variables
from ..schemas.strategy import FAMILIES
from .settings_env import Env, Stop, Thunk, variables_of_type
from .settings_layers import lay
from .settings_numbers import compute
from .settings_tree import Branch
from .settings_values import value

_TYPES = {"int": int, "float": float, "bool": bool, "str": str}
_NOUNS = {"int": "a whole number", "float": "a number", "bool": "`true` or `false`", "str": "a text in quotes"}


def strategy_tree(expr: ast.Expr, env: Env, chain: tuple[ast.StrategyDecl, ...] = ()) -> Branch:
    """The settings of `name`, `name(arguments)` or `name { … }`. Raises :class:`Stop` where there is none."""
    if isinstance(expr, ast.Configured):
        tree = strategy_tree(expr.base, env, chain)
        return _lay(tree, expr.section, env)
    call = expr if isinstance(expr, ast.Call) else None
    callee = call.callee if call is not None else expr
    if not isinstance(callee, ast.Name):
        raise env.report.stop(WrongSetting(expr.span, "strategy", "a strategy, or a family", "something else"))
    found = env.module.lookup(callee.id)
    if found is None and callee.id in FAMILIES:
        if call is not None and call.arguments:
            fault = "is a family and takes no arguments; its settings stand in braces"
            env.report.add(WrongArgument(call.span, callee.id, fault, ()))
        return Branch(expr.span, tag=("family", callee.id))
    declaration, module = found if found is not None else (None, env.module)
    if not isinstance(declaration, ast.StrategyDecl):
        if env.is_broken(callee.id):
            raise Stop
        raise env.report.stop(UnknownStrategy(callee.span, callee.id, _strategies(env), tuple(FAMILIES)))
    if declaration in chain:
        names = tuple(d.name.id for d in chain[chain.index(declaration) :])
        raise env.report.stop(StrategyCycle(callee.span, (*names, declaration.name.id)))
    inside = Env(module, env.report, _bind(declaration, call, env, Env(module, env.report)), env.tunable)
    return declared_tree(declaration, inside, chain)


def declared_tree(declaration: ast.StrategyDecl, env: Env, chain: tuple[ast.StrategyDecl, ...] = ()) -> Branch:
    """The settings of a declaration with its parameters bound in ``env``."""
    tree = strategy_tree(declaration.base, env, (*chain, declaration))
    return replace(_lay(tree, declaration.section, env), span=declaration.name.span)


def own_parameters(declaration: ast.StrategyDecl, env: Env) -> Env:
    """``env`` with the parameters of a strategy that is looked at by itself: defaults, else unknown."""
    return replace(env, parameters=_bind(declaration, None, env, env, alone=True))


def _lay(tree: Branch, section: ast.Section, env: Env) -> Branch:
    assert tree.tag is not None
    family = tree.tag[1]
    model = FAMILIES[family]
    return lay(tree, section, model, f"family `{family}`", replace(env, tunable=issubclass(model, Tunable)))


def _strategies(env: Env) -> tuple[str, ...]:
    found = ((name, env.module.lookup(name)) for name in env.module.names())
    return tuple(name for name, f in found if f is not None and isinstance(f[0], ast.StrategyDecl))


def _bind(
    declaration: ast.StrategyDecl, call: ast.Call | None, env: Env, inside: Env, alone: bool = False
) -> dict[str, Thunk]:
    """Arguments (read in ``env``) and defaults (read in ``inside``, which sees the earlier parameters)."""
    name = declaration.name.id
    known = tuple(p.name.id for p in declaration.parameters)
    given: dict[str, ast.Expr] = {}
    for i, argument in enumerate(call.arguments if call else ()):
        key = argument.name.id if argument.name is not None else known[i] if i < len(known) else None
        if key is None or key not in known:
            fault = f"has no parameter `{key}`" if key else f"has {len(known)} parameters, and here gets more arguments"
            env.report.add(WrongArgument(argument.span, name, fault, known))
        elif key in given:
            env.report.add(WrongArgument(argument.span, name, f"gets `{key}` twice", known))
        else:
            given[key] = argument.value
    bound: dict[str, Thunk] = {}
    for parameter in declaration.parameters:
        key = parameter.name.id
        over = _over(parameter, inside)
        expr = given.get(key, parameter.default)
        if expr is None and not alone:
            place = call.span if call is not None else None
            env.report.add(MissingSetting(place or declaration.name.span, key, f"strategy `{name}`", "an argument"))
        thunk = Thunk(expr, env if key in given else replace(inside, parameters=dict(bound)), over)
        _check_type(parameter, thunk)
        bound[key] = thunk
    return bound


def _over(parameter: ast.Parameter, env: Env) -> Variables | None:
    kind = parameter.type
    if kind is None:
        return None
    variables = variables_of_type(kind)
    known = isinstance(kind, ast.Name) and kind.id in _TYPES
    if not known and (variables is None or not variables.names or not set(variables.names) <= MEANINGS.keys()):
        env.report.add(UnknownParameterType(kind.span, kind.span.text))
    return variables


def _check_type(parameter: ast.Parameter, thunk: Thunk) -> None:
    """An argument of a typed parameter is looked at even where no setting uses it."""
    if parameter.type is None or thunk.expr is None:
        return
    key, report = parameter.name.id, thunk.env.report
    if thunk.over is not None:
        value(key, thunk.expr, Expectation(over=thunk.over, whole_only=False), thunk.env)
        return
    if not isinstance(parameter.type, ast.Name) or parameter.type.id not in _TYPES:
        return
    kind = parameter.type.id
    try:
        found = compute(thunk.expr, thunk.env)
    except Stop:
        return
    fits = isinstance(found, (int, float) if kind == "float" else _TYPES[kind])
    if not fits or (kind != "bool" and isinstance(found, bool)):
        report.add(WrongSetting(thunk.expr.span, key, _NOUNS[kind], thunk.expr.span.text))
