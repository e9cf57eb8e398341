"""From statements to classes: one class for every op and cell that holds weights; instances that differ in numbers
alone share one."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from ...ir.names import identifier
from ...ir.operation import TensorShape
from ...text.quoting import python_string
from .decision_keys import handed_weights
from .namespace import INSIDE, Namespace
from .numbers import Number, brief, full, skeleton
from .program import Program, Statement
from .regions import Region, regions

SETTINGS = frozenset({"stride", "dilation", "groups"})
"""Parameters that get a default: ones, or else the value that most instances have."""
AXES = {"image": "CHW", "clip": "CTHW", "tokens": "NC", "features": "C"}


@dataclass(frozen=True, slots=True)
class Field:
    """``self.<target> = <constructor>``."""

    target: str
    constructor: str
    frozen: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """``<target> = <expression>  # <comment>`` of a forward pass."""

    target: str
    expression: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ClassText:
    """All that a template needs to write one class. ``parameters`` are those of the constructor."""

    name: str
    doc: str
    parameters: tuple[str, ...]
    fields: tuple[Field, ...]
    arguments: tuple[str, ...]
    lines: tuple[Line, ...]
    result: tuple[str, ...]
    prepared: tuple[Line, ...] = ()
    """What the constructor sets once all modules are made."""
    holds: bool = False
    """Whether it has no forward pass, its modules being used by others."""


@dataclass(slots=True)
class _Instance:
    """One region with its names chosen, before it is known which others are like it."""

    region: Region
    fields: list[Field]
    arguments: list[str]
    lines: list[tuple[str, str, TensorShape | None]]
    result: list[str]
    prepared: list[Line] = field(default_factory=list)
    shapes: list[TensorShape] = field(default_factory=list)

    @property
    def structure(self) -> tuple[object, ...]:
        return (
            self.region.callee,
            tuple((f.target, skeleton(f.constructor).pieces, f.frozen) for f in self.fields),
            tuple(self.arguments),
            tuple((target, expression, shape and shape.layout) for target, expression, shape in self.lines),
            tuple(self.result),
            tuple(self.prepared),
            tuple(shape.layout for shape in self.shapes),
        )


