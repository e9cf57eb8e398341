"""What spaces of one file have in common: a meta that is applied to the same plain values is elaborated once, however
many spaces narrow it by a `where` of their own."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from ...frontend import ast
from ...ir.builder import GraphBuilder
from ...ir.decisions import Decision
from ...ir.diagram import typed
from ...ir.graph import CostConstraint, DecisionConstraint, Node, Scope, SpaceGraph, TensorType
from ...ir.operation import Primitive
from ...record import record
from ..text.affected import names_in
from .arithmetic import is_plain
from .blocks import ListBuilder
from .context import Env
from .resized import rebound, resized
from .state.asking import Asking
from .state.state import State
from .values import Called, SetTemplate, Template, Tensor, Value


@record(eq=False)
class Built:
    """What a builder holds, before what nothing asks for goes."""

    nodes: list[Node]
    decisions: list[Decision]
    inputs: list[int]
    scopes: list[Scope]
    externs: dict[str, Primitive]

    @classmethod
    def of(cls, builder: GraphBuilder) -> Built:
        return cls(builder.nodes, builder.decisions, builder.inputs, builder.scopes, builder.externs)

    def copy(self) -> Built:
        return Built(
            self.nodes.copy(), self.decisions.copy(), self.inputs.copy(), self.scopes.copy(), self.externs.copy()
        )

    def put_back(self, state: State, declaration: ast.SpaceDecl, instance: Called, work: int, steps: float) -> None:
        """The state as it was then, for another space."""
        builder = state.builder
        builder.nodes, builder.decisions, builder.inputs = self.nodes, self.decisions, self.inputs
        builder.scopes, builder.externs = self.scopes, self.externs
        state.asking = Asking(state.diagrams, builder.nodes)
        state.mistakes.begin(declaration)
        state.applying[:] = [instance]
        state.way.clear()
        state.limits.work = work
        state.diagrams.steps = steps


@record(eq=False)
class Body:
    """A body as it is before any `where`, and the state that elaborated it. ``graph``: of the first of its spaces.
    ``own``: the constraints that the body itself brings. ``work``: what it took; ``steps``: what was left of them;
    ``met``: how often a decision was met."""

    state: State
    graph: SpaceGraph
    outputs: tuple[int, ...]
    own: tuple[DecisionConstraint, ...]
    work: int
    steps: float
    met: int
    built: Built

    def again(self, declaration: ast.SpaceDecl, instance: Called, work: int) -> State:
        """The state as it was when the body had been elaborated, for another space. ``work``: what went before."""
        self.built.put_back(self.state, declaration, instance, work + self.work, self.steps)
        return self.state

    def narrowed(
        self,
        declaration: ast.SpaceDecl,
        parameters: Sequence[tuple[str, Value]],
        where: Sequence[CostConstraint | DecisionConstraint],
        allow_extern: bool,
    ) -> SpaceGraph:
        """The graph of a space of this body."""
        return replace(
            self.graph,
            name=declaration.name.id,
            parameters=tuple(parameters),
            constraints=(*self.own, *where),
            span=declaration.name.span,
            allow_extern=allow_extern,
        )


@record(eq=False)
class Begun:
    """A body of which the statements are elaborated, and what it returns is not. ``instance``: the application that
    they were elaborated for; ``env``: what they bind; ``values``: that, as it was then. ``work``, ``steps``, ``met``:
    as of a :class:`Body`; ``variables``: how many there were; ``read``: the dimensions that they read."""

    state: State
    instance: Called
    env: Env
    values: dict[str, Value]
    work: int
    steps: float
    met: int
    variables: int
    built: Built
    read: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, state: State, instance: Called, env: Env, before: int) -> Begun | None:
        """What is elaborated so far, ``before`` being the work that went before; None where something was said of it,
        or where what is returned may decide something."""
        if instance.weights is not None or state.mistakes.told or any(state.mistakes.met) or state.refused:
            return None
        if not _straight(instance.template.declaration.body.result.value, env):
            return None
        built, met = Built.of(state.builder).copy(), len(state.decided.touched)
        work, variables = state.limits.work - before, len(state.diagrams.variables)
        read = tuple(dict.fromkeys(state.read))
        return cls(state, instance, env, env.values.copy(), work, state.diagrams.steps, met, variables, built, read)

    @property
    def intact(self) -> bool:
        """Whether nothing was decided since."""
        decided = self.state.decided
        return self.met == len(decided.touched) and self.variables == len(self.state.diagrams.variables)

    def changed(self, instance: Called) -> Mapping[str, Value] | None:
        """The parameters that have other values in an application; None where that is not known."""
        mine, others = _given(self.instance), _given(instance)
        if mine is None or others is None or mine.keys() != others.keys():
            return None
        changed = {name: value for name, (key, value) in others.items() if key != mine[name][0]}
        return None if any(isinstance(value, Template) for value in changed.values()) else changed

    def resized(self, instance: Called, changed: Mapping[str, Value]) -> Begun | None:
        """The same for an application of which ``changed`` is read in the types of the inputs alone; None where that
        is to be elaborated."""
        values = {**self.values, **changed}
        declaration = instance.template.declaration
        given = {p.name.id: values[p.name.id] for p in declaration.parameters}
        inputs: dict[int, TensorType] = {}
        for id, entry in zip(self.built.inputs, declaration.inputs or (), strict=True):
            type_ = _sized(entry, given, self.built.nodes[id].type)
            if type_ is None:
                return None
            inputs[id] = type_
        nodes = resized(self.state, self.built.nodes, inputs, self.read)
        if nodes is None:
            return None
        built = replace(self.built.copy(), nodes=nodes)
        return replace(self, instance=instance, values=rebound(values, nodes), built=built)

    def again(
        self, declaration: ast.SpaceDecl, instance: Called, changed: Mapping[str, Value], work: int
    ) -> tuple[State, Env]:
        """The state as it was after the statements, for another space, and what they bind. ``work``: what went
        before."""
        self.built.copy().put_back(self.state, declaration, instance, work + self.work, self.steps)
        self.state.refused.clear()
        return self.state, Env(self.env.module, self.env.context, {**self.values, **changed})


class Bodies:
    """The bodies that were elaborated without a word about them."""

    def __init__(self) -> None:
        self._found: dict[Hashable, Body] = {}
        self._begun: dict[Hashable, list[Begun]] = {}
        self._read: dict[int, tuple[frozenset[str], frozenset[str]]] = {}
        self._stiff: set[tuple[int, frozenset[str]]] = set()
        """Of those begun, by id, the parameters with which they were found to be others: that is tried once."""
        self.applications: dict[Hashable, Any] = {}
        """Of ops and cells, to be copied."""

    def of(self, instance: Called) -> Body | None:
        body = self._found.get(_key(instance))
        return body if body is not None and body.met == len(body.state.decided.touched) else None

    def keep(self, instance: Called, body: Body) -> None:
        key = _key(instance)
        # A `where` in which something is decided, which is a mistake, leaves that in the state.
        if key is not None and body.met == len(body.state.decided.touched):
            self._found[key] = body

    def begun(self, instance: Called) -> tuple[Begun, Mapping[str, Value]] | None:
        """A body that is another one only in what it returns, and the parameters that have other values there."""
        known = self._begun.get(_declared(instance.template), [])
        found = [(b, changed) for b in known if b.intact and (changed := b.changed(instance)) is not None]
        inside, entering = self._read_before(instance.template.declaration)
        for begun, changed in found:
            if changed.keys().isdisjoint(inside) and changed.keys().isdisjoint(entering):
                return begun, changed
        for begun, changed in found:
            key = (id(begun), frozenset(changed))
            if changed.keys().isdisjoint(inside) and key not in self._stiff:
                other = begun.resized(instance, changed)
                if other is not None:
                    known.append(other)
                    return other, {}
                self._stiff.add(key)
        return None

    def _read_before(self, meta: ast.OpDecl) -> tuple[frozenset[str], frozenset[str]]:
        """The names that are read before what the body returns: by its statements, and in the types of its inputs."""
        if id(meta) not in self._read:
            defaults = tuple(parameter.default for parameter in meta.parameters)
            texts = ((meta.body.statements, defaults), meta.inputs or ())
            inside, entering = (frozenset(name.id for name in names_in(text)) for text in texts)
            self._read[id(meta)] = inside, entering
        return self._read[id(meta)]

    def keep_begun(self, begun: Begun | None) -> None:
        if begun is not None:
            self._begun.setdefault(_declared(begun.instance.template), []).append(begun)


def _sized(entry: ast.Input, given: Mapping[str, Value], before: TensorType) -> TensorType | None:
    """The type of an input that is written with parameters and numbers; None where it is written otherwise, or where
    something may be wrong with it. ``given``: the values of the parameters."""
    if not isinstance(entry.type, ast.Call) or len(entry.type.arguments) != len(before.dims):
        return None
    dims = []
    for argument in entry.type.arguments:
        size = argument.value
        found = given.get(size.id) if isinstance(size, ast.Name) else getattr(size, "value", None)
        if type(found) is not int or found < 1:
            return None
        dims.append(found)
    return TensorType(before.layout, tuple(dims))


_STRAIGHT = (
    ast.Pipe,
    ast.Call,
    ast.Name,
    ast.Literal_,
    ast.Tuple,
    ast.List,
    ast.Unary,
    ast.Binary,
    ast.Attribute,
    ast.Set,
)


def _straight(expr: ast.Expr, env: Env) -> bool:
    """Whether an expression applies primitives to tensors, lists of them and numbers, whatever these are: there nothing
    is decided."""
    stack: list[Any] = [expr]
    while stack:
        node = stack.pop()
        if isinstance(node, tuple):
            stack.extend(node)
        elif isinstance(node, ast.Index) and isinstance(node.base, ast.Name) and not node.before:
            if not _whole(env.find(node.base.id)[1]):
                return False
            stack.append(node.index)
        elif isinstance(node, ast.Node):
            if isinstance(node, ast.Expr) and not isinstance(node, _STRAIGHT):
                return False
            if isinstance(node, ast.Name):
                found, value = env.find(node.id)
                declared = env.module.lookup(node.id) is not None
                if not (isinstance(value, Tensor) or is_plain(value)) if found else declared:
                    return False
            stack.extend(getattr(node, field.name) for field in fields(node) if field.name != "span")
    return True


def _whole(value: Value) -> bool:
    """Whether a value is a list of tensors that are there in all architectures, filled by statements."""
    if not isinstance(value, ListBuilder) or value.asks:
        return False
    return all(i.guard is True and not i.asks and isinstance(i.value, Tensor) for i in value.items)


def _key(instance: Called) -> Hashable:
    """Equal for applications of which everything comes out alike, whether a value is given or is the default of a
    parameter; None where they are never said to be."""
    given = _given(instance)
    if given is None:
        return None
    return (*_declared(instance.template), tuple([(name, key) for name, (key, _) in sorted(given.items())]))


def _given(instance: Called) -> dict[str, tuple[Hashable, Value]] | None:
    """The parameters that have a value or a plain default, each with what it has and what that is equal by; None where
    applications are never said to be equal."""
    if instance.weights is not None:
        return None
    parameters = instance.template.declaration.parameters
    values: dict[str, Value] = {}
    for parameter in parameters:
        default = parameter.default
        if isinstance(default, ast.Literal_):
            values[parameter.name.id] = default.value
        elif isinstance(default, ast.Name) and all(default.id != other.name.id for other in parameters):
            declaration, module = instance.template.module.lookup(default.id) or (None, None)
            if isinstance(declaration, ast.OpDecl) and module is not None:
                values[parameter.name.id] = Template(declaration, module, default.id, default.span)
            elif isinstance(declaration, ast.OpsDecl) and module is not None:
                values[parameter.name.id] = SetTemplate(declaration, module, default.span)
    found = {name: (_alike(value), value) for name, value in {**values, **instance.arguments}.items()}
    return None if any(key is None for key, _ in found.values()) else found


def _alike(value: Value) -> Hashable:
    """Equal for arguments that are the same, wherever they are written; None where they are never said to be."""
    if isinstance(value, Template):
        return _declared(value)
    if isinstance(value, SetTemplate) and not value.asks:
        return id(value.declaration), id(value.module)
    if value is None or isinstance(value, (bool, int, float, str, tuple)):
        return typed(value)
    return None


def _declared(template: Template) -> tuple[Hashable, ...]:
    return id(template.declaration), id(template.module), template.known_as
