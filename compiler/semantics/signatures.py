"""Binding arguments to parameters, of primitives and of declarations alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias, TypeVar

from ..diagnostics.calls import MissingArgument, RepeatedArgument, TooManyArguments, UnknownParameter
from ..diagnostics.model import Diagnostic
from ..diagnostics.source import Span
from ..diagnostics.values import WrongType
from ..frontend import ast
from ..ir.operation import REQUIRED, SAME, Primitive
from ..record import record
from .elaboration.values import ListValue, Tensor

T = TypeVar("T")

Arguments: TypeAlias = list[tuple[str | None, Any, Span]]
"""Values given to a callee: the name where one is written, the value, the place."""


@record
class Signature:
    """What a callee takes: names in order, which of them must be given, how it reads."""

    name: str
    parameters: tuple[str, ...]
    required: frozenset[str]
    text: str
    declared: Span | None = None


_PRIMITIVES: dict[int, tuple[Primitive, Signature]] = {}
_DECLARED: dict[tuple[str, int, int], tuple[Sequence[ast.Parameter], Signature]] = {}
"""By the ids of what they are about, with that: each is asked for at every call."""
_REMEMBERED = 5_000


def primitive_signature(primitive: Primitive) -> Signature:
    found = _PRIMITIVES.get(id(primitive))
    if found is None:
        if len(_PRIMITIVES) >= _REMEMBERED:
            _PRIMITIVES.clear()
        found = _PRIMITIVES[id(primitive)] = primitive, _of_primitive(primitive)
    return found[1]


def _of_primitive(primitive: Primitive) -> Signature:
    def shown(default: object) -> str:
        if default is None:
            return "none"
        if isinstance(default, bool):
            return "true" if default else "false"
        return "same" if default is SAME else str(default)

    parts = [p.name if p.default is REQUIRED else f"{p.name} = {shown(p.default)}" for p in primitive.parameters]
    return Signature(
        primitive.name,
        tuple(p.name for p in primitive.parameters),
        frozenset(p.name for p in primitive.parameters if p.default is REQUIRED),
        f"{primitive.name}({', '.join(parts)})",
    )


def declared_signature(name: str, parameters: Sequence[ast.Parameter], declared: Span) -> Signature:
    key = (name, id(parameters), id(declared))
    found = _DECLARED.get(key)
    if found is None:
        if len(_DECLARED) >= _REMEMBERED:
            _DECLARED.clear()
        found = _DECLARED[key] = parameters, _of_declared(name, parameters, declared)
    return found[1]


def _of_declared(name: str, parameters: Sequence[ast.Parameter], declared: Span) -> Signature:
    parts = [
        p.name.id if p.default is None else f"{p.name.id} = {' '.join(p.default.span.text.split())}" for p in parameters
    ]
    return Signature(
        name,
        tuple(p.name.id for p in parameters),
        frozenset(p.name.id for p in parameters if p.default is None),
        f"{name}({', '.join(parts)})",
        declared,
    )


def bind(
    signature: Signature,
    arguments: Sequence[tuple[str | None, T, Span]],
    span: Span,
    report: Callable[[Diagnostic], None],
    extra: frozenset[str] = frozenset(),
    partial: bool = False,
) -> dict[str, T] | None:
    """Parameter → value. None, with diagnostics, when they do not fit.

    ``extra``: names that are allowed beside the parameters. ``partial``: required ones may be missing.
    """
    if len(set(signature.parameters)) < len(signature.parameters):
        # Two parameters of one name: that was said where they are declared.
        return None
    bound: dict[str, T] = {}
    fine = True
    positional = 0
    for name, value, place in arguments:
        if name is None:
            if positional >= len(signature.parameters):
                given = sum(1 for n, _, _ in arguments if n is None)
                wanted = len(signature.parameters)
                text, declared = signature.text, signature.declared
                tensors = isinstance(value, (Tensor, ListValue))
                report(
                    TooManyArguments(place, signature.name, wanted, given, tensors, signature=text, declared=declared)
                )
                return None
            name = signature.parameters[positional]
            positional += 1
        elif name not in signature.parameters and name not in extra:
            report(UnknownParameter(place, signature.name, name, signature.parameters, signature.text))
            fine = False
            continue
        if name in bound:
            report(RepeatedArgument(place, signature.name, name))
            fine = False
            continue
        bound[name] = value
    if fine and not partial and not signature.required <= bound.keys():
        missing = tuple(n for n in signature.parameters if n in signature.required and n not in bound)
        report(not_given(span, signature, missing))
        fine = False
    return bound if fine else None


def not_given(span: Span, signature: Signature, missing: tuple[str, ...]) -> MissingArgument:
    """That a call leaves parameters without a value."""
    return MissingArgument(span, signature.name, missing, signature=signature.text, declared=signature.declared)


def passed_on(space: ast.SpaceDecl, missing: MissingArgument) -> MissingArgument:
    """Parameters that a space does not give its meta, with what to write."""
    call = space.value if isinstance(space.value, ast.Call) else None
    given = [" ".join(a.span.text.split()) for a in call.arguments] if call is not None else []
    name, values = missing.callee, [f"{parameter} = …" for parameter in missing.parameters]
    here = f"{name}({', '.join((*given, *values))})"
    names = [" ".join(p.span.text.split()) for p in space.parameters]
    own = f"space {space.name.id}({', '.join((*names, *values))})"
    passed = f"{name}({', '.join((*given, *(f'{p} = {p}' for p in missing.parameters)))})"
    it = "it" if len(values) == 1 else "them"
    return replace(missing, advice=f"give {it} here, `{here}`, or pass {it} on: `{own} = {passed}`")


def no_set(declaration: ast.OpsDecl, found: str) -> WrongType:
    """That an `ops` declares something else than a set."""
    what, advice = f"what `ops {declaration.name.id}` declares", "alternatives stand in braces: `{a, b}`"
    return WrongType(declaration.value.span, what, "a set", found, advice)
