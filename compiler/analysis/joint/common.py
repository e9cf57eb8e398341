"""The architectures that two spaces have in common: of the space that is searched, those that are within `where` of the
one that they are trained in, too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from weakref import WeakKeyDictionary

from ...diagnostics.model import SpaceError
from ...diagnostics.values import DiagramLimit
from ...ir.diagram import Diagram, DiagramTooLarge, Guard
from ...ir.graph import CostConstraint, DecisionConstraint, Node, SpaceGraph
from ...ir.sibling import Sibling
from ...ops.registry import primitives_of
from ..conditions import Conditions
from ..memo import once_per_graph
from .translation import sibling_of, translated


def common(searched: SpaceGraph, other: SpaceGraph) -> SpaceGraph:
    """``searched`` with the constraints of ``other``, which architectures of it carry over to: those over decisions as
    constraints over its own, those over costs as constraints over what its architectures cost in ``other``. The same
    graph where there is nothing to add; one for each pair. Raises SpaceError (E0225) where a constraint is too
    entangled when told by the decisions of ``searched``."""
    known = _known(searched)
    if other not in known:
        # What is the same graph would be kept by its own entry.
        known[other] = None if searched is other else _common(searched, other)
    return known[other] or searched


@once_per_graph
def _known(searched: SpaceGraph) -> WeakKeyDictionary[SpaceGraph, SpaceGraph | None]:
    return WeakKeyDictionary()


def _common(searched: SpaceGraph, other: SpaceGraph) -> SpaceGraph | None:
    sibling = sibling_of(searched, other)
    added: list[CostConstraint | DecisionConstraint] = [*_asked_alike(searched, sibling)]
    for constraint in other.constraints:
        if isinstance(constraint, CostConstraint):
            added.append(replace(constraint, other=sibling))
        else:
            added += _over_decisions(searched, sibling, constraint)
    return replace(searched, constraints=(*searched.constraints, *added)) if added else None


def _over_decisions(
    searched: SpaceGraph, sibling: Sibling, constraint: DecisionConstraint
) -> Iterator[DecisionConstraint]:
    """A constraint over decisions of the sibling, over those of the space; none where it binds no architecture of it:
    it needs what is not asked for."""
    own = {decision.path: decision.id for decision in searched.open}
    needs = [own.get(sibling.graph.decisions[id].path) for id in sorted(constraint.needs)]
    here = frozenset(id for id in needs if id is not None)
    if len(here) == len(constraint.needs):
        try:
            condition = translated(searched.diagrams, sibling, constraint.condition)
        except DiagramTooLarge:
            what = f"`where` of `{sibling.name}`, by the decisions of `{searched.name}`,"
            raise SpaceError([DiagramLimit(constraint.span, what)]) from None
        if condition is not True:
            yield DecisionConstraint(here, condition, constraint.span)


def _asked_alike(searched: SpaceGraph, sibling: Sibling) -> Iterator[DecisionConstraint]:
    """That the sibling asks for the same decisions, where it may ask for others: an architecture has a value for each
    decision that is asked for, and for no other."""
    if _built_alike(searched, sibling):
        return
    other, diagrams = sibling.graph, searched.diagrams
    twins = {decision.path: decision for decision in other.open}
    here = Conditions(searched, primitives_of(searched), live=False)
    there = Conditions(other, primitives_of(other), live=False)
    alike: list[Guard] = []
    span = None
    for decision in searched.open:
        if decision.path not in twins:
            continue
        own, its = here.active(decision.id), there.active(twins[decision.path].id)
        if own is None or its is None:
            continue  # too entangled to be known
        try:
            its = translated(diagrams, sibling, its)
            same = own is its or diagrams.ite(own, its, diagrams.negate(its))
        except DiagramTooLarge:
            continue
        if same is not True:
            alike.append(same)
            span = span or twins[decision.path].span
    if span is not None:
        with suppress(DiagramTooLarge):  # else one by one
            alike = [diagrams.all(alike)]
        yield from (DecisionConstraint(frozenset(), same, span) for same in alike)


def _built_alike(searched: SpaceGraph, sibling: Sibling) -> bool:
    """Whether both graphs have the same edges and questions under the same conditions, as those of one declaration
    mostly have: then both ask for the same decisions, which is much quicker to see than when they do."""
    other = sibling.graph
    if len(searched.nodes) != len(other.nodes) or searched.outputs != other.outputs:
        return False
    known: dict[int, Guard] = {}

    def same(own: Guard, its: Guard) -> bool:
        if type(its) is not Diagram:
            return own is its
        if its.uid not in known:
            known[its.uid] = translated(searched.diagrams, sibling, its)
        return own is known[its.uid]

    def alike(here: Node, there: Node) -> bool:
        if len(here.edges) != len(there.edges) or len(here.asks) != len(there.asks):
            return False
        for e, f in zip(here.edges, there.edges, strict=True):
            if e.source != f.source or not same(e.guard, f.guard):
                return False
        for a, b in zip(here.asks, there.asks, strict=True):
            asked, its = searched.decisions[a.decision], other.decisions[b.decision]
            if asked.path != its.path or not same(a.guard, b.guard):
                return False
        return True

    try:
        return all(map(alike, searched.nodes, other.nodes))
    except DiagramTooLarge:
        return False
