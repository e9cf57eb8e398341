"""`mine(…)`, where `mine` is code of the user's that the text declares: from arguments to values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...diagnostics.model import Diagnostic
from ...diagnostics.settings import MissingSetting, UnknownSetting, WrongArgument, WrongSetting
from ...diagnostics.source import Span
from ...frontend import ast
from ...record import record
from ..modules import Module
from ..text import extern_data, extern_loss
from ..text.extern_blocks import TYPES, of_type, type_of
from .environment import Env, Thunk
from .numbers import compute, plural, show


@record
class Use:
    """A declaration, the file that it stands in, and the values of its parameters."""

    declaration: ast.ExternSettingDecl
    home: Module
    values: Mapping[str, Any]

    def block(self) -> dict[str, ast.Expr]:
        """The values of the keys of its block."""
        return {item.key.id: item.value for item in self.declaration.section.items if isinstance(item, ast.Setting)}

    def inside(self, env: Env) -> Env:
        """Where the block is read: the names of its file, and the parameters."""
        outside = Env(self.home, env.report)
        place = self.declaration.name.span
        return Env(self.home, env.report, {k: Thunk(_literal(v, place), outside) for k, v in self.values.items()})

    def facts(self) -> dict[str, Any]:
        """What every model of such code holds."""
        path = self.home.source.path
        return {
            "kind": self.declaration.name.id,
            "target": self.declaration.target,
            "folder": str(path.parent) if path is not None else None,
            "arguments": dict(self.values),
        }


def use(reference: ast.Name | ast.Call, env: Env) -> Use:
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
            values[key] = _argument(parameter, parameter.default, Use(declaration, home, values).inside(env))
        else:
            missing.append(parameter)
    if missing:
        words = tuple(TYPES[type_of(p) or ""][2] if type_of(p) in TYPES else "an argument" for p in missing)
        names = tuple(p.name.id for p in missing)
        raise env.report.stop(MissingSetting(reference.span, names, f"`{callee.id}`", words))
    return Use(declaration, home, values)


def with_argument(
    name: str,
    arguments: Mapping[str, Any],
    way: Sequence[str],
    place: Span,
    value: Callable[[bool], ast.Expr],
    env: Env,
) -> Use:
    """That of ``name`` with one of its arguments replaced, as `--set data.root=…` does. ``place``: where that is named.
    ``value``: what it is, of a parameter that is a text or is not."""
    declaration, home = _declaration(name, env)
    parameter = next((p for p in declaration.parameters if [p.name.id] == list(way)), None)
    if parameter is None:
        raise env.report.stop(UnknownSetting(place, ".".join(way), f"`{name}`", tuple(arguments)))
    changed = _argument(parameter, value(type_of(parameter) in ("string", "path")), env)
    return Use(declaration, home, {**arguments, way[0]: changed})


def _declaration(name: str, env: Env) -> tuple[ast.ExternSettingDecl, Module]:
    found = env.module.lookup(name)
    assert found is not None
    declaration, home = found[0], found[1]
    assert isinstance(declaration, (ast.ExternDataDecl, ast.ExternLossDecl))
    for problem in _problems(declaration):
        raise env.report.stop(problem)
    return declaration, home


def _problems(declaration: ast.ExternDataDecl | ast.ExternLossDecl) -> Iterator[Diagnostic]:
    if isinstance(declaration, ast.ExternLossDecl):
        return extern_loss.problems(declaration)
    return extern_data.problems(declaration)


def _argument(parameter: ast.Parameter, expr: ast.Expr, env: Env) -> Any:
    value = compute(expr, env)
    types: tuple[type, ...] = (int, float, bool, str, tuple, type(None))
    words = "a plain value"
    kind = type_of(parameter)
    if kind in TYPES:
        _, types, words = TYPES[kind]
    if not of_type(value, types):
        raise env.report.stop(WrongSetting(expr.span, parameter.name.id, words, show(value)))
    return value


def _literal(value: Any, place: Span) -> ast.Expr:
    if isinstance(value, tuple):
        return ast.Tuple(place, tuple(_literal(item, place) for item in value))
    return ast.Literal_(place, value, str(value))
