"""The costs of any architecture of a space, by sums and a longest path over its decisions: no network is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...diagnostics.model import SpaceError
from ...ir.collecting import uncollected
from ...ir.diagram import DiagramTooLarge
from ...ir.graph import SpaceGraph
from ..memo import once_per_graph
from .additive import AdditiveMetric, additive_cost, times_not_stated
from .longest_path import LongestPath, longest_path
from .of_architecture import Costs
from .sums import AdditiveSums

if TYPE_CHECKING:
    from ..diagrams.lookup import Column

_SUMMED: tuple[AdditiveMetric, ...] = ("params", "flops", "activations")
_FIGURES = (*_SUMMED, "depth")


class Formulas:
    """``unknown``: the figures that some extern operator does not state; the sums after those of costs say how many
    applications do not."""

    def __init__(self, sums: AdditiveSums, path: LongestPath, unknown: Sequence[str]) -> None:
        self._sums, self._path, self._unknown = sums, path, tuple(unknown)

    def of(self, answers: Sequence[int]) -> Costs:
        """The costs under answers to all variables of the space, by index."""
        params, flops, activations, *times = self._sums.of(answers)
        found = Costs(params, flops, self._path.of(answers), activations)
        return found if not any(times) else found.without(f for f, n in zip(self._unknown, times, strict=True) if n)

    def of_columns(self, answers: Column) -> list[Costs]:
        """The costs of many architectures (as :meth:`Lookup.of_columns`)."""
        params, flops, activations, *times = (column.tolist() for column in self._sums.of_columns(answers))
        depths = self._path.of_columns(answers).tolist()
        found = list(map(Costs, params, flops, depths, activations))
        for figure, counts in zip(self._unknown, times, strict=True):
            found = [own.without((figure,)) if n else own for own, n in zip(found, counts, strict=True)]
        return found


@once_per_graph
@uncollected()
def formulas(graph: SpaceGraph) -> Formulas | None:
    """None where a cost is no exact sum, or code of the user's, which counts parameters of an operator, fails for an
    architecture."""
    unknown = [figure for figure in _FIGURES if graph.not_stated(figure)]
    try:
        costs = [additive_cost(graph, metric) for metric in _SUMMED]
        costs += [times_not_stated(graph, figure) for figure in unknown]
        if not all(cost.exact for cost in costs):
            return None
        return Formulas(AdditiveSums(costs), longest_path(graph), unknown)
    except (DiagramTooLarge, SpaceError):
        return None
