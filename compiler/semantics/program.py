"""What commands and runs ask for: files by name, and the spaces and searches in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from ..diagnostics.command_line import NoPlainValue
from ..diagnostics.files import NotInFile, SeveralInFile
from ..diagnostics.model import Sink
from ..diagnostics.names import WrongKindOfName
from ..diagnostics.option import OptionText, option_text
from ..diagnostics.source import Span
from ..frontend import ast
from .elaboration import expressions
from .elaboration.arithmetic import is_plain
from .elaboration.context import Context, Env
from .elaboration.elaborate import SpaceReference
from .elaboration.state.limits import Abandoned
from .elaboration.state.state import State
from .elaboration.values import ERROR, Scalar, Template, kind_of
from .modules import Loader, Module, library_names
from .signatures import bind, declared_signature

D = TypeVar("D", bound=ast.Declaration)

_KINDS: Mapping[type[ast.Declaration], str] = {
    ast.SpaceDecl: "space",
    ast.SearchDecl: "search",
    ast.StrategyDecl: "strategy",
}

_PARAMETER = "-p "


def open_module(target: str | Path, loader: Loader) -> Module | None:
    """The module of a file, or, when there is no such file, of the library (`darts`)."""
    if not os.path.exists(target) and str(target) in library_names():
        return loader.from_library(str(target))
    return loader.file(Path(target))


def pick(module: Module, kind: type[D], name: str | None, sink: Sink) -> D | None:
    """The declaration of a kind that ``FILE::NAME`` names; without a name the only one. None with a diagnostic."""
    rows = {d.name.id: d for d in module.declarations.values() if isinstance(d, kind)}
    word = _KINDS[kind]
    if name is None:
        if len(rows) == 1:
            return next(iter(rows.values()))
        if not rows and sink.errors:
            # What stands there could not be read, and that was said.
            return None
        sink.add(SeveralInFile(None, word, module.name, tuple(rows)))
        return None
    found = rows.get(name)
    if found is None:
        other = module.lookup(name)
        if other is not None and isinstance(other[0], kind):
            return other[0]
        there = module.declarations.get(name)
        if there is None and any(error.code.startswith("E01") for error in sink.errors):
            return None  # what could not be read may have been it, and that was said
        what = _KINDS.get(type(there), there.kind if isinstance(there, ast.OpDecl) else "") if there else ""
        sink.add(NotInFile(None, word, name, module.name, tuple(rows), what))
    return found


def space_of(
    module: Module,
    name: str | None,
    arguments: Mapping[str, Any],
    sink: Sink,
    places: Mapping[str, Span] | None = None,
) -> SpaceReference | None:
    """The space that ``FILE::NAME`` and ``-p`` name. ``places``: where the arguments are named."""
    declaration = pick(module, ast.SpaceDecl, name, sink)
    if declaration is None:
        return None
    found = module.lookup(declaration.name.id)
    home = found[1] if found else module
    return SpaceReference(declaration, home, dict(arguments), declaration.name.span, places or {})


def referred(expr: ast.Expr, module: Module, sink: Sink) -> SpaceReference | None:
    """The space that an expression of a search names: `small`, `darts_cifar(c = 36, layers = 20)`."""
    try:
        return _referred(expr, module, sink)
    except Abandoned:
        return None


def _referred(expr: ast.Expr, module: Module, sink: Sink) -> SpaceReference | None:
    state = State(sink)
    env = Env(module, Context("", "", 0, (0, "", ()), 0))
    callee = expr.callee if isinstance(expr, ast.Call) else expr
    value = expressions.evaluate(state, callee, env)
    if value is ERROR:
        return None
    if not isinstance(value, ast.SpaceDecl):
        shown = callee.id if isinstance(callee, ast.Name) else "this"
        meta = isinstance(value, Template) and value.declaration.kind == "meta"
        advice = f"declare a space of it: `space NAME = {expr.span.text}`" if meta else ""
        told = "a meta" if meta else kind_of(value)
        sink.add(WrongKindOfName(callee.span, shown, told, "a space", advice))
        return None
    arguments: dict[str, Any] = {}
    if isinstance(expr, ast.Call):
        signature = declared_signature(value.name.id, value.parameters, value.name.span)
        given = [
            (a.name.id if a.name else None, expressions.evaluate(state, a.value, env), a.span) for a in expr.arguments
        ]
        bound = bind(signature, given, expr.span, state.report)
        if bound is None or any(v is ERROR for v in bound.values()):
            return None
        arguments = bound
    assert isinstance(callee, ast.Name)
    found = module.lookup(callee.id)
    return SpaceReference(value, found[1] if found else module, arguments, expr.span)


def parameter_text(name: str, text: str) -> OptionText:
    """``-p NAME=TEXT`` as a text that places point into."""
    return option_text(f"{_PARAMETER}{name}=", text, "stdsl 1 let value = ")


def parameter_place(name: str, text: str) -> Span:
    """Where ``-p NAME=TEXT`` names the parameter."""
    return parameter_text(name, text).part(len(_PARAMETER), len(_PARAMETER) + len(name))


def plain_value(text: str, name: str, sink: Sink) -> Any:
    """The value of ``-p NAME=TEXT``: any plain expression of the language (`16`, `1x3x3`, `"x"`, `true`).

    ERROR with a diagnostic.
    """
    from ..frontend.parser import parse

    source = parameter_text(name, text)
    file = parse(source, sink)
    if sink.errors:
        return ERROR
    if len(file.declarations) != 1 or not isinstance(file.declarations[0], ast.Let):
        sink.add(NoPlainValue(source.value, name, "several things", False))
        return ERROR
    expr = file.declarations[0].value
    if isinstance(expr, ast.Name):
        sink.add(NoPlainValue(expr.span, name, "a name", True))
        return ERROR
    env = Env(Module(source, file, source.name), Context("", "", 0, (0, "", ()), 0))
    try:
        value = expressions.evaluate(State(sink), expr, env)
    except Abandoned:
        return ERROR
    if value is not ERROR and (not is_plain(value) or isinstance(value, Scalar)):
        kind = "a choice" if isinstance(value, Scalar) else kind_of(value)
        sink.add(NoPlainValue(expr.span, name, kind, False))
        return ERROR
    return value
