"""Which decisions are asked for, and where: what evaluating a value goes through."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ....ir.diagram import Case, Diagram, Diagrams, Guard, Variable, support
from ....ir.graph import Ask, Node, TensorType
from ..values import Asks


class Asking:
    """Asks are in the order of asking: outer decisions before those inside their alternatives."""

    def __init__(self, diagrams: Diagrams, nodes: Sequence[Node]) -> None:
        self._diagrams, self._nodes = diagrams, nodes
        self._orders: dict[int, tuple[int, ...]] = {}
        """For a node, the decisions that its shape depends on, in the order in which reading it asks for them."""

    def of_shape(self, type: TensorType, sources: Iterable[int], before: Asks = ()) -> Asks:
        """What reading a shape asks for that is made of the shapes of ``sources`` (node ids). ``before``: what is
        asked before any of them is read."""
        order = self._joined(before, sources)
        return merge_asks(ask for dim in type.dims for ask in self._of_case(dim, order))

    def of_size(self, size: Case, node: int) -> Asks:
        """What reading a dimension of a node asks for."""
        return self._of_case(size, self.order(node)) if type(size) is Diagram else ()

    def _joined(self, before: Asks, sources: Iterable[int], after: Asks = ()) -> tuple[int, ...]:
        found = dict.fromkeys(ask.decision for ask in before)
        for source in sources:
            found.update(dict.fromkeys(self.order(source)))
        return (*(found | dict.fromkeys(ask.decision for ask in after)),)

    def order(self, id: int) -> tuple[int, ...]:
        """The decisions that the shape of a node depends on, in the order in which reading it asks for them."""
        todo = [id]
        while todo:
            node = self._nodes[todo[-1]]
            open_ = [e.source for e in node.edges if e.source not in self._orders] if not node.type.fixed else []
            if open_:
                todo += open_
                continue
            todo.pop()
            if node.id not in self._orders:
                self._orders[node.id] = self._own(node)
        return self._orders[id]

    def _own(self, node: Node) -> tuple[int, ...]:
        if node.type.fixed:
            return ()
        sources = [edge.source for edge in node.edges]
        # An operator reads what enters, then its arguments; whatever takes one of several asks first which it is.
        parts = ((), sources, node.asks) if node.kind == "apply" else (node.asks, sources, ())
        depends = {v.decision for dim in node.type.dims for v in support(dim)}
        return tuple(decision for decision in self._joined(*parts) if decision in depends)

    def _of_case(self, case: Case, order: Sequence[int]) -> Asks:
        """The decisions that evaluating ``case`` goes through, each where it is reached."""
        if type(case) is not Diagram:
            return ()
        variables = sorted(support(case), key=lambda v: v.index)
        places = {decision: place for place, decision in enumerate(order)}
        # What stands in no order is known where the shape is read: the branch that this is in, a list of some length.
        ordered = sorted(variables, key=lambda v: (places.get(v.decision, -1), v.index))
        if ordered != variables:
            return merge_asks(self._in_order(case, ordered))
        asks = []
        for variable in variables:
            memo: dict[int, Guard] = {}

            def reach(c: Case, variable: Any = variable, memo: dict[int, Guard] = memo) -> Guard:
                if type(c) is not Diagram or c.variable.index > variable.index:
                    return False
                if c.variable is variable:
                    return True
                if c.uid not in memo:
                    memo[c.uid] = self._diagrams.case(c.variable, [reach(kid) for kid in c.children])
                return memo[c.uid]

            asks.append(Ask(variable.decision, reach(case)))
        return merge_asks(asks)

    def _in_order(self, case: Case, variables: Sequence[Variable]) -> Iterator[Ask]:
        """What an evaluation asks that goes through the variables in this order: each where, after those before it, the
        value may depend on it still."""
        restrict = self._diagrams.restrict
        for place, variable in enumerate(variables):
            ways = [restrict(case, {variable.index: answer}) for answer in range(variable.arity)]
            reached: Guard = self._diagrams.negate(self._diagrams.all(self._equal(ways[0], way) for way in ways[1:]))
            for later in variables[place + 1 :]:
                reached = self._diagrams.any(restrict(reached, {later.index: a}) for a in range(later.arity))
            yield Ask(variable.decision, reached)

    def _equal(self, a: Case, b: Case) -> Guard:
        """Where two cases are the same value; where one of them is impossible, nothing is known to differ."""
        impossible = self._diagrams.either(self._diagrams.undefined(a), self._diagrams.undefined(b))
        same = self._diagrams.apply(lambda x, y: type(x) is type(y) and x == y, a, b)
        guard: Guard = self._diagrams.ite(impossible, True, same)
        return guard


def merge_asks(asks: Iterable[Ask]) -> Asks:
    """The asks, each once, in order; one that is asked for anyway is not asked for under a condition as well."""
    if type(asks) is tuple and len(asks) < 2:
        return asks if asks and asks[0].guard is not False else ()
    found: dict[tuple[int, Guard | int], Ask] = {}
    always: set[int] = set()
    for ask in asks:
        if ask.decision in always or ask.guard is False:
            continue
        if ask.guard is True:
            always.add(ask.decision)
            found[ask.decision, True] = ask
        else:
            found.setdefault((ask.decision, ask.guard.uid if type(ask.guard) is Diagram else ask.guard), ask)
    return tuple(found.values())
