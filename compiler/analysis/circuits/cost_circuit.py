"""The architectures of a large space that are within its constraints over costs, as a circuit of their own.

Its nodes are states of the walk through the space (:mod:`.cost_states`) with the costs so far: as many as there are
different costs on the way, not as there are architectures. A state from which all that follows is within a constraint,
or nothing, needs no cost. (A dynamic program over a knapsack, with a decision diagram for a result.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from ...ir.graph import CostConstraint, SpaceGraph
from ...record import record
from ..costs.measures import METRICS, Measure, Metric, bounds_of, measure_of, measured
from .circuit import ONE, ZERO, Branch, Circuit, Product
from .cost_states import DEAD, STATE_LIMIT, WORK_LIMIT, CostStates, TooManyCosts, Vector, cost_states
from .patience import AT_LENGTH, Patience

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

_ANY = -(2**63)
"""In the place of a cost that does not matter any more; no cost on the way is that, though one may be below 0."""

_Key = tuple[int, tuple[int | None, ...]]
"""A state with the costs so far; None where the cost does not matter any more."""


@record
class Extremes:
    """The least, greatest and mean cost of a circuit's architectures, and answers of a cheapest and a dearest one."""

    least: int
    greatest: int
    mean: Fraction
    cheapest: Mapping[int, int]
    dearest: Mapping[int, int]


@dataclass(frozen=True)
class CostCircuit:
    """``circuit``: what is within the constraints, in the same order as in the circuit of the space. ``added``: by
    node and answer, what the answer adds to the costs ``measures``, which start from ``base``."""

    circuit: Circuit
    measures: tuple[Measure, ...]
    base: Vector
    added: tuple[tuple[Vector, ...], ...]

    def extremes(self, metric: Metric) -> Extremes:
        """Of a circuit that is not empty."""
        m = self.measures.index(Measure(metric))
        counts = self.circuit.counts
        least, greatest, totals = [0, 0], [0, 0], [0, 0]
        for node, added in zip(self.circuit.nodes[2:], self.added[2:], strict=True):
            ways = [(kid, a[m]) for kid, a in zip(node.children, added, strict=True) if kid != ZERO]
            least.append(min(a + least[kid] for kid, a in ways))
            greatest.append(max(a + greatest[kid] for kid, a in ways))
            totals.append(sum(a * counts[kid] + totals[kid] for kid, a in ways))
        root, base = self.circuit.root, self.base[m]
        return Extremes(
            base + least[root],
            base + greatest[root],
            base + Fraction(totals[root], self.circuit.count),
            self._path(m, least),
            self._path(m, greatest),
        )

    def _path(self, metric: int, values: Sequence[int]) -> dict[int, int]:
        """The answers on the way of a least or greatest value."""
        answers: dict[int, int] = {}
        id = self.circuit.root
        while isinstance(node := self.circuit.nodes[id], Branch):
            for answer, (kid, added) in enumerate(zip(node.children, self.added[id], strict=True)):
                if kid != ZERO and added[metric] + values[kid] == values[id]:
                    answers[node.variable], id = answer, kid
                    break
        return answers


def cost_circuit(
    graph: SpaceGraph,
    circuit: Circuit,
    constraints: Sequence[CostConstraint],
    also: Sequence[Metric] = (),
    patience: Patience = AT_LENGTH,
) -> CostCircuit | None:
    """What of a circuit with a root is within constraints over costs; ``also``: further costs to know. None where a
    cost is no exact sum, or there are too many different ones: more nodes than there is ``patience`` for."""
    most = patience.nodes
    states, work = (STATE_LIMIT, WORK_LIMIT) if patience.at_length else (most, 7 * most)
    bounded = {measure_of(graph, c) for c in constraints}
    own = [m for m in map(Measure, METRICS) if m.metric in also or m in bounded]
    measures = tuple(dict.fromkeys([*own, *(m for c in constraints if (m := measure_of(graph, c)) is not None)]))
    found = [measured(graph, measure) for measure in measures]
    if None in bounded or not all(cost is not None and cost.exact for cost in found):
        return None
    allowed = [bounds_of(graph, constraints, measure) for measure in measures]
    bounds = [(-math.inf if low is None else low, math.inf if high is None else high) for low, high in allowed]
    try:
        return _Bounded(cost_states(graph, circuit, measures, states, work), bounds, most).run()
    except TooManyCosts:
        return None


