"""The probability of a guard when each decision has weights, as an expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...ir.diagram import Diagram, Diagrams, Guard, Variable, support
from ...ir.graph import Node, SpaceGraph
from ...ops.torch.expressions import Expression, Literal, product, total

NEVER: Final = Literal(0)
ALWAYS: Final = Literal(1)

Weigh = Callable[[Variable, int], Expression]
"""The weight of an answer to a variable: :data:`NEVER` where it is certain not to be given."""


def expectation(guard: Guard, weigh: Weigh, turns: Mapping[int, int], diagrams: Diagrams) -> Expression:
    """Σ over the assignments under which ``guard`` holds of the product of their weights, decisions taken as
    independent.

    ``turns``: when each variable (by index) is asked for. They are looked at in that order, so that one which is not
    asked for, whose weights then mean nothing and need not add up to one, does not count.
    :data:`ALWAYS` and :data:`NEVER` for guards that always or never hold.
    """
    if type(guard) is not Diagram:
        return ALWAYS if guard is True else NEVER
    variable = min(support(guard), key=lambda v: (turns.get(v.index, v.index), v.index))
    weights: dict[Expression, list[Expression]] = {}
    """What the answers of this variable weigh, by the expectation of what is behind them."""
    for answer in range(variable.arity):
        rest = expectation(diagrams.restrict(guard, {variable.index: answer}), weigh, turns, diagrams)
        weight = weigh(variable, answer) if rest != NEVER else NEVER
        if weight != NEVER:
            weights.setdefault(rest, []).append(weight)
    terms = []
    for rest, found in weights.items():
        if len(found) == variable.arity:
            terms.append(rest)  # holds whatever the answer: its weights add up to one
            continue
        factors = [factor for factor in (total(*found), rest) if factor != ALWAYS]
        terms.append(product(*factors) if factors else ALWAYS)
    return total(*terms) if terms else NEVER


class Turns:
    """The order in which variables are asked for: an alternative may be made, and numbered, before the choice that it
    stands in."""

    def __init__(self, graph: SpaceGraph) -> None:
        self._graph = graph
        self._all = list(dict.fromkeys(ask.decision for node in graph.nodes for ask in node.asks))

    def of(self, node: Node) -> Mapping[int, int]:
        """By their indices, for the conditions of the edges into a node. What it asks for itself comes in its own
        order, for elsewhere the same may be asked for under another condition; all else was asked for before."""
        own = dict.fromkeys(ask.decision for ask in node.asks)
        decisions = [*(id for id in self._all if id not in own), *own]
        variables = [variable for id in decisions for variable in self._graph.decisions[id].variables]
        return {variable.index: turn for turn, variable in enumerate(variables)}
