"""Holding extern operators to their blocks: built on torch's meta device, where nothing is computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from ...diagnostics.externs import ExternDiffers, ExternNotLoaded
from ...diagnostics.model import Diagnostic, SpaceError
from ...ir.diagram import leaves
from ...ir.graph import Node, SpaceGraph
from ...ir.operation import Attributes, Extern, Primitive, TensorShape
from ...ops.attributes import shown
from ..lowering.externs import extern_class
from .extern_measure import BATCH, built, parameters

CASES = 64
"""So many cases of the shapes and attributes of one node are tried, where they depend on decisions."""


def verify_externs(graph: SpaceGraph) -> tuple[Diagnostic, ...]:
    """What is wrong with the code of the extern operators of a graph, loaded whether the graph permits it or not."""
    found: list[Diagnostic] = []
    for name, primitive in graph.externs.items():
        extern = primitive.extern
        assert extern is not None
        loaded = extern_class(extern)
        if isinstance(loaded, ExternNotLoaded):
            found.append(loaded)
            continue
        seen = set()
        for node in graph.nodes:
            if node.kind != "apply" or node.op != name:
                continue
            for shapes, attrs in islice(_cases(graph, node), CASES):
                key = (shapes, tuple((type(v), v) for v in attrs.values()))
                if key not in seen:
                    seen.add(key)
                    found += _compare(primitive, extern, loaded, node, shapes, attrs)
    return tuple(found)


def _cases(graph: SpaceGraph, node: Node) -> Iterator[tuple[tuple[TensorShape, ...], Attributes]]:
    """The shapes that enter a node and its attributes, for all decisions."""
    types = [graph.nodes[e.source].type for e in node.edges]
    names = [name for name, _ in node.attrs]
    together = graph.diagrams.apply(
        lambda *v: v, *(case for _, case in node.attrs), *(d for t in types for d in t.dims)
    )
    for case in leaves(together):
        rest = iter(case)
        attrs = {name: next(rest) for name in names}
        yield tuple(TensorShape(t.layout, tuple(next(rest) for _ in t.dims)) for t in types), attrs


def _compare(
    primitive: Primitive, extern: Extern, loaded: Any, node: Node, shapes: tuple[TensorShape, ...], attrs: Attributes
) -> Iterator[Diagnostic]:
    import torch

    out = primitive.shape(shapes, attrs)
    words = ", ".join(f"{name} = {shown(value)}" for name, value in attrs.items())
    entering = " and ".join(map(str, shapes))

    def differs(what: str, stated: str, found: str) -> ExternDiffers:
        return ExternDiffers(extern.span, extern.name, extern.target, words, entering, what, stated, found, node.span)

    try:
        module, result = built(extern, loaded, shapes, attrs, str(out))
    except SpaceError as error:
        for fault in error.diagnostics:
            assert isinstance(fault, ExternDiffers)
            yield replace(fault, applied=node.span)
        return
    if not isinstance(result, torch.Tensor):
        yield differs("gives no tensor", str(out), f"gives {type(result).__name__}")
    elif tuple(result.shape) != (BATCH, *out.dims):
        given = f"({', '.join(map(str, result.shape[1:]))})"
        stated = f"({', '.join(map(str, out.dims))})"
        kept = "" if result.shape[:1] == (BATCH,) else ", and another batch"
        yield differs("has an output of another shape", stated, f"{given}{kept}")
    params = parameters(module)
    stated_params = primitive.cost(shapes, attrs, out).params
    if "params" not in extern.unknown and params != stated_params:
        yield differs("has another number of parameters", str(stated_params), str(params))
