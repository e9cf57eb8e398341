"""What must hold for every graph that leaves a pass."""

from __future__ import annotations

from ..ir.diagram import IMPOSSIBLE, leaves
from ..ir.graph import Node, SpaceGraph
from ..ops.registry import primitives_of

MERGED = frozenset({"mixture", "part", "interleave"})


class GraphInvalid(Exception):
    """A pass made a graph that is none: a fault of the compiler, never of its user."""


def verify(graph: SpaceGraph, after: str = "") -> None:
    """Raise GraphInvalid, naming the pass ``after``, unless ids count from 0, edges lead upwards, every node has as
    many edges as its kind takes, guards are conditions, scopes, decisions and primitives exist, and fixed shapes
    that meet are equal."""

    def demand(condition: bool, node: Node | None, what: str) -> None:
        if not condition:
            place = f"node {node.id} ({node.op or node.kind})" if node else "graph"
            raise GraphInvalid(f"{f'after {after}: ' if after else ''}{place}: {what}")

    primitives = primitives_of(graph)
    for place, node in enumerate(graph.nodes):
        demand(node.id == place, node, f"stands at place {place}")
        demand(0 <= node.scope < len(graph.scopes), node, f"has no scope {node.scope}")
        demand(node.decision is None or node.decision < len(graph.decisions), node, "has no such decision")
        for edge in node.edges:
            demand(0 <= edge.source < node.id, node, f"reads node {edge.source}")
            cases = leaves(edge.guard)
            demand(
                all(c is True or c is False or c is IMPOSSIBLE for c in cases), node, "has a guard that is no condition"
            )
        match node.kind:
            case "input":
                demand(not node.edges, node, "is an input with edges")
                demand(node.id in graph.inputs, node, "is not among the inputs")
            case "apply":
                demand(node.op in primitives, node, "is no primitive")
                demand(all(edge.guard is True for edge in node.edges), node, "applies to what may be absent")
            case "merged":
                demand(node.op in MERGED, node, "is no merged operation")
            case "gate":
                demand(len(node.edges) == 1, node, f"is a gate with {len(node.edges)} edges")
            case "switch":
                demand(len(node.edges) >= 1, node, "is a switch without edges")
        if node.kind in ("switch", "gate") or (node.kind == "reduce" and node.op in ("sum", "mean")):
            for edge in node.edges:
                equal = graph.nodes[edge.source].type.agrees(node.type)
                demand(equal, node, f"meets another shape in node {edge.source}")
    for name, id in graph.outputs:
        demand(0 <= id < len(graph.nodes), None, f"output {name} is no node")
    for id in graph.inputs:
        demand(graph.nodes[id].kind == "input", None, f"input {id} is none")
