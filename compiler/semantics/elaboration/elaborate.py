"""From a space declaration to its graph."""

from __future__ import annotations

import gc
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ...diagnostics.calls import BadInputType, MissingArgument, NoInputs
from ...diagnostics.decisions import NothingToChoose
from ...diagnostics.externs import UnknownCost
from ...diagnostics.model import Diagnostic, Sink
from ...diagnostics.names import WrongKindOfName
from ...diagnostics.source import Span
from ...diagnostics.values import DiagramLimit, WrongType
from ...frontend import ast
from ...frontend.stack import deep_stack, room_for
from ...ir.diagram import STEP_LIMIT, DiagramTooLarge, Guard, TooManySteps
from ...ir.graph import CostConstraint, DecisionConstraint, SpaceGraph, TensorType
from ...ir.operation import Layout
from ...record import record
from ..modules import Module
from ..signatures import bind, declared_signature
from ..text.affected import concern
from ..text.made_of import made_of
from . import blocks, expressions, instances, where
from .arithmetic import whole_advice
from .bodies import Begun, Bodies, Body, Built
from .context import Context, Env
from .faults import demanded, report_faults
from .pruning import pruned
from .state.limits import Abandoned
from .state.state import State
from .values import ERROR, Called, NamedTuple_, Template, Tensor, Value, kind_of

_INPUTS: Mapping[str, tuple[Layout, tuple[str, ...]]] = {
    "image": ("image", ("C", "H", "W")),
    "clip": ("clip", ("C", "T", "H", "W")),
    "tokens": ("tokens", ("N", "C")),
    "features": ("features", ("C",)),
}


