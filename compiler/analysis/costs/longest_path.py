"""The depth of every architecture of a space as a short programme of sums and maxima of small functions.

The depth at a node is its own layers plus the greatest depth on an edge that holds. Chains, and choices between chains
that begin at one place, become one function of their decisions, so that what is left of a graph of thousands of nodes
are the places where paths of different beginnings meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, inner_nodes, leaves
from ...ir.graph import Edge, Node, SpaceGraph
from ...record import record
from ..diagrams.lookup import EXACT, Lookup
from ..memo import once_per_graph
from .depth import layers_of_nodes

if TYPE_CHECKING:
    from ..diagrams.lookup import Column

SMALL = 12
"""What begins at one place becomes one function while that has at most so many inner nodes."""

BEGIN = 0
"""The place before all nodes, where the depth is 0."""


@record
class Stretch:
    """The depth at an earlier place, ``start``, plus ``layers``, a function of decisions; below 0 where no path leads
    along here."""

    start: int
    layers: Case


class LongestPath:
    """The programme. ``places``: for each place after :data:`BEGIN`, in order, the stretches that end there, of which
    the greatest is its depth; the last place is the first output."""

    def __init__(self, places: Sequence[Sequence[Stretch]]) -> None:
        self.places = tuple(map(tuple, places))
        numbers: dict[tuple[bool, int], int] = {}
        self._lookups: list[Lookup] = []
        self._steps: list[list[tuple[int, int]]] = []
        for place in self.places:
            step = []
            for stretch in place:
                varies = type(stretch.layers) is Diagram
                key = (varies, stretch.layers.uid if varies else stretch.layers)
                if key not in numbers:
                    numbers[key] = len(self._lookups)
                    self._lookups.append(Lookup(stretch.layers))
                step.append((stretch.start, numbers[key]))
            self._steps.append(step)
        span = sum(max(self._lookups[number].span for _, number in step) for step in self._steps)
        self._dtype: Any = object if span >= EXACT else "int64"

    def of(self, answers: Sequence[int]) -> int:
        """The depth under answers to all variables of the space, by index."""
        layers = [lookup.of(answers) for lookup in self._lookups]
        depths = [0]
        for step in self._steps:
            depths.append(max([depths[start] + layers[number] for start, number in step]))
        return depths[-1]

    def of_columns(self, answers: Column) -> Column:
        """The depths of many architectures (as :meth:`Lookup.of_columns`)."""
        import numpy as np

        layers = [lookup.of_columns(answers) for lookup in self._lookups]
        depths: list[Column] = [np.zeros(answers.shape[1], dtype=self._dtype)]
        for step in self._steps:
            depth, *others = (depths[start] + layers[number] for start, number in step)
            for other in others:
                depth = np.maximum(depth, other)
            depths.append(depth)
        return depths[-1]


@once_per_graph
def longest_path(graph: SpaceGraph) -> LongestPath:
    """The programme for the architectures of ``graph``."""
    return LongestPath(_Writer(graph).places())


class _Writer:
    def __init__(self, graph: SpaceGraph) -> None:
        self.graph, self.diagrams = graph, graph.diagrams
        self.layers = layers_of_nodes(graph)
        # Deeper than any path, so that what is not there never is the greatest.
        self.absent = -1 - sum(max((0, *leaves(own))) for own in self.layers.values())
        self.found: list[Sequence[Stretch]] = []
        self.reach = [(0, 0)]
        """The least and the greatest depth at each place, :data:`BEGIN` included."""

    def places(self) -> list[Sequence[Stretch]]:
        end = self.graph.outputs[0][1]
        consumers = self._consumers(end)
        ways: dict[int, list[Stretch]] = {}
        for node in self.graph.nodes[: end + 1]:
            if node.id not in consumers:
                continue
            here = self._to(node, ways)
            if len(here) > 1 and consumers[node.id] > 1:
                here = [self._ended(here)]
            ways[node.id] = here
            for edge in self._edges(node):
                consumers[edge.source] -= 1
                if not consumers[edge.source]:
                    del ways[edge.source]
        return [*self.found, ways[end]]

    def _consumers(self, end: int) -> dict[int, int]:
        """How many edges of what the end may need lead from each node that it may need."""
        found = {end: 0}
        for id in range(end, -1, -1):
            if id in found:
                for edge in self._edges(self.graph.nodes[id]):
                    found[edge.source] = found.get(edge.source, 0) + 1
        return found

    def _edges(self, node: Node) -> Sequence[Edge]:
        """Those that paths lead along: nothing is computed for an exact zero."""
        return () if self.layers.get(node.id) is IMPOSSIBLE else node.edges

    def _to(self, node: Node, ways: dict[int, list[Stretch]]) -> list[Stretch]:
        """The stretches that end at a node."""
        parts: list[Stretch] = []
        always: Guard = False
        for edge in self._edges(node):
            parts += self._guarded(edge.guard, ways[edge.source])
            if self._small(always):
                always = self.diagrams.either(always, edge.guard)
        if always is not True:
            # What nothing leads to is an exact zero, for which nothing is computed.
            parts.append(Stretch(BEGIN, 0))
        return self._followed(self._joined(parts), self.layers.get(node.id, 0))

    def _guarded(self, guard: Guard, stretches: list[Stretch]) -> list[Stretch]:
        """The stretches where the guard holds."""
        if guard is True:
            return stretches
        if not (self._small(guard) and all(self._small(s.layers) for s in stretches)):
            stretches = [self._ended(stretches)]
        return [Stretch(s.start, self.diagrams.ite(guard, s.layers, self.absent)) for s in stretches]

    def _followed(self, stretches: list[Stretch], own: Case) -> list[Stretch]:
        """The stretches with the layers of a node behind them."""
        if own is IMPOSSIBLE or (type(own) is not Diagram and own == 0):
            return stretches
        if len(stretches) > 1 or not (self._small(own) and self._small(stretches[0].layers)):
            stretches = [self._ended(stretches)]
        return [Stretch(s.start, self.diagrams.apply(int.__add__, s.layers, own)) for s in stretches]

    def _joined(self, parts: list[Stretch]) -> list[Stretch]:
        """Those from one place as one, if that is small, and without those that another one is never below."""
        kept: list[Stretch] = []
        for part in parts:
            for i, other in enumerate(kept):
                if other.start == part.start and self._small(other.layers) and self._small(part.layers):
                    greater = self.diagrams.apply(max, other.layers, part.layers)
                    if self._small(greater):
                        kept[i] = Stretch(part.start, greater)
                        break
            else:
                kept.append(part)
        bounds = [self._bounds(stretch) for stretch in kept]
        floor = max(low for low, _ in bounds)
        best = [low for low, _ in bounds].index(floor)
        return [stretch for i, stretch in enumerate(kept) if i == best or bounds[i][1] > floor]

    def _bounds(self, stretch: Stretch) -> tuple[int, int]:
        """At least and at most how deep it leads."""
        low, high = self.reach[stretch.start]
        own = leaves(stretch.layers)
        return low + min(own, default=0), high + max(own, default=0)

    def _ended(self, stretches: list[Stretch]) -> Stretch:
        """What begins at a place where the stretches end."""
        if len(stretches) == 1 and type(stretches[0].layers) is int and stretches[0].layers == 0:
            return stretches[0]
        bounds = [self._bounds(stretch) for stretch in stretches]
        self.found.append(stretches)
        self.reach.append((max(low for low, _ in bounds), max(high for _, high in bounds)))
        return Stretch(len(self.found), 0)

    def _small(self, case: Case) -> bool:
        return sum(1 for _ in islice(inner_nodes(case), SMALL + 1)) <= SMALL
