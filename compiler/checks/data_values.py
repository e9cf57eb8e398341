"""What a search says of its data where it names a space: `net(classes = data.classes)`.

`data` is the data of the search that the expression stands in. Its classes (or, whatever it has to be told, the
`outputs` of a network for it), and the sizes of its inputs (`data.height`,
or `data.flow.height` of one of several), are numbers that the settings or the files say.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

from ..diagnostics.data import NoSuchFact, UnknownFact
from ..diagnostics.model import Sink
from ..diagnostics.source import Span
from ..frontend import ast
from ..frontend.walk import inside
from ..schemas.data import Data, DataSignature, InputSignature
from ..semantics.elaboration.indices import SHAPE_ATTRIBUTES

_DATA = "data"
_CLASSES, _OUTPUTS = "classes", "outputs"


def with_values(expr: ast.Expr, data: Data, sink: Sink) -> ast.Expr | None:
    """The expression with numbers in place of what it asks of ``data``; None where one is not known, which is
    reported, unless its files were told to be unreadable before."""
    if not mentions_data(expr):
        return expr
    told = Sink()
    filled = _filled(expr, data, told)
    for diagnostic in told.diagnostics:
        if not (data.unreadable and isinstance(diagnostic, UnknownFact)):
            sink.add(diagnostic)
    return filled if isinstance(filled, ast.Expr) and not told.errors else None


def mentions_data(expr: ast.Node) -> bool:
    """Whether an expression that names a space asks for something of the data."""
    return (isinstance(expr, ast.Attribute) and _way(expr) is not None) or any(map(mentions_data, inside(expr)))


def _filled(node: Any, data: Data, sink: Sink) -> Any:
    if isinstance(node, tuple):
        return tuple(_filled(each, data, sink) for each in node)
    if not isinstance(node, ast.Node):
        return node
    way = _way(node) if isinstance(node, ast.Attribute) else None
    if way is not None:
        value = _value(way, node.span, data, sink)
        return ast.Literal_(node.span, value, str(value))
    parts = [field.name for field in fields(node) if field.name != "span"]
    return replace(node, **{name: _filled(getattr(node, name), data, sink) for name in parts})


def _way(node: ast.Attribute) -> tuple[str, ...] | None:
    """The names behind `data`; None where it begins with something else."""
    match node.base:
        case ast.Name(id=name):
            return (node.name.id,) if name == _DATA else None
        case ast.Attribute():
            before = _way(node.base)
            return None if before is None else (*before, node.name.id)
    return None


def _value(way: tuple[str, ...], place: Span, data: Data, sink: Sink) -> int | None:
    """None where it is not known, which is reported."""
    signature = data.signature()
    known, name = facts(signature), ".".join(way)
    value = known.get(name)
    if name not in known and signature.inputs:
        sink.add(NoSuchFact(place, name, data.kind, tuple(known)))
    elif value is None:
        sink.add(UnknownFact(place, name, data.kind, data.written(name)))
    return value


def facts(signature: DataSignature) -> dict[str, int | None]:
    """All that can be asked of data, with its value where that is known. Of several inputs each has its own, and those
    in which they all agree are the data's too."""
    targets = signature.targets
    found: dict[str, int | None] = {} if targets.kind == "numbers" else {_CLASSES: targets.count}
    found[_OUTPUTS] = targets.count
    each = [_sizes(own) for own in signature.inputs]
    for name in dict.fromkeys(key for own in each for key in own):
        values = {own.get(name) for own in each}
        if len(values) == 1:
            found[name] = values.pop()
    if len(each) > 1:
        for own, sizes in zip(signature.inputs, each, strict=True):
            found |= {f"{own.name}.{name}": value for name, value in sizes.items()}
    return found


def _sizes(own: InputSignature) -> dict[str, int | None]:
    return {name: own.shape[axis] for name, axis in SHAPE_ATTRIBUTES[own.layout].items()}