class _Bounded:
    """``bounds``: by cost of the states, the least and the most that constraints allow."""

    def __init__(self, states: CostStates, bounds: Sequence[tuple[float, float]], limit: int) -> None:
        self.states, self.bounds, self.limit = states, bounds, limit
        self.reach: list[tuple[tuple[int, int], ...]] = []
        """By state and cost: the least and the most that is still to come."""
        for step in states.steps:
            ways = [] if step is None else [(s, a) for s, a in step.followers if s != DEAD]
            self.reach.append(
                tuple(
                    (min(a[m] + self.reach[s][m][0] for s, a in ways), max(a[m] + self.reach[s][m][1] for s, a in ways))
                    if ways
                    else (0, 0)
                    for m in range(len(states.measures))
                )
            )

    def _surely_too_many(self) -> bool:
        """Whether there are more nodes than the limit, which is seen much sooner than they are made."""
        import numpy as np

        start, base = self.states.start, self.states.base
        ends = [abs(cost + end) for cost, reach in zip(base, self.reach[start], strict=True) for end in reach]
        if max(ends, default=0) >= 2**62:
            return False
        costs: dict[int, list[npt.NDArray[np.int64]]] = {start: [np.array([base], dtype=np.int64)]}
        total = 0
        for state in range(start, -1, -1):
            come = costs.pop(state, [])
            own = _different(self._told_apart(state, np.concatenate(come))) if come else np.empty((0, len(base)))
            total += len(own)
            if total > self.limit:
                return True
            step = self.states.steps[state]
            for follower, added in () if step is None or not len(own) else step.followers:
                if follower != DEAD:
                    costs.setdefault(follower, []).append(np.where(own == _ANY, _ANY, own + np.array(added)))
        return False

    def _told_apart(self, state: int, costs: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Those in a state that something may follow, and where a cost does not matter any more, any; (n, costs)."""
        import numpy as np

        inside = np.ones(len(costs), dtype=bool)
        for own, (least, most), (low, high) in zip(costs.T, self.reach[state], self.bounds, strict=True):
            matters = own != _ANY
            inside &= ~matters | ((own + most >= low) & (own + least <= high))
            own[matters & (own + least >= low) & (own + most <= high)] = _ANY
        return costs[inside]

    def run(self) -> CostCircuit:
        if self._surely_too_many():
            raise TooManyCosts
        nodes: list[Branch | Product] = [Product(()), Product(())]
        added: list[tuple[Vector, ...]] = [(), ()]
        known: dict[_Key, int] = {}
        root = self._follow(self.states.base, (self.states.start, (0,) * len(self.states.base)))
        todo = [] if root is None else [root]
        while todo:
            key = todo[-1]
            if key in known:
                todo.pop()
                continue
            step = self.states.steps[key[0]]
            if step is None:
                known[key] = ONE
                continue
            after = [self._follow(key[1], follower) for follower in step.followers]
            missing = [k for k in after if k is not None and k not in known]
            if missing:
                if len(known) + len(todo) > self.limit:
                    raise TooManyCosts
                todo.extend(missing)
                continue
            kids = tuple(ZERO if k is None else known[k] for k in after)
            if any(kids):
                known[key] = len(nodes)
                nodes.append(Branch(step.variable, kids))
                added.append(tuple(a for _, a in step.followers))
            else:
                known[key] = ZERO
        start = ZERO if root is None else known[root]
        return CostCircuit(_rooted(nodes, start), self.states.measures, self.states.base, tuple(added))

    def _follow(self, costs: tuple[int | None, ...], follower: tuple[int, Vector]) -> _Key | None:
        """The node of the state that follows; None where nothing that comes then is within the constraints."""
        state, added = follower
        if state == DEAD:
            return None
        kept: list[int | None] = []
        for cost, own, (least, most), (low, high) in zip(costs, added, self.reach[state], self.bounds, strict=True):
            if cost is None:
                kept.append(None)
                continue
            cost += own
            low_end, high_end = cost + least, cost + most
            if low <= low_end and high_end <= high:
                kept.append(None)
            elif high_end < low or high < low_end:
                return None
            else:
                kept.append(cost)
        return state, tuple(kept)


def _different(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Each row once, (n, columns)."""
    import numpy as np

    places = np.zeros(len(rows), dtype=np.int64)
    for column in rows.T:
        _, own = np.unique(column, return_inverse=True)
        _, first, places = np.unique(places * (len(rows) + 1) + own, return_index=True, return_inverse=True)
    return rows[first] if len(rows) else rows


def _rooted(nodes: Sequence[Branch | Product], root: int) -> Circuit:
    # The root is made last, so that no node is superfluous but where there is nothing at all.
    return Circuit(tuple(nodes), root) if root > ONE else Circuit(tuple(nodes[:2]), root)
