"""Spaces of a text, and evaluating one architecture of them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import syntax as s
from .environment import Env, Thunk, bind, constant
from .files import File, read
from .operators import matched, parameters
from .places import root
from .primitives import ANY, Spec
from .runs import Decision, Made, Run, SpaceError, Unsupported
from .shapes import AXES, View
from .tensors import Node, demand
from .values import Declared, Tensor

DEEPEST = 30_000
"""How deep texts may be nested in each other, in calls of Python."""
MOST = 20_000
"""How much is remembered from one evaluation to the next."""


@dataclass(eq=False)
class Space:
    """A meta with its parameters filled in. ``parameters`` are those of the space, for `where`; ``body`` is what the
    meta binds."""

    outputs: dict[str, Thunk]
    inputs: dict[str, Thunk]
    body: Env
    parameters: Env
    where: tuple[s.Node, ...]
    file: File
    made: Made = field(default_factory=Made)


@dataclass
class Outcome:
    """One architecture: its answers by path, and its network or what is wrong with it."""

    answers: dict[str, Any]
    error: SpaceError | None = None
    outputs: dict[str, Node] = field(default_factory=dict)
    inputs: dict[str, Node] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)
    run: Run | None = None


def load(text: str, name: str | None = None, folder: Path | None = None, **given: Any) -> Space:
    """A space of a text; values of its parameters may be given."""
    file = read(text, folder or Path("."))
    spaces = [d for d in file.declared.values() if d.keyword == "space"]
    found = [d for d in spaces if name in (None, d.name)]
    if len(found) != 1:
        raise KeyError(name)
    return space_of(found[0], file, given)


def space_of(text: s.Declared, file: File, given: dict[str, Any]) -> Space:
    env = Env(file, root(), {})
    for parameter in text.parameters:
        if parameter.name in given:
            env.names[parameter.name] = constant(given[parameter.name])
        elif parameter.default is not None:
            env.names[parameter.name] = env.thunk(parameter.default)
        else:
            raise SpaceError("E0210", f"{text.name} needs {parameter.name}")
    call = text.result
    what, arguments = (call.what, call.arguments) if isinstance(call, s.Call) else (call, ())
    if not isinstance(what, s.Name):
        raise Unsupported("a space of something else than a meta")
    meta = env.lookup(what.name)
    if not isinstance(meta, Declared):
        raise SpaceError("E0209", f"{what.name} is no meta")
    if meta.text.keyword == "space":
        matched([p.name for p in meta.text.parameters], arguments)
        raise Unsupported("a space of a space")
    return filled(meta, arguments, env, text)


def filled(meta: Declared, arguments: Any, around: Env, text: s.Declared) -> Space:
    env = Env(meta.file, root(), {})
    given = Declared(meta.text, meta.file, meta.called_as, arguments, around)
    parameters(given, env, None)
    inputs = {}
    for i in meta.text.inputs:
        inputs[i.name] = env.names[i.name] = constant(input_tensor(i, env))
    bind(meta.text.statements, env)
    result = meta.text.result
    if isinstance(result, s.SetOf):
        outputs = {}
        for name, item in result.items:
            label = name or getattr(item, "name", "output")
            outputs[label] = env.child(env.place.at(label)).thunk(item)
    else:
        outputs = {"output": env.thunk(result)}
    return Space(outputs, inputs, env, around, text.where, around.file)


def input_tensor(given: s.Input, env: Env) -> Tensor:
    if not isinstance(given.type, s.Call) or not isinstance(given.type.what, s.Name):
        raise SpaceError("E0231", "an input has a type")
    layout = given.type.what.name
    if layout not in AXES or len(given.type.arguments) != len(AXES[layout]):
        raise SpaceError("E0231", f"{layout} is no type of an input")
    sizes = {axis: env.thunk(a) for axis, (_, a) in zip(AXES[layout], given.type.arguments, strict=True)}

    def shape(view: View, axis: str) -> Any:
        return layout if axis == "layout" else view.parameter(axis)

    return Tensor(Spec("input", {}, ANY, shape, arity=0), dict(sizes), [])


def outcome(space: Space, decide: Callable[[Decision], Any]) -> Outcome:
    """Evaluates all outputs under a decider."""
    if len(space.made) > MOST:
        space.made.clear()
    run = Run(decide, made=space.made)
    deepest = sys.getrecursionlimit()
    sys.setrecursionlimit(max(deepest, DEEPEST))
    found = Outcome({}, run=run)
    try:
        for name, thunk in space.outputs.items():
            if not isinstance(thunk.force(run), Tensor):
                raise SpaceError("E0214", f"{name} is no tensor")
            found.outputs[name] = demand(thunk, run)
        for name, thunk in space.inputs.items():
            found.inputs[name] = demand(thunk, run)
    except SpaceError as error:
        found.error = error
    except RecursionError:
        found.error = SpaceError("E0223", "it refers to itself")
    finally:
        sys.setrecursionlimit(deepest)
    found.decisions = list(run.asked.values())
    for decision in found.decisions:
        if decision.path in found.answers:
            found.error = SpaceError("E0301", decision.path)
        found.answers[decision.path] = run.answers[decision.key]
    return found
