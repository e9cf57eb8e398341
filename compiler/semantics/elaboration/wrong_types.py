"""What to say of a value that is of another type than is needed, beyond what the two are."""

from __future__ import annotations

from ...diagnostics.model import Label
from ...diagnostics.source import Span
from ...diagnostics.values import WrongType
from ...frontend import ast
from ...ops.registry import PRIMITIVES
from ..text.affected import names_in
from .values import Called, Template, Value, kind_of


def wrong_type(span: Span, what: str, wanted: str, value: Value, advice: str | None = None) -> WrongType:
    """That ``what`` is ``value``, where ``wanted`` (no operator) is needed. Of an operator whose body computes from
    numbers alone: that it was taken for a function of them."""
    body = _computed(value)
    if body is None:
        return WrongType(span, what, wanted, kind_of(value), advice)
    advice = f"`op` and `cell` declare operators, no functions of numbers: write `{body.text}` where it is needed"
    label = Label(body, "an operator makes tensors, and this makes none")
    return WrongType(span, what, wanted, kind_of(value), advice, (label,))


def _computed(value: Value) -> Span | None:
    """What a declared operator would compute if it were a function of numbers; None where it has something else in its
    body than its parameters and such functions."""
    template = value.template if isinstance(value, Called) else value
    if not isinstance(template, Template) or template.declaration.kind == "meta":
        return None
    declaration = template.declaration
    result = declaration.body.result.value
    own = {parameter.name.id for parameter in declaration.parameters}
    if declaration.inputs or declaration.body.statements or isinstance(result, ast.Set | ast.Pipe):
        return None
    if isinstance(result, ast.Name) and result.id not in own:
        return None
    others = {name.id for name in names_in(result)} - own
    return None if others & {*PRIMITIVES, *template.module.names()} else result.span
