"""Under which answers a node, a decision or a cost is there: decision diagrams from the outputs down."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from itertools import islice

from ..ir.diagram import Diagram, Diagrams, DiagramTooLarge, Guard, inner_nodes
from ..ir.graph import Node, SpaceGraph
from ..ir.operation import Primitive
from .allowed import Allowed

SIZE_LIMIT = 1_000
"""A condition of more inner nodes than this is not known."""


class Conditions:
    """For each node the condition under which the outputs ask for it (``demanded``), or under which the first output is
    computed from it (``live``): an operator that gives an exact zero asks for its inputs but is not computed from them.

    A node whose condition would be too large a diagram has None. Conditions are right for what the keeps of the graph
    allow (:mod:`.allowed`): what a sum of `keep any` adds up hangs on what is kept, what it is computed from does not.
    ``guards``: conditions of the edges of a node in the place of its own, in their order; asked for where the node is
    there at all.
    """

    def __init__(
        self,
        graph: SpaceGraph,
        primitives: Mapping[str, Primitive],
        live: bool,
        guards: Callable[[Node], Sequence[Guard]] | None = None,
    ) -> None:
        self.graph, self.diagrams = graph, graph.diagrams
        self._allowed = Allowed(graph)
        self._both: dict[tuple[int, int], Guard | None] = {}
        self._either: dict[tuple[int, int], Guard | None] = {}
        outputs = graph.outputs[:1] if live else graph.outputs
        parts: dict[int, list[Guard | None]] = {id: [True] for _, id in outputs}
        self.of: dict[int, Guard | None] = {}
        for node in reversed(graph.nodes):
            found = parts.pop(node.id, None)
            if found is None:
                continue
            condition = self.of[node.id] = self._any(found) if len(found) > 1 else found[0]
            if condition is False or (live and node.kind == "apply" and primitives[node.op].zero):
                continue
            own = [edge.guard for edge in node.edges] if guards is None else guards(node)
            for edge, guard in zip(node.edges, own, strict=True):
                if guard is not False:
                    here = condition if guard is True else self.conjunction(condition, guard)
                    parts.setdefault(edge.source, []).append(here)

    def active(self, decision: int) -> Guard | None:
        """The condition under which a demanded node asks for the decision."""
        parts = [self.conjunction(self.of[node], guard) for node, guard in self._asked.get(decision, ())]
        return self._any(parts) if parts else False

    @cached_property
    def _asked(self) -> Mapping[int, Sequence[tuple[int, Guard]]]:
        """For each decision the demanded nodes that ask for it, each under a condition of its own besides."""
        found: dict[int, list[tuple[int, Guard]]] = {}
        for node in self.graph.nodes:
            if node.asks and node.id in self.of:
                for ask in node.asks:
                    found.setdefault(ask.decision, []).append((node.id, ask.guard))
        return found

    def conjunction(self, a: Guard | None, b: Guard | None) -> Guard | None:
        if a is False or b is False:
            return False
        if a is None or b is None:
            return None
        if a is True or b is True:
            return self._allowed.simplified(b if a is True else a)
        return self._remembered(self._both, Diagrams.both, a, b)

    def _any(self, parts: list[Guard | None]) -> Guard | None:
        """The disjunction, taken in pairs of neighbours: what stands together in the graph depends on the same
        decisions."""
        if any(part is True for part in parts):
            return True
        if any(part is None for part in parts):
            return None
        unique: dict[int, Guard | None] = {part.uid: part for part in parts if isinstance(part, Diagram)}
        level = list(unique.values())
        while len(level) > 1:
            joined: list[Guard | None] = []
            for i in range(0, len(level) - 1, 2):
                pair = self._remembered(self._either, Diagrams.either, level[i], level[i + 1])
                if pair is True or pair is None:
                    return pair
                if pair is not False:
                    joined.append(pair)
            level = [*joined, *level[len(level) // 2 * 2 :]]
        return level[0] if level else False

    def _remembered(
        self,
        memo: dict[tuple[int, int], Guard | None],
        operation: Callable[[Diagrams, Guard, Guard], Guard],
        a: Guard | None,
        b: Guard | None,
    ) -> Guard | None:
        assert isinstance(a, Diagram)
        assert isinstance(b, Diagram)
        key = (a.uid, b.uid)
        if key not in memo:
            try:
                result = self._allowed.simplified(operation(self.diagrams, a, b))
                small = sum(1 for _ in islice(inner_nodes(result), SIZE_LIMIT + 1)) <= SIZE_LIMIT
                memo[key] = result if small else None
            except DiagramTooLarge:
                memo[key] = None
        return memo[key]
