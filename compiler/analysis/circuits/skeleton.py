"""The demand structure of a space, boiled down to what asks questions and what depends on answers.

Most nodes ask nothing and demand all their sources: they are transparent. The others are *points*. Two points that
ask for the same decisions and demand the same points under the same guards are one (this is what makes tied cells
cheap); what every architecture demands stands apart from what depends on answers.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping

from ...ir.diagram import Diagram, Guard
from ...ir.graph import Node, SpaceGraph
from ...record import record
from ..allowed import Allowed
from ..memo import once_per_graph


@record
class Point:
    """When it is demanded, it asks for decisions and demands other points, each where a guard holds."""

    asks: tuple[tuple[int, Guard], ...]
    targets: tuple[tuple[int, Guard], ...]


@record
class Skeleton:
    """``points``: sources before what demands them. ``roots``: ids of the points that every architecture demands; no
    point has one of these as a target. ``always``: the decisions that are active in every architecture; no point asks
    for them. ``order``: for each decision a number that is greater the nearer to the outputs it is asked for."""

    points: tuple[Point, ...]
    roots: tuple[int, ...]
    always: tuple[int, ...]
    order: Mapping[int, int]


@once_per_graph
def skeleton(graph: SpaceGraph) -> Skeleton:
    """The skeleton of a graph's demand."""
    nodes = _reachable(graph)
    order = {ask.decision: node.id for node in nodes for ask in node.asks}
    must: frozenset[int] = frozenset()
    always: frozenset[int] = frozenset()
    ors = _Disjunctions(graph)
    while True:
        # Points merge with roots only once what roots demand is gone from them, which may make more roots: until it
        # rests.
        sweep = _Sweep(graph, nodes, must, always, ors)
        if sweep.must == must and sweep.always == always:
            break
        must, always = sweep.must, sweep.always
    return Skeleton(tuple(sweep.points), tuple(bits(sweep.roots)), tuple(sorted(always)), order)


def bits(mask: int) -> Iterator[int]:
    """The places of the ones of a mask, ascending."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


class _Disjunctions:
    """Disjunctions of guards, remembered."""

    def __init__(self, graph: SpaceGraph) -> None:
        self.graph, self.diagrams = graph, graph.diagrams
        self._memo: dict[tuple[int, int], Guard] = {}
        self._allowed = Allowed(graph)

    def either(self, a: Guard, b: Guard) -> Guard:
        if a is True or b is True:
            return True
        if a is False or a is b:
            return b
        if b is False or not isinstance(a, Diagram) or not isinstance(b, Diagram):
            return a
        key = (a.uid, b.uid)
        if key not in self._memo:
            self._memo[key] = self.diagrams.either(a, b)
        return self._memo[key]

    def any(self, guards: Iterable[Guard]) -> Guard:
        result: Guard = False
        for guard in guards:
            result = self.either(result, guard)
        return self.settled(result)

    def settled(self, guard: Guard) -> Guard:
        """The guard, True if it holds for everything that can be answered."""
        return True if self._allowed.simplified(guard) is True else guard


class _Together:
    """Disjunctions of some of a node's guards; those of more of them go on from those of fewer."""

    def __init__(self, ors: _Disjunctions, guards: list[Guard]) -> None:
        self.ors, self.guards = ors, guards
        self._known: dict[int, Guard] = {0: False}

    def any(self, places: int) -> Guard:
        """The disjunction of the guards at the places of a mask's ones."""
        left: list[int] = []
        rest = places
        while rest not in self._known:
            low = rest & -rest
            left.append(low)
            rest ^= low
        for low in reversed(left):
            guard = self.ors.either(self.guards[low.bit_length() - 1], self._known[rest])
            rest |= low
            self._known[rest] = guard
        return self.ors.settled(self._known[places])