class Classes:
    """The classes of a program: ``parts`` in an order in which each can be defined, then ``root``.

    ``names``: what the module has besides them.
    """

    def __init__(self, program: Program, root_name: str, names: Collection[str]) -> None:
        self._program = program
        self._outside = names
        self._scopes = {scope.id: scope.parent for scope in program.scopes}
        self._constructors: dict[int, str] = {}
        self._defaults: dict[str, dict[str, str]] = {}
        self._module = Namespace(names)
        self._module.take((root_name, *program.layers, *(e.alias for e in program.externs)))
        self.parts: list[ClassText] = []
        top = regions(program)
        self._handed = handed_weights(program, top)
        by_height: dict[int, list[Region]] = {}
        for region in top.below():
            by_height.setdefault(region.height, []).append(region)
        for height in sorted(by_height):
            groups: dict[tuple[object, ...], list[_Instance]] = {}
            for region in sorted(by_height[height], key=lambda r: r.first):
                instance = self._instance(region)
                groups.setdefault(instance.structure, []).append(instance)
            for group in groups.values():
                self._define(group)
        self.root = self._text(root_name, [self._instance(top)])[0]

    def _instance(self, region: Region) -> _Instance:
        program = self._program
        names = Namespace((*self._outside, *INSIDE))
        variables: dict[int, str] = {}
        tensors = [i for i in region.inputs if program.statements[i].kind == "value"]
        for i in tensors:
            name = (
                program.statements[i].name if region.is_root else "x" if len(tensors) == 1 else f"x{len(variables) + 1}"
            )
            variables[i] = names.variable(name)
        arguments = [variables[i] for i in tensors]
        handed = self._handed[region.scope]
        variables |= {i: f"weights[{python_string(key)}]" for i, key in handed.keys.items()}
        if handed.text:
            arguments.append("weights")
        instance = _Instance(region, [], arguments, [], [])
        made: list[tuple[int, Field]] = []
        for item in region.items:
            if isinstance(item, Region):
                attribute = item.attribute
                made.append((item.order, Field(attribute, full(self._constructors[item.scope], self._defaults))))
                if item.holds:
                    continue
                targets = [names.variable(self._variable(attribute, item, o)) for o in item.outputs]
                values = [variables[i] for i in item.inputs if program.statements[i].kind == "value"]
                weights = self._handed[item.scope].text
                given = ", ".join([*values, weights] if weights else values)
                call = f"recomputed(self.{attribute}, {given})" if item.recompute else f"self.{attribute}({given})"
                shape = program.statements[item.outputs[0]].shape if len(item.outputs) == 1 else None
                instance.lines.append((", ".join(targets), call, shape))
                variables.update(zip(item.outputs, targets, strict=True))
                continue
            attribute = region.prefixes.get(item.id, "") + item.name
            if item.module is not None:
                made.append((item.order, Field(attribute, full(item.module, self._defaults), item.frozen)))
            if not item.call or item.kind != "value":
                continue
            target = names.variable(item.name)
            values = [
                self._held(program.statements[i], region) if program.statements[i].kind == "held" else variables[i]
                for i in item.inputs
            ]
            terms = f"self._{target}_terms"
            call = _fill(item.call, values, f"self.{attribute}", terms)
            if item.prepared:
                instance.prepared.append(Line(terms, _fill(item.prepared, values, "", "")))
            instance.lines.append((target, call, item.shape))
            variables[item.id] = target
        instance.fields = [Field(name, "nn.Module()") for name in region.containers]
        instance.fields += [field for _, field in sorted(made, key=lambda m: m[0])]
        instance.result = [variables[i] for i in region.outputs]
        instance.shapes = [s for i in (*tensors, *region.outputs) if (s := program.statements[i].shape) is not None]
        return instance

    def _held(self, statement: Statement, region: Region) -> str:
        """A module that stands in ``region`` or below, as its methods see it."""
        names = [statement.name]
        scope = statement.scope
        while scope != region.scope:
            names.append(self._program.scope_names[scope])
            above = self._scopes[scope]
            assert above is not None, "a module outside the region that reads it"
            scope = above
        return ".".join(["self", *reversed(names)])

    @staticmethod
    def _variable(attribute: str, region: Region, output: int) -> str:
        base = identifier(attribute)
        return base if len(region.outputs) == 1 else f"{base}_{region.outputs.index(output) + 1}"

    def _define(self, group: list[_Instance]) -> None:
        callee = re.sub(r"\W", "_", group[0].region.callee)
        camel = "".join(part[:1].upper() + part[1:] for part in callee.split("_") if part) or "Part"
        camel = f"Op{camel}" if camel[0].isdigit() else camel
        name = self._module.type(camel)
        text, arguments = self._text(name, group)
        defaults = {}
        for parameter in text.parameters:
            if parameter.rstrip("_0123456789") in SETTINGS:
                values = Counter(str(given[parameter]) for given in arguments)
                plain = [value for value in values if set(value) <= set("(1, )")]
                defaults[parameter] = plain[0] if plain else values.most_common(1)[0][0]
        self._defaults[name] = defaults
        required = [p for p in text.parameters if p not in defaults]
        self.parts.append(
            replace(text, parameters=(*required, *(f"{name}={value}" for name, value in defaults.items())))
        )
        for instance, given in zip(group, arguments, strict=True):
            texts = [f"{p}={given[p]}" for p in (*required, *defaults)]
            self._constructors[instance.region.scope] = f"{name}({', '.join(texts)})"

    def _text(self, name: str, group: list[_Instance]) -> tuple[ClassText, list[dict[str, Number]]]:
        """The class that all instances of the group share, and for each instance the values of its parameters."""
        first = group[0]
        names = self._module.inner(INSIDE)
        parameters: dict[tuple[Number, ...], str] = {}
        fields = []
        for i, f in enumerate(first.fields):
            skeletons = [skeleton(instance.fields[i].constructor) for instance in group]
            values = []
            for j, role in enumerate(skeletons[0].roles):
                column: tuple[Number, ...] = tuple(s.numbers[j] for s in skeletons)
                if len(set(column)) > 1 and column not in parameters:
                    parameters[column] = names.variable(identifier(role))
                values.append(parameters[column] if len(set(column)) > 1 else str(column[0]))
            fields.append(Field(f.target, brief(skeletons[0].fill(values), self._defaults), f.frozen))

        def describe(shapes: Sequence[TensorShape]) -> str:
            dims = ["N"]
            for j, axis in enumerate(AXES[shapes[0].layout]):
                column: tuple[Number, ...] = tuple(s.dims[j] for s in shapes)
                dims.append(str(column[0]) if len(set(column)) == 1 else parameters.get(column, axis))
            return f"({', '.join(dims)})"

        lines = []
        for i, (target, expression, shape) in enumerate(first.lines):
            comment = ""
            if shape is not None:
                comment = describe([s for instance in group if (s := instance.lines[i][2]) is not None])
            lines.append(Line(target, expression, comment))
        shapes = [describe([instance.shapes[i] for instance in group]) for i in range(len(first.shapes))]
        cut = len(first.shapes) - len(first.result)
        doc = f"{', '.join(shapes[:cut])} → {', '.join(shapes[cut:])}"
        if first.region.holds:
            doc = f"The weights of `{first.region.callee}`."
        text = ClassText(
            name,
            doc,
            tuple(parameters.values()),
            tuple(fields),
            tuple(first.arguments),
            tuple(lines),
            tuple(first.result),
            tuple(first.prepared),
            first.region.holds,
        )
        return text, [{p: column[k] for column, p in parameters.items()} for k in range(len(group))]


def _fill(call: str, values: Sequence[str], module: str, prepared: str) -> str:
    named = {"m": module, "p": prepared}
    return re.sub(r"\{(m|p|\d+)\}", lambda match: named.get(match[1]) or values[int(match[1])], call)
