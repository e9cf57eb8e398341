"""The primitives, as the operator registry knows them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from stdsl.compiler.ir.operation import REQUIRED, SAME, Cost, OpFault, Parameter, Primitive, TensorShape
from stdsl.compiler.ops import registry
from stdsl.compiler.ops.attributes import shown
from stdsl.compiler.ops.registry import PRIMITIVES

SAMPLES = (
    TensorShape("image", (16, 32, 32)),
    TensorShape("clip", (16, 8, 32, 32)),
    TensorShape("tokens", (64, 16)),
    TensorShape("features", (16,)),
    TensorShape("image", (16, 1, 1)),
)
"""One input of each type, and one whose axes a global pool has used up."""

_VALUES = {"channels": 32, "int": 4, "axes": 3, "number": 0.5, "bool": True, "string": "", "padding": "same"}
_KINDS = {
    "channels": "channels",
    "int": "whole number",
    "number": "number",
    "axes": "whole number, or one for each axis",
    "bool": "`true` or `false`",
    "string": "text",
    "padding": '`"same"` or `none`',
}


@dataclass(frozen=True, slots=True)
class ParameterEntry:
    name: str
    kind: str
    default: str
    doc: str


@dataclass(frozen=True, slots=True)
class Example:
    """What comes out of one application, by the shape rule and the cost rule."""

    call: str
    inputs: str
    output: TensorShape
    cost: Cost


@dataclass(frozen=True, slots=True)
class OperationEntry:
    name: str
    signature: str
    inputs: int
    doc: str
    parameters: tuple[ParameterEntry, ...]
    shape: str
    cost: str
    example: Example
    layouts: tuple[str, ...]
    """The types of tensors that it takes."""


@dataclass(frozen=True, slots=True)
class Family:
    """The primitives of one file."""

    doc: str
    operations: tuple[OperationEntry, ...]


def families() -> tuple[Family, ...]:
    """All primitives, those of one file together, in the registry's order."""
    by_module: dict[str, list[Primitive]] = {}
    for primitive in PRIMITIVES.values():
        # The rules stand in the file that declares the primitive; what is shared between files is not among them.
        by_module.setdefault(_home(primitive), []).append(primitive)
    return tuple(
        Family(inspect.cleandoc(sys.modules[module].__doc__ or "").split("\n\n")[0], tuple(map(_entry, primitives)))
        for module, primitives in by_module.items()
    )


def _home(primitive: Primitive) -> str:
    package = registry.__package__
    for name, module in sys.modules.items():
        if name.startswith(f"{package}.") and primitive in getattr(module, "PRIMITIVES", ()):
            return name
    raise LookupError(primitive.name)


def _entry(primitive: Primitive) -> OperationEntry:
    examples = list(_examples(primitive))
    return OperationEntry(
        primitive.name,
        f"{primitive.name}({', '.join(_declared(p) for p in primitive.parameters)})",
        primitive.inputs,
        primitive.doc,
        tuple(ParameterEntry(p.name, _KINDS[p.kind], _default(p), p.doc) for p in primitive.parameters),
        inspect.getdoc(primitive.shape) or "",
        inspect.getdoc(primitive.cost) or "",
        examples[0],
        tuple(dict.fromkeys(e.output_of for e in _accepted(primitive))),
    )


def _default(parameter: Parameter) -> str:
    if parameter.default is REQUIRED:
        return ""
    return "same" if parameter.default is SAME else shown(parameter.default)


def _declared(parameter: Parameter) -> str:
    default = _default(parameter)
    return f"{parameter.name} = {default}" if default else parameter.name


@dataclass(frozen=True, slots=True)
class _Accepted:
    sample: TensorShape
    example: Example

    @property
    def output_of(self) -> str:
        return self.sample.layout


def _examples(primitive: Primitive) -> Iterator[Example]:
    return (accepted.example for accepted in _accepted(primitive))


def _accepted(primitive: Primitive) -> Iterator[_Accepted]:
    """The samples that the rules let pass, with what comes out."""
    given = {p.name: _VALUES[p.kind] for p in primitive.parameters if p.default is REQUIRED}
    words = ", ".join(f"{name} = {shown(value)}" for name, value in given.items())
    for sample in SAMPLES:
        inputs = (sample,) * primitive.inputs
        try:
            attributes = primitive.normalise(inputs, given)
            output = primitive.shape(inputs, attributes)
        except OpFault:
            continue
        call = f"{primitive.name}({words})" if words else primitive.name
        yield _Accepted(
            sample, Example(call, " and ".join(map(str, inputs)), output, primitive.cost(inputs, attributes, output))
        )
