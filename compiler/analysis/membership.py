"""Which mappings are architectures of a space, told fast: for asking of very many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..ir.decisions import Decision
from ..ir.diagram import Diagram
from ..ir.graph import DecisionConstraint, SpaceGraph
from ..ops.registry import primitives_of
from .conditions import Conditions
from .costs.additive import default_row
from .diagrams.lookup import Lookup
from .memo import once_per_graph
from .values import NotAllowed, encode

if TYPE_CHECKING:
    from .diagrams.lookup import Column

REMEMBERED = 4096
"""The answers of so many values of a keep are remembered."""


class Membership:
    """``defaults``: an allowed answer to each variable of the space, by index, for where it is not asked for.
    ``nothing``: no answer to any."""

    def __init__(self, graph: SpaceGraph) -> None:
        self.defaults = default_row(graph)
        self.nothing = (-1,) * len(self.defaults)
        self._single = {d.path: _Single(d) for d in graph.open if d.kind != "keep"}
        self._several = {d.path: _Several(d) for d in graph.open if d.kind == "keep"}
        conditions = Conditions(graph, primitives_of(graph), live=False)
        activity = {d.id: conditions.active(d.id) for d in graph.open}
        self.known = all(active is not None for active in activity.values())
        """Whether it is known when each decision is active; where it is not, nothing is told."""
        self._needed: list[tuple[Lookup, tuple[int, ...]]] = []
        self._constraints: list[tuple[tuple[Lookup, ...], Lookup]] = []
        if not self.known:
            return
        together: dict[object, tuple[Lookup, list[Decision]]] = {}
        when: dict[int, Lookup] = {}
        for decision in graph.open:
            active = activity[decision.id]
            key = active.uid if isinstance(active, Diagram) else str(active)
            when[decision.id] = together.setdefault(key, (Lookup(active), []))[0]
            together[key][1].append(decision)
        for lookup, decisions in together.values():
            self._needed.append((lookup, tuple(d.variables[0].index for d in decisions)))
        for constraint in graph.constraints:
            if isinstance(constraint, DecisionConstraint) and constraint.needs <= when.keys():
                binding = {id(when[need]): when[need] for need in sorted(constraint.needs)}
                self._constraints.append((tuple(binding.values()), Lookup(constraint.condition)))

    def read(self, mapping: Mapping[str, Any]) -> list[int] | None:
        """The answers to the variables of the space, by index, -1 where ``mapping`` has none. None where it says
        something that is not known to be right."""
        found = list(self.nothing)
        single, several = self._single, self._several
        for path, value in mapping.items():
            reader = single.get(path)
            if reader is not None:
                answer = reader.answers.get(value) if type(value) is reader.type else None
                if answer is None:
                    return None
                found[reader.variable] = answer
            else:
                kept = several[path].answers(value) if path in several else None
                if kept is None:
                    return None
                for variable, answer in zip(several[path].variables, kept, strict=True):
                    found[variable] = answer
        return found

    def settled(self, given: Sequence[int]) -> list[int]:
        """The answers, and allowed ones where none is given."""
        return [default if a < 0 else a for a, default in zip(given, self.defaults, strict=True)]

    def holds(self, given: Sequence[int], answers: Sequence[int]) -> bool:
        """Whether what is ``given`` answers exactly the active decisions, and breaks no constraint over decisions;
        ``answers``: the same, settled."""
        if not self.known:
            return False
        for when, variables in self._needed:
            active = bool(when.of(answers))
            for variable in variables:
                if (given[variable] >= 0) is not active:
                    return False
        return all(
            condition.of(answers) or not all(active.of(answers) for active in binding)
            for binding, condition in self._constraints
        )

    def holds_in(self, given: Column, answers: Column) -> Column:
        """The same of many: a row for each variable, a column for each of them."""
        import numpy as np

        fits: Column = np.full(given.shape[1], self.known)
        for when, variables in self._needed:
            active = when.of_columns(answers).astype(bool)
            fits &= ((given[list(variables)] >= 0) == active).all(axis=0)
        for binding, condition in self._constraints:
            broken = condition.of_columns(answers) == 0
            for when in binding:
                broken &= when.of_columns(answers) != 0
            fits &= ~broken
        return fits


@once_per_graph
def membership(graph: SpaceGraph) -> Membership:
    """That of a graph, made once."""
    return Membership(graph)


class _Single:
    """The answer to the variable of a choose, a gate or a count by its value, and the type that this must have: 1, 1.0
    and True are one key."""

    __slots__ = ("answers", "type", "variable")

    def __init__(self, decision: Decision) -> None:
        values: Sequence[Any] = {"gate": (False, True), "count": decision.values}.get(decision.kind, decision.options)
        self.variable = decision.variables[0].index
        self.type = type(values[0])
        # Of equal ones the first is taken, as everywhere.
        self.answers = {value: answer for answer, value in reversed(list(enumerate(values)))}


class _Several:
    """The answers to the ``variables`` (indices) of a keep by its value."""

    def __init__(self, decision: Decision) -> None:
        self.decision = decision
        self.variables = tuple(v.index for v in decision.variables)
        self._known: dict[tuple[int, ...], tuple[int, ...]] = {}

    def answers(self, value: Any) -> tuple[int, ...] | None:
        """None where the value is not allowed, or of a type that is seldom."""
        if not (type(value) is tuple or type(value) is list) or any(type(place) is not int for place in value):
            return None
        key = tuple(value)
        found = self._known.get(key)
        if found is None:
            try:
                answers = encode(self.decision, value)
            except NotAllowed:
                return None
            if len(self._known) == REMEMBERED:
                self._known.clear()
            found = self._known[key] = tuple(answers[variable] for variable in self.variables)
        return found