class _Sweep:
    """One pass from the inputs to the outputs that makes the points, given the nodes (``must``) and decisions
    (``always``) that are known to be demanded by every architecture."""

    def __init__(
        self,
        graph: SpaceGraph,
        nodes: list[Node],
        must: frozenset[int],
        always: frozenset[int],
        ors: _Disjunctions,
    ) -> None:
        self.graph, self.ors = graph, ors
        self.points: list[Point] = []
        self._unique: dict[Hashable, int] = {}
        self._closure: dict[int, int] = {}
        kinds: dict[int, int] = {}
        roots, found = 0, set(always)
        for node in nodes:
            certain, targets = self._demands(node)
            asks = [(a.decision, a.guard) for a in node.asks if not graph.decisions[a.decision].trivial]
            if node.id in must:
                found.update(decision for decision, guard in asks if guard is True)
            asks = [(decision, guard) for decision, guard in asks if decision not in found and guard is not False]
            point = self._point(asks, targets) if asks or targets else None
            if point is not None:
                kinds[node.id] = point
            if node.id in must:
                # What the point asks for is asked for in any case; what stands beside it is demanded only where the
                # node is: the node may be here because it merged with a root.
                roots |= 0 if point is None else 1 << point
            elif point is not None:
                certain |= 1 << point
            self._closure[node.id] = certain
        for _, output in graph.outputs:
            roots |= self._closure[output]
        for id in bits(roots):
            found.update(decision for decision, guard in self.points[id].asks if guard is True)
        self.roots = roots
        self.must = must | {id for id, point in kinds.items() if roots >> point & 1}
        self.always = frozenset(found)

    def _demands(self, node: Node) -> tuple[int, dict[int, Guard]]:
        """The points that ``node`` demands in any case (a mask), and those that it demands where a guard holds."""
        certain = 0
        guarded: list[tuple[int, Guard]] = []
        for edge in node.edges:
            if edge.guard is True:
                certain |= self._closure[edge.source]
            elif edge.guard is not False:
                guarded.append((self._closure[edge.source], edge.guard))
        guarded = [(mask & ~certain, guard) for mask, guard in guarded if mask & ~certain]
        if not guarded:
            return certain, {}
        common = guarded[0][0]
        for mask, _ in guarded:
            common &= mask
        if common and self.ors.any(guard for _, guard in guarded) is True:
            certain |= common
            guarded = [(mask & ~common, guard) for mask, guard in guarded if mask & ~common]
        edges_to: dict[int, int] = {}
        for place, (mask, _) in enumerate(guarded):
            for target in bits(mask):
                edges_to[target] = edges_to.get(target, 0) | 1 << place
        targets: dict[int, Guard] = {}
        together = _Together(self.ors, [guard for _, guard in guarded])
        for target, places in sorted(edges_to.items()):
            guard = together.any(places)
            if guard is True:
                certain |= 1 << target
            else:
                targets[target] = guard
        return certain, targets

    def _point(self, asks: list[tuple[int, Guard]], targets: dict[int, Guard]) -> int:
        by_decision: dict[int, list[Guard]] = {}
        for decision, guard in asks:
            by_decision.setdefault(decision, []).append(guard)
        merged = sorted((decision, self.ors.any(guards)) for decision, guards in by_decision.items())
        ordered = sorted(targets.items())
        key = (_names(merged), _names(ordered))
        if key not in self._unique:
            self._unique[key] = len(self.points)
            self.points.append(Point(tuple(merged), tuple(ordered)))
        return self._unique[key]


def _names(pairs: Iterable[tuple[int, Guard]]) -> tuple[tuple[int, int], ...]:
    return tuple((id, guard.uid if isinstance(guard, Diagram) else -1) for id, guard in pairs)


def _reachable(graph: SpaceGraph) -> list[Node]:
    """The nodes that some architecture may demand, ascending."""
    seen: set[int] = set()
    stack = [id for _, id in graph.outputs]
    while stack:
        id = stack.pop()
        if id not in seen:
            seen.add(id)
            stack.extend(e.source for e in graph.nodes[id].edges if e.guard is not False)
    return [graph.nodes[id] for id in sorted(seen)]
