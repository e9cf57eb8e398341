"""Along which edge of a node the longest path comes: for each of its edges a condition over decisions.

Of two edges that may be there together one must be known to lead at least as deep as the other. Mostly that is so since
it comes from there: what a residual block computes from `x` is never shallower than `x`, unless an exact zero stands on
the way. Else both are compared from the place on that every path to either of them goes through; there the depth since
that place is a small function of a few decisions, or lies between two bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import islice

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Guard, inner_nodes, leaves
from ...ir.graph import Edge, Node, SpaceGraph
from ...record import record
from ..allowed import Allowed
from .depth import bounds_of_nodes, layers_of_nodes

LARGE = 100
"""A comparison, and a depth since some place, is a function of at most so many inner nodes."""

BLOCK = 300
"""Depths since a place are looked at over at most so many nodes."""

LOOKS = 40
"""So many times as many nodes as the graph has are looked at in all; what needs more is no sum."""

BEGIN = -1
"""The place before all nodes, where the depth is 0."""


class NoSum(Exception):
    """Several paths may be the longest, and which one is, is not known of few decisions."""


@record
class _Since:
    """The depth at a node lies between ``low`` and ``high`` beyond that at an earlier place, and is neither below
    ``least`` nor above the greater of its ``high`` there and ``most``, by paths that do not come from there."""

    low: Case
    high: Case
    least: Case
    most: Case


class LongestEdges:
    """Asks about the nodes of one graph. :meth:`guards` raises NoSum, or DiagramTooLarge."""

    def __init__(self, graph: SpaceGraph) -> None:
        self.graph, self.diagrams = graph, graph.diagrams
        self.layers = layers_of_nodes(graph)
        self._allowed = Allowed(graph)
        self._looks = LOOKS * len(graph.nodes)
        # Deeper than any path, so that what is not there never is the greatest.
        self.absent = -1 - sum(max((0, *leaves(own))) for own in self.layers.values())
        self._since: dict[tuple[int, bool], dict[int, _Since]] = {}

    def guards(self, node: Node) -> Sequence[Guard]:
        """For each edge of a node, in their order, when the longest path comes along it: along one at most at a time,
        and along one wherever some are there."""
        if self._zero(node):
            return [False] * len(node.edges)
        own = [edge.guard for edge in node.edges]
        if node.kind == "switch" or len(own) < 2:
            return own
        # Each pair leaves one of the two, which is as deep, so that a deepest one stays to the end, and one alone.
        for j in range(1, len(own)):
            for i in range(j):
                own[i], own[j] = self._parted(node, i, j, own[i], own[j])
        return own

    def _parted(self, node: Node, i: int, j: int, first: Guard, second: Guard) -> tuple[Guard, Guard]:
        """The conditions under which two edges are left, without those under which the other one is as deep."""
        both = self._small(self._simplified(self.diagrams.both(first, second)))
        if both is False:
            return first, second
        a, b = node.edges[i].source, node.edges[j].source
        later, earlier = max(a, b), min(a, b)
        deeper: Guard = self._reached(earlier, later)
        if self._simplified(self.diagrams.both(both, self._not(deeper))) is not False:
            if self._deeper(node, later, earlier, False) is True:
                deeper = True
            elif self._deeper(node, earlier, later, False) is not True:
                deeper = self._either(deeper, self._deeper(node, later, earlier, True))
                left = self._unless(both, deeper)
                if self._unless(left, self._deeper(node, earlier, later, True)) is not False:
                    raise NoSum
        # The later one is left where it is as deep, the earlier one elsewhere.
        late, early = (first, second) if a == later else (second, first)
        late = self._unless(late, self.diagrams.both(early, self._not(deeper)))
        early = self._unless(early, self.diagrams.both(both, deeper))
        return (late, early) if a == later else (early, late)

    # -- by where paths come from

    def _reached(self, start: int, end: int) -> Guard:
        """When a path leads from one node to another, which then is as deep at least; some such conditions, where all
        of them are no small function."""
        found: dict[int, Guard] = {start: True}
        for id in sorted(self._between(start, end) - found.keys()):
            node = self.graph.nodes[id]
            here: Guard = False
            for edge in self._paths(node):
                before = found.get(edge.source, False)
                if before is not False:
                    joined = self.diagrams.either(here, self.diagrams.both(edge.guard, before))
                    here = joined if self._is_small(joined) else here
            if here is not False:
                found[id] = here
        return found.get(end, False)

    def _between(self, start: int, end: int) -> set[int]:
        """The nodes from one to another that paths to the latter go along."""
        region, todo = {end}, [end]
        while todo:
            for edge in self._paths(self.graph.nodes[todo.pop()]):
                if edge.source >= start and edge.source not in region:
                    region.add(edge.source)
                    todo.append(edge.source)
        self._looks -= len(region)
        if self._looks < 0:
            raise NoSum
        return region

    # -- by depths since a place

    def _deeper(self, node: Node, one: int, other: int, exactly: bool) -> Guard:
        """When one source of a node is known to be as deep as another one: by bounds, or ``exactly``, by functions."""
        place = self._befores.get(node.id, BEGIN)
        since = self._of(place, node, exactly)
        a, b = since[one], since[other]
        floor = 0 if place == BEGIN else self._bounds[place][0]

        def as_deep(low: int, high: int, least: int, most: int) -> bool:
            return low >= high and max(floor + low, least) >= most

        return self._small(self.diagrams.apply(as_deep, a.low, b.high, a.least, b.most))

    def _of(self, place: int, node: Node, exactly: bool) -> Mapping[int, _Since]:
        """The depths since a place at the sources of a node."""
        known = self._since.setdefault((place, exactly), {})
        if place not in known and place != BEGIN:
            known[place] = _Since(0, 0, 0, 0)
        region: set[int] = set()
        for edge in node.edges:
            if edge.source not in known:
                region |= self._between(max(place, 0), edge.source)
        region -= known.keys()
        if len(region) > BLOCK:
            raise NoSum
        for id in sorted(region):
            here = self.graph.nodes[id]
            parts = [(edge.guard, known.get(edge.source) or self._apart(edge.source)) for edge in self._paths(here)]
            known[id] = self._at(here, parts) if exactly else self._about(here, parts)
        return known

    def _about(self, node: Node, parts: Sequence[tuple[Guard, _Since]]) -> _Since:
        """The depth at a node by numbers that it always lies between."""
        own = () if self._zero(node) else leaves(self.layers.get(node.id, 0))
        few, many = min(own, default=0), max(own, default=0)
        # A switch takes one of its edges; of other nodes those that are always there are certain.
        pick, certain = (min, parts) if node.kind == "switch" else (max, [part for part in parts if part[0] is True])
        low = pick((since.low for _, since in certain), default=self.absent)
        high = max((since.high for _, since in parts), default=self.absent)
        least = pick((since.least for _, since in certain), default=0)
        most = max((since.most for _, since in parts), default=0)
        return _Since(
            low if low == self.absent else low + few,
            high if high == self.absent else high + many,
            least + few,
            most + many,
        )

    def _at(self, node: Node, parts: Sequence[tuple[Guard, _Since]]) -> _Since:
        """The same by functions, where they are small."""
        own = 0 if self._zero(node) else self.layers.get(node.id, 0)
        low, high = self._greatest([(g, s.low, s.high) for g, s in parts], self.absent, own)
        least, most = self._greatest([(g, s.least, s.most) for g, s in parts], 0, own)
        return _Since(low, high, least, most)

    def _apart(self, id: int) -> _Since:
        """The same at a node that no path from an input leads to."""
        least, most = self._bounds[id]
        return _Since(self.absent, self.absent, least, most)

    def _greatest(self, parts: Sequence[tuple[Guard, Case, Case]], floor: int, own: Case) -> tuple[Case, Case]:
        """The greatest of some depths, and ``floor``, with the layers of a node: two bounds, the same function where it
        is a small one and all depths are known."""
        if all(low is high or (type(low) is int and low == high) for _, low, high in parts):
            exact = self._sum([(guard, low) for guard, low, _ in parts], floor, own, None)
            if exact is not None:
                return exact, exact
        return (
            self._sum([(guard, low) for guard, low, _ in parts], floor, own, min),
            self._sum([(guard, high) for guard, _, high in parts], floor, own, max),
        )

    def _sum(
        self, parts: Sequence[tuple[Guard, Case]], floor: int, own: Case, bound: Callable[[Sequence[int]], int] | None
    ) -> Case | None:
        """The greatest depth and the layers behind it. What is no small function on the way is bounded, or without a
        ``bound``, None comes of it."""
        absent = self.absent
        found: Case = floor
        for guard, depth in parts:
            here = self.diagrams.ite(guard, depth, absent)
            found = here if type(found) is int and found == absent else self.diagrams.apply(max, found, here)
            if not self._is_small(found):
                if bound is None:
                    return None
                found = bound(leaves(found))
        if type(own) is Diagram or own:
            found = self.diagrams.apply(lambda depth, more: depth if depth == absent else depth + more, found, own)
        if self._is_small(found):
            return found
        return None if bound is None else bound(leaves(found))

    @cached_property
    def _bounds(self) -> Sequence[tuple[int, int]]:
        return bounds_of_nodes(self.graph, {})

    @cached_property
    def _befores(self) -> Mapping[int, int]:
        """For each node the last place that all paths from an input to it go through, :data:`BEGIN` where that is
        none; exact zeros, which no path goes through, are left out."""
        found: dict[int, int] = {}
        rank = {BEGIN: 0}
        for node in self.graph.nodes[: self.graph.outputs[0][1] + 1]:
            sources = [edge.source for edge in self._paths(node) if edge.source in rank]
            if not sources and (node.edges or self._zero(node)):
                continue
            place = sources[0] if sources else BEGIN
            for other in sources[1:]:
                while place != other:
                    if rank[place] >= rank[other]:
                        place = found[place]
                    else:
                        other = found[other]
            found[node.id], rank[node.id] = place, rank[place] + 1
        return found

    def _paths(self, node: Node) -> Sequence[Edge]:
        """The edges that paths may lead along: nothing is computed for an exact zero."""
        return () if self._zero(node) else [edge for edge in node.edges if edge.guard is not False]

    # -- conditions

    def _zero(self, node: Node) -> bool:
        return self.layers.get(node.id) is IMPOSSIBLE

    def _not(self, guard: Guard) -> Guard:
        return self.diagrams.negate(guard)

    def _unless(self, guard: Guard, other: Guard) -> Guard:
        """Where one condition holds and the other one does not."""
        return self._small(self._simplified(self.diagrams.both(guard, self._not(other))))

    def _either(self, one: Guard, other: Guard) -> Guard:
        return self._small(self._simplified(self.diagrams.either(one, other)))

    def _simplified(self, guard: Guard) -> Guard:
        return self._allowed.simplified(guard)

    def _small(self, guard: Guard) -> Guard:
        if not self._is_small(guard):
            raise NoSum
        return guard

    def _is_small(self, case: Case) -> bool:
        return type(case) is not Diagram or sum(1 for _ in islice(inner_nodes(case), LARGE + 1)) <= LARGE
