"""What families say of the soft costs among their objectives: costs that are not known, or not exactly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..diagnostics.externs import UnknownCost
from ..diagnostics.model import Diagnostic
from ..diagnostics.settings import listed
from ..ir.graph import SpaceGraph
from ..schemas.base import Placed
from ..schemas.objectives import Objective
from .family import cannot_run_yet
from .registry import those


def unstated_costs(settings: Placed, objectives: Sequence[Objective], graph: SpaceGraph) -> Iterator[Diagnostic]:
    """A diagnostic for every operator of the user's that does not state a cost which an objective is of."""
    for term in objectives:
        if term.kind == "cost":
            place = settings.place("objectives") or graph.span
            for extern in graph.not_stated(term.of):
                yield UnknownCost(place, term.of, extern.name, extern.span)


def cost_limits(settings: Placed, objectives: Sequence[Objective]) -> Iterator[Diagnostic]:
    """A diagnostic for every soft cost that this version has no mean of."""
    for term in objectives:
        if term.kind == "cost" and term.of == "depth":
            yield cannot_run_yet(settings, "objectives", "a soft cost of the depth", "bound it with `where` instead")


def drop_limits(settings: Placed, objectives: Sequence[Objective], searched: str) -> Iterator[Diagnostic]:
    """A diagnostic for every objective about probabilities of dropping units, which are learnt in other searches than
    those that ``searched`` describes."""
    for term in objectives:
        if term.kind == "kl_drop_path":
            instead = f"use a strategy of the family {listed(those('drops'), ' or ')}"
            yield cannot_run_yet(settings, "objectives", f"the objective `{term.kind}` {searched}", instead)


def cost_limits_in(settings: Placed, objectives: Sequence[Objective], graph: SpaceGraph) -> Iterator[Diagnostic]:
    """A diagnostic for every soft cost that is known within bounds only."""
    from ..analysis.costs.additive import additive_cost

    for term in objectives:
        if term.kind == "cost" and term.of != "depth" and not additive_cost(graph, term.of).exact:
            what = f"a soft cost of {term.of} in this space, whose mean is not known exactly"
            yield cannot_run_yet(settings, "objectives", what, "bound it with `where` instead")
