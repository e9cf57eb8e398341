"""Computes every cell again in the backward pass, for networks whose activations do not fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ..ir.graph import Scope, SpaceGraph
from .base import Pass


def recompute_cells(graph: SpaceGraph) -> SpaceGraph:
    """Marks the cells that stand in no other cell."""

    def inside_cell(scope: Scope) -> bool:
        parent = graph.scopes[scope.parent] if scope.parent is not None else None
        return parent is not None and (parent.kind == "cell" or inside_cell(parent))

    scopes = tuple(
        replace(scope, recompute=True) if scope.kind == "cell" and not inside_cell(scope) else scope
        for scope in graph.scopes
    )
    return replace(graph, scopes=scopes)


EXAMPLE: Final = """stdsl 1

cell part on x = x -> conv(2, 3) -> choose {relu, gelu} as kind

cell whole on x {
  first = x -> part
  return first -> part -> relu
}

meta net on x: image(2, 4, 4) = x -> whole -> relu

space s = net
"""
PASS = Pass(
    "recompute_cells", "computes cells again in the backward pass", recompute_cells, optional=True, example=EXAMPLE
)