@dataclass(frozen=True, eq=False)
class SpaceReference:
    """A space by its declaration, with arguments (plain values). ``places``: where arguments are named, if not at
    ``span``."""

    declaration: ast.SpaceDecl
    module: Module
    arguments: Mapping[str, Any]
    span: Span
    places: Mapping[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Faulty:
    """The graph of a space with errors, good for nothing but asking which decisions are active; and the errors that
    some architectures show, each with the condition for that."""

    graph: SpaceGraph
    faults: tuple[tuple[Diagnostic, Guard], ...]


def elaborate_faulty(reference: SpaceReference, sink: Sink) -> Faulty | None:
    """What is known of a space that has errors in some architectures; None where it has none, or others as well that
    leave no graph."""
    found: list[Faulty] = []
    elaborate(reference, sink, found)
    return found[0] if found else None


def elaborate(
    reference: SpaceReference,
    sink: Sink,
    faulty: list[Faulty] | None = None,
    mistakes: Sequence[Diagnostic] | None = None,
    bodies: Bodies | None = None,
) -> SpaceGraph | None:
    """The graph of a space, or None when there are errors in what it is made of (in the sink); then what is known of it
    goes to ``faulty``.

    ``mistakes``: those that were found in texts before, all errors in the sink unless given. ``bodies``: of the spaces
    that were elaborated before with this sink.
    """
    state = State(sink, bodies.applications if bodies is not None else None)
    collecting = gc.isenabled()
    gc.disable()  # nearly all that is made here stays, and looking through it took a quarter of the time
    try:
        with deep_stack():
            graph = None
            begun = _begun(state, reference)
            if begun is not None:
                found = sink.errors if mistakes is None else mistakes
                body = bodies.of(begun.instance) if bodies is not None and not state.mistakes.told else None
                other = bodies.begun(begun.instance) if bodies is not None and not state.mistakes.told else None
                before = state.limits.work
                if body is not None:
                    state = body.again(reference.declaration, begun.instance, before)
                    graph = _narrowed(state, reference, begun, body, found)
                elif other is not None:
                    state, inside = other[0].again(reference.declaration, begun.instance, other[1], before)
                    result = blocks.returned(state, begun.instance.template.declaration.body, inside)
                    graph = _returned(state, reference, begun, result, faulty, found, bodies, before)
                else:
                    graph = _elaborate(state, reference, begun, faulty, found, bodies)
        # What is computed of the space walks through diagrams, which are as deep as there are variables.
        room_for(len(state.diagrams.variables))
        # What is wrong without a word would be a mistake of the compiler's.
        assert graph is not None or sink.errors, f"space {reference.declaration.name.id} failed silently"
        return graph
    except Abandoned:
        return None
    except DiagramTooLarge as error:
        state.report(DiagramLimit(reference.span, "what this space asks for", isinstance(error, TooManySteps)))
        return None
    finally:
        state.mistakes.settle()
        sink.witnessed((d for d, _ in (*state.mistakes.happened, *state.mistakes.at_once)), state.mistakes.showable)
        state.diagrams.steps = math.inf
        if collecting:
            gc.enable()


@record(eq=False)
class _Applied:
    """A space whose meta and arguments are known. ``env``: what `where` sees."""

    env: Env
    parameters: Mapping[str, Value]
    instance: Called


def _begun(state: State, reference: SpaceReference) -> _Applied | None:
    declaration = reference.declaration
    root = Context("", "", state.token("meta"), (state.token("meta"), "", ()), 0)
    env = Env(reference.module, root)
    parameters = bind_parameters(
        state, declaration.name.id, declaration.parameters, declaration.name.span, reference, env
    )
    if parameters is None:
        return None
    env.values.update(parameters)
    instance = _instance(state, declaration, env)
    if instance is None:
        where.check_costs(state, declaration, env)
        return None
    return _Applied(env, parameters, instance)


def _narrowed(
    state: State, reference: SpaceReference, begun: _Applied, body: Body, mistakes: Sequence[Diagnostic]
) -> SpaceGraph | None:
    """The graph of a space whose body is known."""
    declaration = reference.declaration
    conditions = _constraints(state, declaration, begun.env, body.outputs)
    if state.mistakes.reported or concern(declaration, reference.module, mistakes):
        state.mistakes.showable = True
        return None
    parameters = tuple(begun.parameters.items())
    return _stated(state, body.narrowed(declaration, parameters, conditions, reference.module.allow_extern))


def _elaborate(
    state: State,
    reference: SpaceReference,
    begun: _Applied,
    faulty: list[Faulty] | None,
    mistakes: Sequence[Diagnostic],
    bodies: Bodies | None,
) -> SpaceGraph | None:
    declaration, env, instance, before = reference.declaration, begun.env, begun.instance, state.limits.work
    state.mistakes.space = declaration
    state.applying.append(instance)
    meta = instance.template.declaration
    name = meta.name.id
    scope = state.builder.scope(None, "", name, "meta", "", meta.name.span, instance.weights)
    inside = Env(instance.template.module, replace(env.context, scope=scope))
    bound = bind_meta(state, instance, inside)
    if not bound or not _inputs(state, meta, inside, scope):
        where.check_costs(state, declaration, env)
        return None

    def between() -> None:
        if bodies is not None:
            bodies.keep_begun(Begun.of(state, instance, inside, before))

    result = blocks.run_block(state, meta.body, inside, between=between)
    return _returned(state, reference, begun, result, faulty, mistakes, bodies, before)


def _returned(
    state: State,
    reference: SpaceReference,
    begun: _Applied,
    result: Value,
    faulty: list[Faulty] | None,
    mistakes: Sequence[Diagnostic],
    bodies: Bodies | None,
    before: int,
) -> SpaceGraph | None:
    """The graph of a space by what its body returns. ``before``: the work that went before the body."""
    declaration, env, instance = reference.declaration, begun.env, begun.instance
    meta = instance.template.declaration
    name = meta.name.id
    outputs = _outputs(state, meta, result)
    if outputs is None:
        where.check_costs(state, declaration, env)
        return None
    ids = tuple([t.node for _, t in outputs])
    own, work, steps = tuple(state.decided.constraints), state.limits.work - before, state.diagrams.steps
    plain = not state.mistakes.told and not any(state.mistakes.met)
    met, built = len(state.decided.touched), Built.of(state.builder)
    conditions = _constraints(state, declaration, env, ids)
    state.diagrams.steps = STEP_LIMIT  # which of the mistakes can happen is another question
    report_faults(state, ids, conditions)
    constraints = (*state.decided.constraints, *conditions)
    if state.mistakes.reported or concern(declaration, reference.module, mistakes):
        state.mistakes.showable = True
        if faulty is not None and (state.mistakes.happened or state.mistakes.at_once):
            graph = _pruned(state, reference, outputs, begun.parameters, constraints, name)
            shown = demanded(state, state.mistakes.at_once, ids)
            faulty.append(Faulty(graph, (*state.mistakes.happened, *shown)))
        return None
    graph = _pruned(state, reference, outputs, begun.parameters, constraints, name)
    if bodies is not None and plain:
        bodies.keep(instance, Body(state, graph, ids, own, work, steps, met, built))
    return _stated(state, graph)


def _stated(state: State, graph: SpaceGraph) -> SpaceGraph | None:
    """The graph; None with diagnostics where it bounds costs that are not known."""
    unknown = _unknown_costs(graph)
    for diagnostic in unknown:
        state.report(diagnostic)
    return None if unknown else graph


def _constraints(
    state: State, declaration: ast.SpaceDecl, env: Env, outputs: Sequence[int]
) -> tuple[CostConstraint | DecisionConstraint, ...]:
    """What `where` says. A mistake in that is none that `where` could exclude."""
    met, state.mistakes.unsettled = state.mistakes.unsettled, []
    found = where.collect(state, declaration, env, outputs)
    state.mistakes.settle()
    state.mistakes.unsettled = met
    return found


def _unknown_costs(graph: SpaceGraph) -> list[UnknownCost]:
    """A diagnostic for every constraint over a cost that some extern operator of the graph does not state."""
    return [
        UnknownCost(constraint.span, constraint.metric, extern.name, extern.span)
        for constraint in graph.constraints
        if isinstance(constraint, CostConstraint)
        for extern in graph.not_stated(constraint.metric)
    ]


def bind_parameters(
    state: State,
    name: str,
    parameters: Sequence[ast.Parameter],
    declared: Span,
    reference: SpaceReference,
    env: Env,
) -> dict[str, Value] | None:
    """The values of a space's parameters: given ones, else defaults."""
    signature = declared_signature(name, parameters, declared)
    given = [(key, value, reference.places.get(key, reference.span)) for key, value in reference.arguments.items()]
    bound = bind(signature, given, reference.span, lambda d: state.report(_from_outside(d, reference)))
    if bound is None:
        return None
    values: dict[str, Value] = {}
    for parameter in parameters:
        key = parameter.name.id
        if key in bound:
            values[key] = bound[key]
        else:
            assert parameter.default is not None
            values[key] = expressions.evaluate(state, parameter.default, Env(env.module, env.context, dict(values)))
        if values[key] is ERROR:
            return None
    return values


def _from_outside(diagnostic: Diagnostic, reference: SpaceReference) -> Diagnostic:
    """A parameter without a value, where a command or a call names the space."""
    if not isinstance(diagnostic, MissingArgument) or reference.span != reference.declaration.name.span:
        return diagnostic
    options = " ".join(f"-p {name}=…" for name in diagnostic.parameters)
    defaults = ", ".join(f"{name} = …" for name in diagnostic.parameters)
    advice = f"give `{options}`, or a default: `space {diagnostic.callee}({defaults})`"
    return replace(diagnostic, advice=advice)


def _instance(state: State, declaration: ast.SpaceDecl, env: Env) -> Called | None:
    callee = declaration.value.callee if isinstance(declaration.value, ast.Call) else declaration.value
    own = {parameter.name.id for parameter in declaration.parameters}
    named = env.module.lookup(callee.id) if isinstance(callee, ast.Name) and callee.id not in own else None
    if named is not None and isinstance(named[0], ast.SpaceDecl):
        state.report(
            WrongKindOfName(callee.span, named[0].name.id, "a space", "a meta", made_of(named[0], named[1], env.module))
        )
        return None
    value = expressions.evaluate(state, declaration.value, env)
    if value is ERROR:
        return None
    if isinstance(value, Template):
        value = Called(value, {}, env.context, declaration.value.span)
    if isinstance(value, Called) and value.template.declaration.kind == "meta":
        return value
    if isinstance(value, Called):
        shown = value.template.declaration
        kind = "a cell" if shown.kind == "cell" else "an op"
        state.report(WrongKindOfName(declaration.value.span, shown.name.id, kind, "a meta"))
    elif isinstance(value, ast.Declaration):
        state.report(WrongKindOfName(declaration.value.span, value.name.id, kind_of(value), "a meta"))
    else:
        state.report(WrongType(declaration.value.span, "a space", "an instance of a meta", kind_of(value)))
    return None


def bind_meta(state: State, instance: Called, env: Env) -> bool:
    """Binds the parameters of a meta."""
    meta = instance.template.declaration
    if not meta.inputs:
        state.report(NoInputs(meta.name.span, meta.name.id))
        return False
    for parameter in instance.template.declaration.parameters:
        key = parameter.name.id
        if key in instance.arguments:
            env.values[key] = instance.arguments[key]
        elif parameter.default is not None:
            env.values[key] = expressions.evaluate(state, parameter.default, env)
        else:
            instances.report_missing(state, meta, instance.arguments, instance.span)
            return False
        if env.values[key] is ERROR:
            return False
    return True


def _inputs(state: State, meta: ast.OpDecl, env: Env, scope: int) -> bool:
    fine = True
    if not meta.inputs:
        state.report(NoInputs(meta.name.span, meta.name.id))
        return False
    for entry in meta.inputs:
        type = input_type(state, entry, env)
        if type is None:
            fine = False
            continue
        node = state.builder.input(entry.name.id, type, scope, entry.span)
        env.values[entry.name.id] = Tensor(node, type)
    return fine


def input_type(state: State, entry: ast.Input, env: Env) -> TensorType | None:
    """The type of a meta's input, `clip(3, 32, 176, 176)`."""
    expr = entry.type
    known = tuple(f"{name}({', '.join(axes)})" for name, (_, axes) in _INPUTS.items())
    if not isinstance(expr, ast.Call) or not isinstance(expr.callee, ast.Name) or expr.callee.id not in _INPUTS:
        place = expr.span if expr is not None else entry.span
        reason = (
            f"`{place.text}` is no type of an input" if expr is not None else f"input `{entry.name.id}` has no type"
        )
        state.report(BadInputType(place, reason, known))
        return None
    layout, axes = _INPUTS[expr.callee.id]
    values = [expressions.evaluate(state, a.value, env) for a in expr.arguments]
    if any(v is ERROR for v in values):
        return None
    shape = f"{layout}({', '.join(axes)})"
    if any(a.name is not None for a in expr.arguments):
        state.report(BadInputType(expr.span, "the sizes of an input have no names", (shape,)))
        return None
    if len(values) != len(axes):
        reason = f"{layout} takes {len(axes)} sizes, but {len(values)} are given"
        state.report(BadInputType(expr.span, reason, (shape,)))
        return None
    for argument, axis, value in zip(expr.arguments, axes, values, strict=True):
        if type(value) is not int or value < 1:
            shown = str(value) if isinstance(value, (int, float)) else kind_of(value)
            reason = f"{axis} of {shape} is a whole number of at least 1, not {shown}"
            advice = whole_advice(argument.span) if isinstance(value, float) else None
            state.report(BadInputType(argument.span, reason, (shape,), advice))
            return None
    return TensorType(layout, tuple(values))


def _outputs(state: State, meta: ast.OpDecl, result: Value) -> list[tuple[str, Tensor]] | None:
    place = meta.body.result.value.span
    if result is ERROR:
        report_faults(state, None)
        return None
    named = list(result.items) if isinstance(result, NamedTuple_) else [("output", result)]
    outputs: list[tuple[str, Tensor]] = []
    for name, value in named:
        if not isinstance(value, Tensor):
            state.report(WrongType(place, f"what meta `{meta.name.id}` returns", "a tensor", kind_of(value)))
            return None
        outputs.append((name, value))
    if not outputs:
        state.report(NothingToChoose(place, "a meta returns at least one tensor"))
        return None
    return outputs


def _pruned(
    state: State,
    reference: SpaceReference,
    outputs: Sequence[tuple[str, Tensor]],
    parameters: Mapping[str, Value],
    where: Sequence[Any],
    meta: str,
) -> SpaceGraph:
    """The graph without what no output can demand; ids stay in order."""
    new = pruned(state.builder, [tensor.node for _, tensor in outputs])
    return state.builder.finish(
        reference.declaration.name.id,
        [(name, new[t.node]) for name, t in outputs],
        reference.declaration.name.span,
        tuple(parameters.items()),
        where,
        meta,
        reference.module.allow_extern,
    )
