"""Where what a mistake is about comes from: the calls, and the space, that brought it into the body that it is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from ...diagnostics.calls import BadReturn, MissingArgument
from ...diagnostics.model import Diagnostic, Origin
from ...diagnostics.shapes import WrongInputs
from ...diagnostics.source import Span
from ...frontend import ast
from ..text.affected import names_in
from .values import Called

MOST = 3
"""The most calls that are shown."""


def origins(diagnostic: Diagnostic, calls: Sequence[Called], space: ast.SpaceDecl | None) -> tuple[Origin, ...]:
    """The calls that the mistake depends on, innermost first.

    ``calls``: the applications that are being elaborated, outermost first; the first one is that of the space's meta.
    A call counts where what the mistake is about reads, perhaps by way of other names, a parameter that the call gives.
    A mistake in shapes is about all that its statement reads, inputs included. Then the call's place is asked in turn.
    """
    place = diagnostic.span
    if place is None or isinstance(diagnostic, BadReturn | MissingArgument):
        return ()
    shapes = diagnostic.has_witness or isinstance(diagnostic, WrongInputs)
    found: list[Origin] = []
    for depth in range(len(calls) - 1, -1, -1):
        call = calls[depth]
        declaration = call.template.declaration
        if not _within(place, declaration.span):
            continue
        read = _read(declaration, place, shapes)
        inputs = {entry.name.id for entry in declaration.inputs or ()} or {""}
        given = read & call.arguments.keys()
        if not given and not (shapes and declaration.kind != "meta" and (read & inputs or "" in inputs)):
            break
        owner = space.name.id if depth == 0 and space is not None else None
        found.append(Origin(call.span, declaration.name.id, owner))
        place = call.span
    return tuple(found) if len(found) <= MOST else (*found[: MOST - 1], found[-1])


def _within(place: Span, span: Span) -> bool:
    return place.source is span.source and span.start <= place.start and place.end <= span.end


@lru_cache(maxsize=256)  # the iterations of a loop all have its mistake
def _read(declaration: ast.OpDecl, place: Span, whole: bool) -> frozenset[str]:
    """The names that are read at ``place`` (in the ``whole`` statement there), and those that these are made of."""
    made: dict[str, set[str]] = {}
    read: set[str] = set()
    for name, part, around in _bindings(declaration):
        names = list(names_in(part))
        if name is not None:
            made.setdefault(name, set()).update(n.id for n in names)
        if _within(place, around):
            read |= {n.id for n in names if whole or _within(n.span, place)}
    todo = list(read)
    while todo:
        for name in made.get(todo.pop(), ()):
            if name not in read:
                read.add(name)
                todo.append(name)
    return frozenset(read)


def _bindings(declaration: ast.OpDecl) -> Iterator[tuple[str | None, object, Span]]:
    """What each statement binds, from what, and where it stands; loops' variables, inputs and the result included."""
    stack: list[ast.Bind | ast.For] = list(declaration.body.statements)
    while stack:
        statement = stack.pop()
        if isinstance(statement, ast.For):
            yield statement.target.id, statement.source, statement.source.span
            stack += statement.body
        else:
            yield statement.name.id, (statement.value, statement.index), statement.span
    for entry in declaration.inputs or ():
        yield entry.name.id, entry.type, entry.span
    for parameter in declaration.parameters:
        yield parameter.name.id, parameter.default, parameter.span
    yield None, declaration.body.result.value, declaration.body.result.value.span
