"""Parameters that the blocks of extern operators do not state, counted in what their code makes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

from ...analysis.memo import once_per_graph
from ...diagnostics.externs import ExternDiffers, ExternNotLoaded
from ...diagnostics.model import SpaceError
from ...ir.graph import SpaceGraph
from ...ir.operation import Attributes, Cost, Extern, Primitive, TensorShape
from ...ops.attributes import shown
from ..lowering.externs import extern_class

BATCH = 2
METRIC = "params"


def measured(graph: SpaceGraph) -> SpaceGraph:
    """The same space, in which parameters of extern operators are known: where leave was given to load their code, it
    is loaded when the first of them is asked for, and an operator is built on torch's meta device, where nothing is
    computed. What is asked for then raises SpaceError where the code cannot be loaded, or fails.
    """
    if not graph.allow_extern or not graph.not_stated(METRIC):
        return graph
    return _measuring_graph(graph)


@once_per_graph
def _measuring_graph(graph: SpaceGraph) -> SpaceGraph:
    """One for each graph, so that what was one space stays one."""
    return replace(graph, externs={name: _measuring(primitive) for name, primitive in graph.externs.items()})


def built(extern: Extern, loaded: Any, shapes: tuple[TensorShape, ...], attrs: Attributes, stated: str) -> Any:
    """The module of one application, and what it gives for tensors of these shapes, on torch's meta device.

    Raises SpaceError where it fails; ``stated``: what its block says of the output.
    """
    import torch

    try:
        with torch.device("meta"):
            module = loaded(**attrs)
            inputs = [torch.empty(BATCH, *shape.dims) for shape in shapes]
        return module, module(*inputs)
    except Exception as error:  # the code of the user's may raise anything
        reason = f"raises {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
        words = ", ".join(f"{name} = {shown(value)}" for name, value in attrs.items())
        entering = " and ".join(map(str, shapes))
        found = ExternDiffers(extern.span, extern.name, extern.target, words, entering, "fails", stated, reason)
        raise SpaceError([found]) from error


def parameters(module: Any) -> int:
    """The learnt scalars of a module."""
    return sum(p.numel() for p in module.parameters())


def _measuring(primitive: Primitive) -> Primitive:
    """The operator with a rule of costs that counts parameters."""
    extern = primitive.extern
    if extern is None or METRIC not in extern.unknown:
        return primitive
    known: dict[Hashable, int] = {}

    def cost(inputs: tuple[TensorShape, ...], attrs: Attributes, output: TensorShape) -> Cost:
        key = (inputs, tuple((name, type(value), value) for name, value in attrs.items()))
        if key not in known:
            loaded = extern_class(extern)
            if isinstance(loaded, ExternNotLoaded):
                raise SpaceError([loaded])
            known[key] = parameters(built(extern, loaded, inputs, attrs, str(output))[0])
        stated = primitive.cost(inputs, attrs, output)
        return replace(stated, params=known[key], unknown=stated.unknown - {METRIC})

    return replace(primitive, cost=cost, extern=replace(extern, unknown=extern.unknown - {METRIC}))
