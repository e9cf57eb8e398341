"""`data = mine(…)`, where `mine` is `extern data`: from arguments and block to what a search is told of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...diagnostics.settings import MissingSetting, SettingOutOfRange, UnknownSetting, WrongArgument, WrongSetting
from ...diagnostics.source import Span
from ...frontend import ast
from ...schemas.data import InputSignature, Layout
from ...schemas.data_extern import ExternData
from ..modules import Module
from ..text.extern_blocks import type_of
from ..text.extern_data import inputs_in, problems
from .environment import Env, Thunk
from .numbers import compute, plural, show
from .tree import Leaf

_TYPES: dict[str, tuple[tuple[type, ...], str]] = {
    "int": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "bool": ((bool,), "`true` or `false`"),
    "string": ((str,), "a text in quotes"),
    "path": ((str,), "a text in quotes"),
    "tuple": ((tuple,), "a tuple"),
}


def is_extern_data(name: str, env: Env) -> bool:
    """Whether a name is that of data that a text declares."""
    found = env.module.lookup(name)
    return found is not None and isinstance(found[0], ast.ExternDataDecl)


def extern_data(reference: ast.Name | ast.Call, env: Env) -> Leaf:
    """What `mine` or `mine(…)` stands for. Raises :class:`Stop` where something is wrong with it."""
    callee = reference.callee if isinstance(reference, ast.Call) else reference
    assert isinstance(callee, ast.Name)
    declaration, home = _declaration(callee.id, env)
    arguments = reference.arguments if isinstance(reference, ast.Call) else ()
    known = tuple(p.name.id for p in declaration.parameters)
    given: dict[str, ast.Expr] = {}
    for i, argument in enumerate(arguments):
        key = argument.name.id if argument.name is not None else known[i] if i < len(known) else None
        if key is None:
            fault = f"takes at most {plural(len(known), 'argument')}, and here gets {len(arguments)}"
            raise env.report.stop(WrongArgument(argument.span, callee.id, fault, known))
        if key not in known:
            raise env.report.stop(UnknownSetting(argument.span, key, f"`{callee.id}`", known))
        if key in given:
            raise env.report.stop(WrongArgument(argument.span, callee.id, f"gets `{key}` twice", known))
        given[key] = argument.value
    values: dict[str, Any] = {}
    missing: list[ast.Parameter] = []
    for parameter in declaration.parameters:
        key = parameter.name.id
        if key in given:
            values[key] = _argument(parameter, given[key], env)
        elif parameter.default is not None:
            values[key] = _argument(parameter, parameter.default, _inside(declaration, home, values, env))
        else:
            missing.append(parameter)
    if missing:
        words = tuple(_TYPES[type_of(p) or ""][1] if type_of(p) in _TYPES else "an argument" for p in missing)
        names = tuple(p.name.id for p in missing)
        raise env.report.stop(MissingSetting(reference.span, names, f"`{callee.id}`", words))
    return Leaf(reference.span, _stated(callee.id, declaration, home, values, env))


def with_argument(node: Leaf, way: Sequence[str], place: Span, value: Callable[[bool], ast.Expr], env: Env) -> Leaf:
    """Data with one of its arguments replaced, as `--set data.root=…` does. ``place``: where that is named.
    ``value``: what it is, of a parameter that is a text or is not."""
    data = node.data
    assert isinstance(data, ExternData)
    declaration, home = _declaration(data.kind, env)
    parameter = next((p for p in declaration.parameters if [p.name.id] == list(way)), None)
    if parameter is None:
        raise env.report.stop(UnknownSetting(place, ".".join(way), f"`{data.kind}`", tuple(data.arguments)))
    values = {**data.arguments, way[0]: _argument(parameter, value(type_of(parameter) in ("string", "path")), env)}
    return Leaf(node.span, _stated(data.kind, declaration, home, values, env))


def _declaration(name: str, env: Env) -> tuple[ast.ExternDataDecl, Module]:
    found = env.module.lookup(name)
    assert found is not None
    assert isinstance(found[0], ast.ExternDataDecl)
    for problem in problems(found[0]):
        raise env.report.stop(problem)
    return found[0], found[1]


def _argument(parameter: ast.Parameter, expr: ast.Expr, env: Env) -> Any:
    value = compute(expr, env)
    kind = type_of(parameter)
    types, words = _TYPES.get(kind or "", ((int, float, bool, str, tuple, type(None)), "a plain value"))
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise env.report.stop(WrongSetting(expr.span, parameter.name.id, words, show(value)))
    return value


def _inside(declaration: ast.ExternDataDecl, home: Module, values: dict[str, Any], env: Env) -> Env:
    """Where the block is read: the names of its file, and the parameters."""
    outside = Env(home, env.report)
    place = declaration.name.span
    return Env(home, env.report, {key: Thunk(_literal(value, place), outside) for key, value in values.items()})


def _literal(value: Any, place: Span) -> ast.Expr:
    if isinstance(value, tuple):
        return ast.Tuple(place, tuple(_literal(item, place) for item in value))
    return ast.Literal_(place, value, str(value))


def _stated(name: str, declaration: ast.ExternDataDecl, home: Module, values: dict[str, Any], env: Env) -> ExternData:
    inside = _inside(declaration, home, values, env)
    block = {item.key.id: item.value for item in declaration.section.items if isinstance(item, ast.Setting)}
    inputs = []
    for input, call in inputs_in(block["inputs"]):
        layout: Layout = call.callee.span.text  # type: ignore[assignment]
        sizes = tuple(_whole("inputs", argument.value, inside) for argument in call.arguments)
        inputs.append(InputSignature(input, layout, sizes))
    path = home.source.path
    found: dict[str, Any] = {
        "kind": name,
        "target": declaration.target,
        "folder": str(path.parent) if path is not None else None,
        "arguments": values,
        "paths": tuple(p.name.id for p in declaration.parameters if type_of(p) == "path"),
        "stated": tuple(inputs),
    }
    if "classes" in block:
        found["classes"] = _whole("classes", block["classes"], inside)
    if "splits" in block:
        found["splits"] = compute(block["splits"], inside)
    for key in ("valid", "test"):
        if key in block:
            found[key] = _share(key, block[key], inside)
    if "varies" in block:
        found["changes"] = _truth("varies", block["varies"], inside)
    return ExternData(**found).at(declaration.name.span, env.module.allow_extern)


def _whole(key: str, expr: ast.Expr, env: Env) -> int:
    value = compute(expr, env)
    if not isinstance(value, int) or isinstance(value, bool):
        raise env.report.stop(WrongSetting(expr.span, key, "a whole number", show(value)))
    if value < 1:
        raise env.report.stop(SettingOutOfRange(expr.span, key, "a whole number from 1", str(value)))
    return value


def _share(key: str, expr: ast.Expr, env: Env) -> float:
    value = compute(expr, env)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < 1:
        raise env.report.stop(WrongSetting(expr.span, key, "a number above 0 and below 1", show(value)))
    return float(value)


def _truth(key: str, expr: ast.Expr, env: Env) -> bool:
    value = compute(expr, env)
    if not isinstance(value, bool):
        raise env.report.stop(WrongSetting(expr.span, key, "`true` or `false`", show(value)))
    return value
