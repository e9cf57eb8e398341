"""Takes decisions out of a space graph: what they leave out is gone, what they leave is there for certain.

A search that fixes its decisions one after the other (SDAS) lowers the graph that this gives, so that the network
really shrinks. The names of weights stay those of the whole space.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from ..ir.diagram import Diagram
from ..ir.graph import Node, SpaceGraph, TensorType
from .base import Rewriter
from .drop_unreachable import drop_unreachable
from .expand_numbers import expand_numbers
from .name_weights import name_weights
from .plain_norms import plain_norms


def settled_names(graph: SpaceGraph, affine: bool = True) -> SpaceGraph:
    """``graph`` with the names of its weights settled, and which norms have a scale (``affine``: all), so that nothing
    that is fixed later changes them."""
    graph = name_weights(graph)
    return expand_numbers(graph if affine else plain_norms(graph))


def fix_decisions(graph: SpaceGraph, answers: Mapping[int, int], settled: Collection[int]) -> SpaceGraph:
    """``graph`` when variables have these answers (variable index → answer).

    ``settled``: ids of the decisions behind them, and of sites, whose elements from now on all weigh one. The graph is
    for lowering: what a constraint says about a decision that is settled is not looked at again. Fixing step by step
    gives the same as fixing at once.
    """
    base = graph if all(n.key for n in graph.nodes if n.kind == "apply") else settled_names(graph)
    rewriter = Rewriter(base)
    for node in base.nodes:
        rewriter.copy(node, **_changes(base, node, answers, settled, rewriter))
    return drop_unreachable(rewriter.finish())


def _changes(
    graph: SpaceGraph, node: Node, answers: Mapping[int, int], settled: Collection[int], rewriter: Rewriter
) -> dict[str, Any]:
    restrict = graph.diagrams.restrict
    edges = [replace(edge, guard=restrict(edge.guard, answers)) for edge in node.edges]
    changes: dict[str, Any] = {"edges": rewriter.edges([edge for edge in edges if edge.guard is not False])}
    if node.kind == "gate" and not changes["edges"]:
        changes |= {"kind": "reduce", "op": "sum"}  # a gate that is off: a sum of none
    if node.decision in settled:
        changes["decision"] = None
    if any(type(case) is Diagram for _, case in node.attrs):
        changes["attrs"] = tuple((name, restrict(case, answers)) for name, case in node.attrs)
    if not node.type.fixed:
        changes["type"] = TensorType(node.type.layout, tuple(restrict(d, answers) for d in node.type.dims))
    if node.asks:
        asks = [replace(ask, guard=restrict(ask.guard, answers)) for ask in node.asks if ask.decision not in settled]
        changes["asks"] = tuple(ask for ask in asks if ask.guard is not False)
    return changes
