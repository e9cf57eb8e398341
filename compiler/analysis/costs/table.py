"""Many architectures at once: a column of answers per variable, a column of figures per cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from ...ir.graph import SpaceGraph
from ...ir.sibling import Sibling
from ..circuits.circuit import ONE, Branch, Circuit
from .additive import AdditiveCost, AdditiveMetric, additive_cost, default_row
from .longest_path import longest_path
from .sums import AdditiveSums

if TYPE_CHECKING:
    from ..diagrams.lookup import Column


class Table:
    """``rows`` architectures of a graph. ``answers``: by variable index a column with -1 where the variable is not
    asked for; one that none of them asks for may be left out."""

    def __init__(self, graph: SpaceGraph, rows: int, answers: Mapping[int, Column]) -> None:
        self.graph, self.rows, self.answers = graph, rows, answers

    @staticmethod
    def of_circuit(graph: SpaceGraph, circuit: Circuit) -> Table:
        """All architectures of a circuit, in its order."""
        return Table(graph, circuit.count, _answers(circuit))

    @staticmethod
    def of_answers(graph: SpaceGraph, rows: Sequence[Mapping[int, int]]) -> Table:
        """Architectures by their answers to what is asked for."""
        import numpy as np

        found: dict[int, Column] = {}
        for place, answers in enumerate(rows):
            for variable, answer in answers.items():
                if variable not in found:
                    found[variable] = np.full(len(rows), -1, dtype=np.int32)
                found[variable][place] = answer
        return Table(graph, len(rows), found)

    def carried(self, sibling: Sibling) -> Table:
        """The same architectures in a sibling."""
        import numpy as np

        columns: dict[int, Column] = {}
        for variable, (own, here) in sibling.own.items():
            if own in self.answers:
                # The last one stands for what is not asked for.
                columns[variable] = np.array([*here, -1], dtype=np.int32)[self.answers[own]]
        columns |= {v: np.full(self.rows, answer, dtype=np.int32) for v, answer in sibling.settled.items()}
        return Table(sibling.graph, self.rows, columns)

    def cost(self, metric: AdditiveMetric | Literal["depth"]) -> Column:
        """The cost of each architecture; it must be an exact sum, or the depth."""
        return self.depth() if metric == "depth" else self.summed(additive_cost(self.graph, metric))

    def summed(self, cost: AdditiveCost) -> Column:
        """The same of any exact sum over the decisions of the graph."""
        return AdditiveSums([cost]).of_columns(self._settled)[0]

    def depth(self) -> Column:
        """The depth of each architecture."""
        return longest_path(self.graph).of_columns(self._settled)

    @cached_property
    def _settled(self) -> Column:
        """The answers to every variable, with an allowed one where it is not asked for: nothing of what is depends on
        it."""
        import numpy as np

        defaults = np.array(default_row(self.graph), dtype=np.int32)
        settled: Column = np.repeat(defaults[:, None], self.rows, axis=1)
        for variable, column in self.answers.items():
            settled[variable] = np.where(column < 0, settled[variable], column)
        return settled


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
            found[node.variable] = np.full(count, -1, dtype=np.int32)
        start = 0
        for answer, kid in enumerate(node.children):
            here = (ranks >= start) & (ranks < start + circuit.counts[kid])
            if here.any():
                found[node.variable][rows[here]] = answer
                waiting.setdefault(kid, []).append((rows[here], ranks[here] - start))
            start += circuit.counts[kid]
    return found
