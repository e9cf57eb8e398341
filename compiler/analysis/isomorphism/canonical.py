"""A canonical form of graphs of operation instances: equal for two of them if and only if they are isomorphic.

Instances that are used once are part of the operation that uses them, as in a formula, so that equal branches are equal
formulas and need no order; instances that are always added up together are one sum first. What is used more often is
told apart by colour refinement along the edges in both directions. Where that leaves several alike, each of them is
made the first in turn and the least form wins (individualisation and refinement), without those that a symmetry found
on the way makes superfluous (B. McKay, "Practical graph isomorphism", 1981).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from .instances import Instance, InstanceGraph, Slot

Form = tuple[int, ...]


class CanonicalForms:
    """Canonical forms, comparable with those of the same object alone: equal things are numbered once, as they come."""

    def __init__(self) -> None:
        self._numbers: dict[Hashable, int] = {}

    def number(self, thing: Hashable) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def of(self, graph: InstanceGraph) -> Form:
        """The form of a graph: numbers of formulas, those of the shared instances in canonical order, then the
        outputs."""
        return _Labelling(self, graph).form()


@dataclass(slots=True)
class _Found:
    """The least form so far, the orders of shared instances to compare with, and the symmetries found."""

    form: Form
    order: tuple[int, ...]
    first_form: Form
    first_order: tuple[int, ...]
    symmetries: list[Mapping[int, int]] = field(default_factory=list)


def _bundled(graph: InstanceGraph) -> InstanceGraph:
    """The same graph, in which several instances with the same uses, more than one, are added up once and used as one.

    Ids count from 0 and every operand comes before what uses it.
    """
    uses: dict[int, list[tuple[int, int, int]]] = {id: [] for id in graph.instances}
    for id, instance in graph.instances.items():
        for place, slot in enumerate(instance.operands):
            for source, times in slot.sources:
                uses[source].append((id, place, times))
    for place, (_, slot) in enumerate(graph.outputs):
        for source, times in slot.sources:
            uses[source].append((-1, place, times))
    together: dict[tuple[tuple[int, int, int], ...], list[int]] = {}
    for id, row in uses.items():
        if len(row) > 1 or row[0][2] > 1:
            together.setdefault(tuple(row), []).append(id)
    bundle = {id: members for members in together.values() if len(members) > 1 for id in members}
    new: dict[int, int] = {}
    made: dict[int, Instance] = {}

    def renamed(slot: Slot) -> Slot:
        return Slot(slot.shape, tuple(sorted({new[s]: n for s, n in slot.sources}.items())))

    for id, instance in graph.instances.items():
        operands = tuple([renamed(slot) for slot in instance.operands])
        new[id] = len(made)
        made[new[id]] = Instance(instance.label, operands, instance.ordered)
        if id in bundle and id == bundle[id][-1]:
            sum_of = Slot(None, tuple(sorted((new[member], 1) for member in bundle[id])))
            place = len(made)
            made[place] = Instance("sum", (sum_of,), True)
            new |= dict.fromkeys(bundle[id], place)
    return InstanceGraph(made, tuple((name, renamed(slot)) for name, slot in graph.outputs))


class _Labelling:
    def __init__(self, numbers: CanonicalForms, plain: InstanceGraph) -> None:
        graph = _bundled(plain)
        self.number, self.graph = numbers.number, graph
        self.ids = tuple(graph.instances)
        self.labels = {id: self.number(("label", i.label, i.ordered)) for id, i in graph.instances.items()}
        self.shapes: dict[Hashable, int] = {}
        self.uses: dict[int, list[tuple[int, int, int]]] = {id: [] for id in self.ids}
        for id, instance in graph.instances.items():
            for place, slot in enumerate(instance.operands):
                for source, times in slot.sources:
                    self.uses[source].append((id, place if instance.ordered else -1, times))
        self.results: dict[int, list[tuple[int, int]]] = {}
        for place, (_, slot) in enumerate(graph.outputs):
            for source, times in slot.sources:
                self.results.setdefault(source, []).append((place, times))
        self.shared = [id for id in self.ids if self._times_used(id) > 1]
        self.found: _Found | None = None

    def _times_used(self, id: int) -> int:
        return sum(n for _, _, n in self.uses[id]) + sum(n for _, n in self.results.get(id, ()))

    def form(self) -> Form:
        self._search((), self._refine({}))
        assert self.found is not None
        return self.found.form

    # -- refinement

    def _refine(self, marks: Mapping[int, int]) -> dict[int, int]:
        """A colour of every instance: the same for two instances only if no use, operand or mark tells them apart."""
        colours = {id: marks.get(id, -1) for id in self.ids}
        classes = 0
        while True:
            colours = self._forward(colours)
            if self._classes(colours) == len(self.shared):
                return colours
            colours = self._backward(colours)
            now = self._classes(colours)
            if now in (classes, len(self.shared)):
                return colours
            classes = now

    def _classes(self, colours: Mapping[int, int]) -> int:
        return len({colours[id] for id in self.shared})

    def _forward(self, before: Mapping[int, int]) -> dict[int, int]:
        colours: dict[int, int] = {}
        for id in self.ids:
            instance = self.graph.instances[id]
            operands = self._operands(instance, colours)
            colours[id] = self.number(("down", self.labels[id], before[id], operands))
        return colours

    def _operands(self, instance: Instance, colours: Mapping[int, int]) -> tuple[Hashable, ...]:
        slots: list[tuple[int, tuple[tuple[int, int], ...]]] = []
        for slot in instance.operands:
            slots.append((self._shape(slot), tuple(sorted([(colours[s], n) for s, n in slot.sources]))))
        return tuple(slots if instance.ordered else sorted(slots))

    def _backward(self, forward: Mapping[int, int]) -> dict[int, int]:
        colours: dict[int, int] = {}
        for id in reversed(self.ids):
            uses = tuple(sorted([(colours[user], place, n) for user, place, n in self.uses[id]]))
            colours[id] = self.number(("up", forward[id], uses, tuple(self.results.get(id, ()))))
        return colours

    def _shape(self, slot: Slot) -> int:
        if slot.shape not in self.shapes:
            self.shapes[slot.shape] = self.number(("shape", slot.shape))
        return self.shapes[slot.shape]

    # -- search

    def _search(self, fixed: tuple[int, ...], colours: dict[int, int]) -> None:
        classes: dict[int, list[int]] = {}
        for id in self.shared:
            classes.setdefault(colours[id], []).append(id)
        open = [(len(members), colour) for colour, members in classes.items() if len(members) > 1]
        if not open:
            self._leaf(tuple(sorted(self.shared, key=colours.__getitem__)))
            return
        tried: list[int] = []
        for id in classes[min(open)[1]]:
            if tried and self._same_orbit(id, tried, fixed):
                continue
            tried.append(id)
            marks = {done: place for place, done in enumerate((*fixed, id))}
            self._search((*fixed, id), self._refine(marks))

    def _leaf(self, order: tuple[int, ...]) -> None:
        form = self._written(order)
        found = self.found
        if found is None:
            self.found = _Found(form, order, form, order)
            return
        if form == found.first_form:
            found.symmetries.append(dict(zip(found.first_order, order, strict=True)))
        elif form == found.form:
            found.symmetries.append(dict(zip(found.order, order, strict=True)))
        elif form < found.form:
            found.form, found.order = form, order

    def _same_orbit(self, id: int, tried: Sequence[int], fixed: Iterable[int]) -> bool:
        """Whether a symmetry that leaves ``fixed`` alone takes one of ``tried`` to ``id``."""
        assert self.found is not None
        usable = [s for s in self.found.symmetries if all(s[f] == f for f in fixed)]
        reached, stack = set(tried), list(tried)
        while stack:
            at = stack.pop()
            for symmetry in usable:
                if symmetry[at] not in reached:
                    reached.add(symmetry[at])
                    stack.append(symmetry[at])
        return id in reached

    # -- writing

    def _written(self, order: tuple[int, ...]) -> Form:
        """The formulas of the shared instances, which name each other by their places in ``order``."""
        place = {id: i for i, id in enumerate(order)}
        formulas: dict[int, int] = {}
        named: dict[int, int] = {}
        for id in self.ids:
            instance = self.graph.instances[id]
            formulas[id] = self.number(("formula", self.labels[id], self._operands(instance, named)))
            # A reference and a formula must not be taken for each other: references are negative.
            named[id] = -1 - place[id] if id in place else formulas[id]
        results = []
        for name, slot in self.graph.outputs:
            parts = tuple(sorted([(named[s], n) for s, n in slot.sources]))
            results.append(self.number(("output", name, self._shape(slot), parts)))
        return (*(formulas[id] for id in order), *results)
