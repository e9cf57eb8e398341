"""Which answers are allowed, as functions to add to a cost: 0 where they are, infinite where they are not."""

from __future__ import annotations

from ..ir.diagram import Case, Diagram
from ..ir.graph import DecisionConstraint, SpaceGraph
from ..ops.registry import primitives_of
from .conditions import Conditions
from .diagrams.elimination import INFINITE
from .memo import once_per_graph


@once_per_graph
def validity(graph: SpaceGraph) -> tuple[list[Case], bool]:
    """A function per keep and per constraint over decisions, and whether they say all (False: some had to be left out).

    A decision that is not active has some allowed answer all the same, and binds no constraint.
    """
    penalties: list[Case] = [_penalty(graph, d.valid) for d in graph.open if d.kind == "keep"]
    constraints = [c for c in graph.constraints if isinstance(c, DecisionConstraint)]
    complete = True
    if constraints:
        conditions = Conditions(graph, primitives_of(graph), live=False)
        for constraint in constraints:
            binding = [conditions.active(id) for id in sorted(constraint.needs)]
            if any(b is None for b in binding):
                complete = False
                continue
            active = graph.diagrams.all(b for b in binding if b is not None)
            penalties.append(
                _penalty(graph, graph.diagrams.either(graph.diagrams.negate(active), constraint.condition))
            )
    return [p for p in penalties if isinstance(p, Diagram) or p != 0], complete


def _penalty(graph: SpaceGraph, allowed: Case) -> Case:
    return graph.diagrams.ite(allowed, 0, INFINITE)
