"""Diagrams of numbers, made ready for being asked often: for the answers of one architecture, or of many at once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any

from ...ir.diagram import IMPOSSIBLE, Case, Diagram, Variable, inner_nodes, leaves, support

if TYPE_CHECKING:  # numpy takes a tenth of a second, and most commands do without
    import numpy.typing as npt

    Column = npt.NDArray[Any]

EXACT = 2**62
"""Whole numbers below this are exact in a column of 64 bits; others are kept as Python's."""

SPREAD = 2**12
"""What has at most so many combinations of answers is kept as a row of all its values."""


class Lookup:
    """A diagram with whole numbers or truth values as leaves (1 where one holds). What is IMPOSSIBLE is 0: nobody asks
    for it in an architecture of the space.

    ``span``: at most how far a value is from 0.
    """

    def __init__(self, case: Case) -> None:
        self.span: int = max((abs(int(leaf)) for leaf in leaves(case)), default=0)
        self._variables: list[Variable] = sorted(support(case), key=lambda v: v.index)
        self._root: Any = _plain(case)

    def of(self, answers: Sequence[int]) -> int:
        """The value where ``answers`` has an answer to every variable of the space, by index."""
        node = self._root
        while type(node) is tuple:
            node = node[1][answers[node[0]]]
        return node  # type: ignore[no-any-return]

    def of_columns(self, answers: Column) -> Column:
        """The values of many architectures: of 64 bits, or Python's numbers where these are too few. ``answers``: a row
        for each variable of the space, a column for each architecture."""
        import numpy as np

        if not self._variables:
            return np.full(answers.shape[1], self._root, dtype=self._dtype)
        if prod(v.arity for v in self._variables) > SPREAD:
            return self._followed(answers)
        place = answers[self._variables[0].index]
        for variable in self._variables[1:]:
            place = place * variable.arity + answers[variable.index]
        found: Column = self._spread[place]
        return found

    def _followed(self, answers: Column) -> Column:
        """The values, all architectures a step further at a time."""
        import numpy as np

        asks, kids, values = self._steps
        columns = np.arange(answers.shape[1])
        at = np.zeros(answers.shape[1], dtype=np.int64)
        for _ in self._variables:
            at = kids[at, answers[asks[at], columns]]
        found: Column = values[at]
        return found

    @property
    def _dtype(self) -> Any:
        return object if self.span >= EXACT else "int64"

    @cached_property
    def _spread(self) -> Column:
        """All values, the answers to the last variable changing fastest."""
        import numpy as np

        def spread(node: Any, variables: Sequence[Variable]) -> Column:
            if type(node) is not tuple:
                return np.full(prod(v.arity for v in variables), node, dtype=self._dtype)
            first, rest = variables[0], variables[1:]
            if node[0] != first.index:
                return np.tile(spread(node, rest), first.arity)
            return np.concatenate([spread(kid, rest) for kid in node[1]])

        return spread(self._root, self._variables)

    @cached_property
    def _steps(self) -> tuple[Column, Column, Column]:
        """The nodes as numbers, from 0, the root's: the variable that each asks for, the node of each answer, and its
        value. One that asks for nothing stays where it is, whatever the answer."""
        import numpy as np

        nodes = [self._root]
        numbers = {id(self._root): 0}
        for node in nodes:
            for kid in node[1] if type(node) is tuple else ():
                # Equal numbers are one object here, or several nodes of one value.
                if numbers.setdefault(id(kid), len(nodes)) == len(nodes):
                    nodes.append(kid)
        asks = np.full(len(nodes), self._variables[0].index)
        kids = np.tile(np.arange(len(nodes))[:, None], max(v.arity for v in self._variables))
        values = np.zeros(len(nodes), dtype=self._dtype)
        for number, node in enumerate(nodes):
            if type(node) is tuple:
                asks[number] = node[0]
                kids[number, : len(node[1])] = [numbers[id(kid)] for kid in node[1]]
            else:
                values[number] = node
        return asks, kids, values


def _plain(case: Case) -> Any:
    """Nodes as tuples of the variable's index and the children, which are looked at faster."""
    made: dict[int, Any] = {}

    def plain(kid: Case) -> Any:
        return made[kid.uid] if type(kid) is Diagram else 0 if kid is IMPOSSIBLE else int(kid)

    # From the last variable up, so that children are there before what they are children of.
    for node in sorted(inner_nodes(case), key=lambda node: -node.variable.index):
        made[node.uid] = (node.variable.index, tuple([plain(kid) for kid in node.children]))
    return plain(case)
