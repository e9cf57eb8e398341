"""All architectures of a small space at once: a column of answers per variable, a column of figures per cost."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ...ir.diagram import IMPOSSIBLE, Case, Diagram
from ...ir.graph import SpaceGraph
from ...ir.sibling import Sibling
from ...ops.registry import primitives_of
from ..circuits.circuit import ONE, Branch, Circuit
from ..diagrams.products import span_of
from .additive import AdditiveMetric, additive_cost, default_answers, node_cost

if TYPE_CHECKING:  # numpy takes a tenth of a second, and most commands do without
    import numpy.typing as npt

    Column = npt.NDArray[Any]

EXACT = 2**62
"""Whole numbers below this are exact in a column of 64 bits; others are kept as Python's."""


class Table:
    """A row for each architecture of a circuit, in the order of the circuit. ``answers``: those of the circuit, or by
    variable index a column with -1 where the variable is not asked for."""

    def __init__(self, graph: SpaceGraph, circuit: Circuit, answers: Mapping[int, Column] | None = None) -> None:
        self.graph, self.circuit = graph, circuit
        self.rows = circuit.count
        self.answers = _answers(circuit) if answers is None else answers
        self._defaults = default_answers(graph)
        self._settled: dict[int, Column] = {}

    def row(self, place: int) -> dict[int, int]:
        """The answers of an architecture."""
        return {v: int(column[place]) for v, column in self.answers.items() if column[place] >= 0}

    def carried(self, sibling: Sibling) -> Table:
        """The same architectures in a sibling."""
        import numpy as np

        columns: dict[int, Column] = {}
        for variable, (own, here) in sibling.own.items():
            if own in self.answers:
                # The last one stands for what is not asked for.
                columns[variable] = np.array([*here, -1], dtype=np.int16)[self.answers[own]]
        columns |= {v: np.full(self.rows, answer, dtype=np.int16) for v, answer in sibling.settled.items()}
        return Table(sibling.graph, self.circuit, columns)

    def values(self, case: Case, dtype: Any = int) -> Column:
        """A value of every architecture that has it (numbers and truth values)."""
        import numpy as np

        out = np.zeros(self.rows, dtype=dtype)
        # Nodes are taken in the order of their variables, so that one is done when all that leads to it is.
        waiting: dict[int, tuple[Diagram, list[Column]]] = {}
        heap: list[tuple[int, int]] = []

        def put(case: Case, rows: Column) -> None:
            if type(case) is Diagram:
                if case.uid not in waiting:
                    waiting[case.uid] = (case, [])
                    heapq.heappush(heap, (case.variable.index, case.uid))
                waiting[case.uid][1].append(rows)
            elif case is not IMPOSSIBLE:
                out[rows] = case

        put(case, np.arange(self.rows))
        while heap:
            node, parts = waiting.pop(heapq.heappop(heap)[1])
            rows = np.concatenate(parts)
            answers = self._column(node.variable.index)[rows]
            for answer, kid in enumerate(node.children):
                chosen = rows[answers == answer]
                if len(chosen):
                    put(kid, chosen)
        return out

    def cost(self, metric: AdditiveMetric) -> Column:
        """The cost of each architecture; it must be an exact sum."""
        import numpy as np

        cost = additive_cost(self.graph, metric)
        spans = [span_of(term) for term in cost.terms]
        large = abs(cost.constant) >= EXACT or sum(spans) >= EXACT - abs(cost.constant)
        dtype: Any = object if large else np.int64
        total = np.full(self.rows, cost.constant, dtype=dtype)
        for term in cost.terms:
            product = self.values(term[0], dtype)
            for factor in term[1:]:
                product = product * self.values(factor, dtype)
            total = total + product
        return total

    def depth(self) -> Column:
        """The depth of each architecture."""
        import numpy as np

        graph, primitives = self.graph, primitives_of(self.graph)
        end = graph.outputs[0][1]
        needed, last = _consumers(graph, end)
        depths: dict[int, Column] = {}
        for node in graph.nodes[: end + 1]:
            if node.id not in needed:
                continue
            depth = np.zeros(self.rows, dtype=np.int32)
            # Exact zeros take no layers: one stands for what is not computed.
            if not (node.kind == "apply" and primitives[node.op].zero):
                for edge in node.edges:
                    here = depths[edge.source]
                    if edge.guard is not True:
                        here = here * self.values(edge.guard, np.int32)
                    depth = np.maximum(depth, here)
                if node.kind == "apply":
                    layers = self.graph.diagrams.apply(lambda cost: cost.layers, node_cost(graph, node))
                    depth = depth + self.values(layers, np.int32)
            depths[node.id] = depth
            for source in {edge.source for edge in node.edges}:
                if last[source] == node.id:
                    del depths[source]
        return depths[end]

    def _column(self, variable: int) -> Column:
        """The answers, with an allowed one where the variable is not asked for: nothing of what is depends on it."""
        import numpy as np

        if variable not in self._settled:
            default = self._defaults[variable]
            column = self.answers.get(variable)
            self._settled[variable] = (
                np.full(self.rows, default, dtype=np.int16) if column is None else np.where(column < 0, default, column)
            )
        return self._settled[variable]


def _answers(circuit: Circuit) -> Mapping[int, Column]:
    """The assignments of all ranks: :meth:`Circuit.unrank` of whole columns."""
    import numpy as np

    count = circuit.count
    found: dict[int, Column] = {}
    waiting: dict[int, list[tuple[Column, Column]]] = {circuit.root: [(np.arange(count), np.arange(count))]}
    for id in range(circuit.root, ONE, -1):
        if id not in waiting:
            continue
        rows, ranks = (np.concatenate(parts) for parts in zip(*waiting.pop(id), strict=True))
        node = circuit.nodes[id]
        if not isinstance(node, Branch):
            for kid in reversed(node.children):
                waiting.setdefault(kid, []).append((rows, ranks % circuit.counts[kid]))
                ranks = ranks // circuit.counts[kid]
            continue
        if node.variable not in found:
            found[node.variable] = np.full(count, -1, dtype=np.int16)
        start = 0
        for answer, kid in enumerate(node.children):
            here = (ranks >= start) & (ranks < start + circuit.counts[kid])
            if here.any():
                found[node.variable][rows[here]] = answer
                waiting.setdefault(kid, []).append((rows[here], ranks[here] - start))
            start += circuit.counts[kid]
    return found


def _consumers(graph: SpaceGraph, end: int) -> tuple[set[int], dict[int, int]]:
    """The nodes that ``end`` may need, and the last of these that uses each of them."""
    needed = {end}
    last: dict[int, int] = {end: -1}
    for id in range(end, -1, -1):
        if id in needed:
            for source in _sources(graph, id):
                needed.add(source)
                last.setdefault(source, id)
    return needed, last


def _sources(graph: SpaceGraph, id: int) -> Iterable[int]:
    return (edge.source for edge in graph.nodes[id].edges)
