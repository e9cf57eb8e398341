"""Conditions made simpler by what keeps allow: whether anything of `keep any` is kept is no question.

What a keep does not allow never comes about, so that a condition may be anything there: it is made what lets cases
collapse (O. Coudert, J. C. Madre, "A unified framework for the formal verification of sequential circuits", 1990: the
restriction of a function to a care set). The simplified condition holds wherever the condition does among what is
allowed, and nowhere else there.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.diagram import Case, Diagram, DiagramTooLarge, Guard
from ..ir.graph import SpaceGraph


class Allowed:
    """What the keeps of a graph allow; what was made simpler is remembered."""

    def __init__(self, graph: SpaceGraph) -> None:
        self.diagrams = graph.diagrams
        self._valid: dict[int, Guard] = {d.id: d.valid for d in graph.decisions if type(d.valid) is Diagram}
        self._simplified: dict[int, Guard] = {}
        self._passed_over: dict[int, Guard] = {}

    def simplified(self, guard: Guard) -> Guard:
        """The condition, simplified; itself where that would take too long."""
        if type(guard) is not Diagram or not self._valid:
            return guard
        if guard.uid not in self._simplified:
            memo: dict[tuple[int, int], Case] = {}
            found: Guard = guard
            try:
                with self.diagrams.counted(memo) as limit:
                    found = self._restricted(guard, True, memo, limit)
            except DiagramTooLarge:
                pass
            self._simplified[guard.uid] = found
        return self._simplified[guard.uid]

    def _restricted(self, case: Case, valid: Guard, memo: dict[tuple[int, int], Case], limit: float) -> Case:
        """``case`` where ``valid`` holds: what the keep that is being asked still allows."""
        if type(case) is not Diagram:
            return case
        variable = case.variable
        if type(valid) is not Diagram or valid.variable.decision != variable.decision:
            # The elements of a keep are asked one after the other, so that the keep before is left behind.
            valid = self._valid.get(variable.decision, True)
        while type(valid) is Diagram and valid.variable.index < variable.index:
            valid = self._without_question(valid)
        key = (case.uid, valid.uid if type(valid) is Diagram else -1)
        if key not in memo:
            if len(memo) > limit:
                raise self.diagrams.too_large()
            after: Sequence[Guard] = (valid,) * variable.arity
            if type(valid) is Diagram and valid.variable is variable:
                after = valid.children
            kids = [
                self._restricted(kid, left, memo, limit)
                for kid, left in zip(case.children, after, strict=True)
                if left is not False
            ]
            memo[key] = kids[0] if len(kids) == 1 else self.diagrams.case(variable, kids)
        return memo[key]

    def _without_question(self, valid: Diagram) -> Guard:
        """What is allowed with the element that ``valid`` asks about or without it, where nothing depends on that any
        more; many conditions pass over the same elements."""
        if valid.uid not in self._passed_over:
            self._passed_over[valid.uid] = self.diagrams.either(*valid.children)
        return self._passed_over[valid.uid]
