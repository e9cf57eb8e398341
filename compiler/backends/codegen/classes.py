"""From statements to classes: one class for every op and cell that holds weights; instances that differ in numbers
alone share one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...ir.diagram import Guard
from ...ir.names import identifier
from ...ir.operation import TensorShape
from ...ops.torch.expressions import (
    MODULE,
    PREPARED,
    SELF,
    Conditional,
    Dictionary,
    Expression,
    Literal,
    Name,
    call,
    dotted,
    expression,
    filled,
    indexed,
    method,
)
from ...record import record
from .branches import Branched, Guarded, Needs, arranged, in_branches
from .conditions import Written
from .decision_keys import PATH, WEIGHTS, handed_weights
from .definitions import Assignment, Class, Evaluation, Function, Line, Parameter, Return
from .kernel_table import kernel
from .namespace import INSIDE, Namespace
from .numbers import Number, brief, full, skeleton
from .program import OPEN, Program, Statement
from .regions import Region, regions

SETTINGS = frozenset({"stride", "dilation", "groups"})
"""Parameters that get a default: ones, or else the value that most instances have."""
NN_MODULE = dotted("nn.Module")
AXES = {"image": "CHW", "clip": "CTHW", "tokens": "NC", "features": "C"}


@record
class Outermost:
    """What sets the class of the whole network apart. ``arguments``: those of its base's constructor;
    ``stays_frozen``: whether frozen modules stay in evaluation mode."""

    name: str
    base: Expression = NN_MODULE
    arguments: tuple[Expression, ...] = ()
    stays_frozen: bool = False


@record
class Field:
    """``self.<target> = <constructor>``; the target may have dots."""

    target: str
    constructor: Expression
    frozen: bool = False


@dataclass(slots=True)
class _Instance:
    """One region with its names chosen, before it is known which others are like it."""

    region: Region
    fields: list[Field]
    arguments: list[str]
    guarded: list[Guarded] = field(default_factory=list)
    lines: list[Branched] = field(default_factory=list)
    result: list[Expression] = field(default_factory=list)
    prepared: list[Assignment] = field(default_factory=list)
    shapes: list[TensorShape] = field(default_factory=list)

    @property
    def structure(self) -> tuple[object, ...]:
        return (
            self.region.callee,
            tuple((f.target, skeleton(f.constructor).form, f.frozen) for f in self.fields),
            tuple(self.arguments),
            tuple((s.targets, s.value, s.shape and s.shape.layout, s.chain, s.arm, s.test) for s in self.lines),
            tuple(self.result),
            tuple(self.prepared),
            tuple(shape.layout for shape in self.shapes),
        )


class Classes:
    """The classes of a program: ``parts`` in an order in which each can be defined, then ``root``.

    ``names``: what the module has besides them.
    """

    def __init__(self, program: Program, root: Outermost, names: Collection[str]) -> None:
        self._program, self._root = program, root
        self._outside = names
        self._scopes = {scope.id: scope.parent for scope in program.scopes}
        self._constructors: dict[int, Expression] = {}
        self._defaults: dict[str, dict[str, Expression]] = {}
        self._module = Namespace(names)
        self._module.take((root.name, *program.layers, *(e.alias for e in program.externs)))
        self.parts: list[Class] = []
        top = regions(program)
        self._needs = Needs(program, program.path, top) if program.path is not None else None
        self._handed = handed_weights(program, top)
        self._given = WEIGHTS if program.path is None else PATH
        self._inside = INSIDE | {self._given.id}
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
        self.root = self._class(root.name, [self._instance(top)])[0]

    @property
    def all(self) -> tuple[Class, ...]:
        return (*self.parts, self.root)

    def _instance(self, region: Region) -> _Instance:
        program = self._program
        names = Namespace((*self._outside, *self._inside))
        variables: dict[int, Expression] = {}
        arguments = []
        tensors = [i for i in region.inputs if program.statements[i].kind == "value"]
        for i in tensors:
            wanted = (
                program.statements[i].name if region.is_root else "x" if len(tensors) == 1 else f"x{len(variables) + 1}"
            )
            arguments.append(names.variable(wanted))
            variables[i] = Name(arguments[-1])
        handed = self._handed[region.scope]
        variables |= {i: indexed(self._given, key) for i, key in handed.keys.items()}
        if handed.given is not None:
            arguments.append(self._given.id)
        instance = _Instance(region, [], arguments)
        doubtful: dict[int, None] = {}
        made: list[tuple[int, Field]] = []
        for part in region.items:
            if isinstance(part, Region):
                attribute = part.attribute
                made.append((part.order, Field(attribute, full(self._constructors[part.scope], self._defaults))))
                if part.holds:
                    continue
                targets = tuple(names.variable(self._variable(attribute, part, o)) for o in part.outputs)
                given = [variables[i] for i in part.inputs if program.statements[i].kind == "value"]
                weights = self._handed[part.scope].given
                if weights is not None:
                    given.append(weights)
                module = _own(attribute)
                value: Expression = kernel("recomputed", module, *given) if part.recompute else call(module, *given)
                shape = program.statements[part.outputs[0]].shape if len(part.outputs) == 1 else None
                instance.guarded.append(Guarded(targets, value, shape, self._guard(part, region)))
                doubtful.update(dict.fromkeys(i for i in part.inputs if not self._surely(part, i, region)))
                variables.update(zip(part.outputs, map(Name, targets), strict=True))
                continue
            attribute = region.prefixes.get(part.id, "") + part.name
            if part.module is not None:
                made.append((part.order, Field(attribute, full(part.module, self._defaults), part.frozen)))
            if part.cases:
                target = names.variable(part.name)
                for guard, i in part.cases:
                    inside = self._within(guard, region)
                    instance.guarded.append(Guarded((target,), variables[i], part.shape, inside, chosen=True))
                variables[part.id] = Name(target)
                continue
            if part.call is None or part.kind != "value":
                continue
            target = names.variable(part.name)
            values: dict[int | str, Expression] = {
                place: self._held(program.statements[i], region)
                if program.statements[i].kind == "held"
                else variables[i]
                for place, i in enumerate(part.inputs)
            }
            terms = _own(f"_{target}_terms")
            if part.prepared is not None:
                instance.prepared.append(Assignment((terms,), filled(part.prepared, values)))
            own: dict[int | str, Expression] = {MODULE.key: _own(attribute), PREPARED.key: terms}
            value = filled(part.call, values | own)
            instance.guarded.append(Guarded((target,), value, part.shape, self._guard(part, region)))
            variables[part.id] = Name(target)
        instance.fields = [Field(name, call(NN_MODULE)) for name in region.containers]
        instance.fields += [field for _, field in sorted(made, key=lambda m: m[0])]
        instance.result = [variables[i] for i in region.outputs]
        doubtful.update(dict.fromkeys(i for i in region.outputs if not self._surely(region, i, region)))
        self._arrange(instance, variables, doubtful)
        instance.shapes = [s for i in (*tensors, *region.outputs) if (s := program.statements[i].shape) is not None]
        return instance

    def _within(self, guard: Guard, region: Region) -> Guard:
        return guard if self._needs is None else self._needs.within(guard, region)

    def _guard(self, item: Statement | Region, region: Region) -> Guard:
        """Under which condition something is computed where its region is."""
        return True if self._needs is None else self._needs.within(self._needs.of(item), region)

    def _surely(self, reader: Region, read: int, region: Region) -> bool:
        """Whether a statement that stands in ``region`` has been computed where ``reader`` is."""
        statement = self._program.statements[read]
        if self._needs is None or statement.kind != "value" or read in region.inputs:
            return True
        return self._needs.surely(self._needs.of(reader), statement.need)

    def _arrange(self, instance: _Instance, variables: Mapping[int, Expression], doubtful: Iterable[int]) -> None:
        """Puts the lines of an instance in their branches. What is handed on though it may not have been computed is
        None before."""
        path, needs = self._program.path, self._needs
        if path is None or needs is None:
            instance.lines = [Branched(line.targets, line.value, line.shape) for line in instance.guarded]
            return
        written = Written(path.graph, lambda decision: variables[path.decisions[decision.id]])
        empty = dict.fromkeys(v.id for i in doubtful if isinstance(v := variables[i], Name))
        start = [Branched((name,), Literal(None), None) for name in empty]
        instance.lines = [*start, *arranged(instance.guarded, instance.result, needs, written.condition)]

    def _held(self, statement: Statement, region: Region) -> Expression:
        """A module that stands in ``region`` or below, as its methods see it."""
        names = [statement.name]
        scope = statement.scope
        while scope != region.scope:
            names.append(self._program.scope_names[scope])
            above = self._scopes[scope]
            assert above is not None, "a module outside the region that reads it"
            scope = above
        return _own(".".join(reversed(names)))

    @staticmethod
    def _variable(attribute: str, region: Region, output: int) -> str:
        base = identifier(attribute)
        return base if len(region.outputs) == 1 else f"{base}_{region.outputs.index(output) + 1}"

    def _define(self, group: list[_Instance]) -> None:
        words = "".join(c if c.isalnum() else " " for c in group[0].region.callee).split()
        camel = "".join(word[:1].upper() + word[1:] for word in words) or "Part"
        camel = f"Op{camel}" if camel[0].isdigit() else camel
        name = self._module.type(camel)
        found, arguments = self._class(name, group)
        defaults: dict[str, Number] = {}
        for parameter in (p.name for p in found.constructor.parameters):
            if parameter.rstrip("_0123456789") in SETTINGS:
                values = Counter(given[parameter] for given in arguments)
                ones = [value for value in values if value == 1 or (isinstance(value, tuple) and set(value) == {1})]
                defaults[parameter] = ones[0] if ones else values.most_common(1)[0][0]
        self._defaults[name] = {parameter: expression(value) for parameter, value in defaults.items()}
        required = [p for p in found.constructor.parameters if p.name not in defaults]
        optional = [Parameter(parameter, value) for parameter, value in self._defaults[name].items()]
        constructor = replace(found.constructor, parameters=(*required, *optional))
        self.parts.append(replace(found, constructor=constructor))
        for instance, given in zip(group, arguments, strict=True):
            named = {p.name: given[p.name] for p in constructor.parameters}
            self._constructors[instance.region.scope] = call(name, **named)

    def _class(self, name: str, group: list[_Instance]) -> tuple[Class, list[dict[str, Number]]]:
        """The class that all instances of the group share, and for each instance the values of its parameters."""
        first = group[0]
        names = self._module.inner(self._inside)
        parameters: dict[tuple[Number, ...], str] = {}
        fields = []
        for i, f in enumerate(first.fields):
            skeletons = [skeleton(instance.fields[i].constructor) for instance in group]
            values: list[Expression] = []
            for j, role in enumerate(skeletons[0].roles):
                column: tuple[Number, ...] = tuple(s.numbers[j] for s in skeletons)
                if len(set(column)) > 1 and column not in parameters:
                    parameters[column] = names.variable(identifier(role))
                values.append(Name(parameters[column]) if len(set(column)) > 1 else expression(column[0]))
            made = brief(skeletons[0].fill(values), self._defaults)
            fields.append(Assignment((_own(f.target),), kernel("frozen", made) if f.frozen else made))

        def describe(shapes: Sequence[TensorShape]) -> str:
            dims = ["N"]
            for j, axis in enumerate(AXES[shapes[0].layout]):
                column: tuple[Number, ...] = tuple(s.dims[j] for s in shapes)
                known = len(set(column)) == 1 and column[0] != OPEN
                dims.append(str(column[0]) if known else parameters.get(column, axis))
            return f"({', '.join(dims)})"

        body: list[Line] = []
        if first.region.is_root and any(s.kind == "weights" for s in self._program.statements):
            body.append(Assignment((self._given,), self._handed_to_root()))
        assigned: list[Assignment] = []
        for i, branched in enumerate(first.lines):
            comment = ""
            if branched.shape is not None:
                comment = describe([s for instance in group if (s := instance.lines[i].shape) is not None])
            assigned.append(Assignment(tuple(map(Name, branched.targets)), branched.value, comment))
        body += in_branches(first.lines, assigned)
        body.append(Return(self._result(first)))
        shapes = [describe([instance.shapes[i] for instance in group]) for i in range(len(first.shapes))]
        cut = len(first.shapes) - len(first.result)
        doc = f"{', '.join(shapes[:cut])} → {', '.join(shapes[cut:])}"
        if first.region.holds:
            doc = f"The weights of `{first.region.callee}`."
        kind = self._root if first.region.is_root else Outermost(name)
        start = Evaluation(method(call("super"), "__init__", *kind.arguments))
        made_of = tuple(map(Parameter, parameters.values()))
        constructor = Function("__init__", made_of, (start, *fields, *first.prepared))
        forward = Function("forward", tuple(map(Parameter, first.arguments)), tuple(body))
        found = Class(name, doc, constructor, None if first.region.holds else forward, kind.base, kind.stays_frozen)
        return found, [{p: column[k] for column, p in parameters.items()} for k in range(len(group))]

    def _handed_to_root(self) -> Expression:
        """The decision weights of a mixture, or the path that a network holds or draws."""
        if self._program.path is None:
            return call("self.decision_weights")
        return call(dotted("self._drawn")) if self._program.path.drawn else dotted("self._path")

    def _result(self, instance: _Instance) -> tuple[Expression, ...]:
        """What a forward pass returns; that of a network with several outputs all of them in training alone."""
        if not instance.region.is_root or len(self._program.outputs) == 1:
            return tuple(instance.result)
        names = (Literal(name) for name, _ in self._program.outputs)
        every = Dictionary(tuple(zip(names, instance.result, strict=True)))
        return (Conditional(every, dotted("self.training"), instance.result[0]),)


def _own(path: str) -> Expression:
    """An attribute of ``self``; the path may have dots."""
    return dotted(f"{SELF.id}.{path}")
