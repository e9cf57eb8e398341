"""What depends on decisions, made to depend on others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ....ir.decisions import Decision
from ....ir.diagram import Case, Diagram, Diagrams
from ....ir.graph import Ask, TensorType
from ..values import Asks

T = TypeVar("T")


class OutOfOrder(Exception):
    """The other variables come in another order, so that the diagrams would have another form, too."""


class Renamed:
    """``pairs``: each decision with the one in its place; ``whole``: there are no others. What it makes raises
    OutOfOrder."""

    def __init__(self, diagrams: Diagrams, pairs: Mapping[Decision, Decision], whole: bool) -> None:
        self._diagrams, self._whole = diagrams, whole
        self._ids = {old.id: new.id for old, new in pairs.items()}
        self._variables = {
            a.index: b for old, new in pairs.items() for a, b in zip(old.variables, new.variables, strict=True)
        }
        self._cases: dict[int, Case] = {}
        self._known: dict[int, tuple[Any, Any]] = {}
        """What was made of types, attributes and asks, by their ids, with them: nodes that are copies share them."""

    def case(self, case: Case) -> Case:
        if type(case) is not Diagram:
            return case
        found = self._cases.get(case.uid)
        if found is None:
            kids = [self.case(kid) if type(kid) is Diagram else kid for kid in case.children]
            variable = self._variables.get(case.variable.index)
            if variable is None and self._whole:
                raise OutOfOrder
            variable = variable or case.variable
            if any(type(kid) is Diagram and kid.variable.index <= variable.index for kid in kids):
                raise OutOfOrder
            self._diagrams.steps -= 1
            found = self._cases[case.uid] = self._diagrams.case(variable, kids)
        return found

    def type(self, type_: TensorType) -> TensorType:
        return type_ if type_.fixed else self._once(type_, self._type)

    def attrs(self, attrs: tuple[tuple[str, Case], ...]) -> tuple[tuple[str, Case], ...]:
        return self._once(attrs, self._attrs) if attrs else attrs

    def asks(self, asks: Asks) -> Asks:
        return self._once(asks, self._asks) if asks else asks

    def _once(self, old: T, made: Callable[[T], T]) -> T:
        found = self._known.get(id(old))
        if found is None:
            found = self._known[id(old)] = old, made(old)
        new: T = found[1]
        return new

    def _type(self, type_: TensorType) -> TensorType:
        return TensorType(type_.layout, tuple(map(self.case, type_.dims)))

    def _attrs(self, attrs: tuple[tuple[str, Case], ...]) -> tuple[tuple[str, Case], ...]:
        return tuple([(name, self.case(case) if type(case) is Diagram else case) for name, case in attrs])

    def _asks(self, asks: Asks) -> Asks:
        return tuple([Ask(self._ids.get(ask.decision, ask.decision), self.case(ask.guard)) for ask in asks])

    def decision(self, id: int | None) -> int | None:
        return id if id is None else self._ids.get(id, id)
