"""Lowers one architecture's network to the statements of a discrete module."""

from __future__ import annotations

from collections.abc import Callable

from ...ir.graph import SpaceGraph
from ...ir.names import Names, identifier
from ...ir.network import Layer, Network
from ...ir.operation import Attributes, TensorShape
from ...ops.torch.emission import Emission
from ...ops.torch.expressions import Slot, call
from ...ops.torch.lowering import APPLIED, reduce_call
from ...ops.torch.lowering import emit as emit_primitive
from ..codegen.program import Program, Statement
from ..networks import drop_paths
from .externs import Externs
from .layouts import plain_layouts

Emit = Callable[[str, tuple[TensorShape, ...], Attributes, TensorShape], Emission]

REDUCES = {"sum": "total", "mean": "average", "concat": "joined"}
"""What the result of a reduce is called in generated code."""


def lower_network(graph: SpaceGraph, network: Network, emit: Emit = emit_primitive) -> Program:
    """The statements of ``network``, which is an architecture of ``graph``: modules are named after the nodes of
    the graph."""
    names = Names(graph)
    externs = Externs(graph, emit)
    statements: list[Statement] = []
    layers: dict[str, None] = {}
    for layer in network.layers:
        statement, used = _statement(layer, network, names, graph, externs.emit)
        statements.append(statement)
        layers.update(dict.fromkeys(used))
    return plain_layouts(
        Program(
            tuple(statements),
            network.inputs,
            network.outputs,
            graph.scopes,
            names.scopes,
            tuple(layers),
            externs.imports,
        )
    )


def _statement(
    layer: Layer, network: Network, names: Names, graph: SpaceGraph, emit: Emit
) -> tuple[Statement, tuple[str, ...]]:
    if layer.op == "input":
        name = identifier(layer.attrs["name"])
        return Statement(layer.id, name, layer.scope, (), None, layer.shape), ()
    if layer.op in REDUCES:
        reduced = reduce_call(layer.op, list(map(Slot, range(len(layer.inputs)))), layer.shape)
        return Statement(layer.id, REDUCES[layer.op], layer.scope, layer.inputs, reduced, layer.shape), ()
    if layer.op == drop_paths.OP:
        name = names.further(layer.scope, f"{layer.op}_{names.nodes[layer.node]}_{layer.attrs['number']}")
        dropped = Statement(layer.id, name, layer.scope, layer.inputs, APPLIED, layer.shape, call("DropPath"))
        return dropped, ("DropPath",)
    emission = emit(layer.op, tuple(network.layers[i].shape for i in layer.inputs), layer.attrs, layer.shape)
    name = names.local(graph.nodes[layer.node], layer.attrs) if emission.module is not None else identifier(layer.op)
    statement = Statement(
        layer.id,
        name,
        layer.scope,
        layer.inputs,
        emission.call,
        layer.shape,
        emission.module,
        layer.frozen,
    )
    return statement, emission.layers
