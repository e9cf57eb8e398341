"""What very many architectures cost: by formulas where they are exact, else each by the network that it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from ...diagnostics.model import ArchitectureError
from ...ir.graph import SpaceGraph
from ..architecture import answers_of, architecture, of_answers
from ..membership import membership
from ..memo import once_per_graph
from .additive import settled
from .formulas import Formulas, formulas
from .of_architecture import Costs, costs

PATIENCE = 16
"""Formulas take as long as some dozens of networks. They are made when so many architectures of a space were asked
about."""

AT_ONCE = 1024
"""So many architectures are looked at together: more is no faster, and takes memory."""

FEW = 32
"""Fewer are faster one after the other."""

T = TypeVar("T")


def costs_of(graph: SpaceGraph, mapping: Mapping[str, Any]) -> Costs:
    """The costs of the architecture of ``graph`` that ``mapping`` is; it may cost more than `where` allows. Raises
    ArchitectureError as :func:`architecture` does."""
    found = _formulas(graph, 1)
    if found is None:
        return costs(graph, architecture(graph, mapping))
    members = membership(graph)
    answers = members.read(mapping)
    if answers is not None:
        whole = members.settled(answers)
        if members.holds(answers, whole):
            return found.of(whole)
    return found.of(_at_length(graph, mapping))


def costs_under(graph: SpaceGraph, answers: Mapping[int, int]) -> Costs:
    """The costs of an architecture of ``graph`` by answers (variable index → answer) to its active decisions; others
    may have some, too."""
    found = _formulas(graph, 1)
    return costs(graph, of_answers(graph, answers)) if found is None else found.of(settled(graph, answers))


def costs_of_each(graph: SpaceGraph, mappings: Iterable[Mapping[str, Any]]) -> list[Costs]:
    """The costs of each of many architectures (:func:`costs_of`). Raises ArchitectureError for the first mapping that
    is none, with a note that says which it is."""
    rest = iter(mappings)
    found: list[Costs] = []
    while part := list(islice(rest, AT_ONCE)):
        together = _formulas(graph, len(part)) if len(part) >= FEW else None
        if together is not None:
            found += _together(graph, together, part, len(found))
        else:
            found += [_placed(costs_of, graph, mapping, place) for place, mapping in enumerate(part, len(found))]
    return found


def _together(graph: SpaceGraph, found: Formulas, mappings: Sequence[Mapping[str, Any]], first: int) -> list[Costs]:
    """The costs of architectures that are looked at together; ``first``: the place of the first of them."""
    import numpy as np

    members = membership(graph)
    read = [members.read(mapping) for mapping in mappings]
    given = np.array([members.nothing if answers is None else answers for answers in read], dtype=np.int32)
    given = np.ascontiguousarray(given.T)
    answers = np.where(given < 0, np.array(members.defaults, dtype=np.int32)[:, None], given)
    holding = members.holds_in(given, answers) & np.array([answers is not None for answers in read])
    for place in np.flatnonzero(~holding).tolist():
        answers[:, place] = _placed(_at_length, graph, mappings[place], first + place)
    return found.of_columns(answers)


def _at_length(graph: SpaceGraph, mapping: Mapping[str, Any]) -> list[int]:
    """The answers to all variables where it is not told fast that the mapping is an architecture."""
    return settled(graph, answers_of(graph, architecture(graph, mapping)))


def _placed(
    function: Callable[[SpaceGraph, Mapping[str, Any]], T], graph: SpaceGraph, mapping: Mapping[str, Any], place: int
) -> T:
    """What the function makes of a mapping; its ``place`` in the list is told where it is no architecture."""
    try:
        return function(graph, mapping)
    except ArchitectureError as error:
        error.add_note(f"It is the architecture at place {place} of the list, counted from 0.")
        raise


@dataclass(slots=True)
class _Asked:
    times: int = 0


@once_per_graph
def _asked(graph: SpaceGraph) -> _Asked:
    return _Asked()


def _formulas(graph: SpaceGraph, times: int) -> Formulas | None:
    """The formulas of the space, where they are worth their time and exact; ``times``: of how many architectures more
    they are asked."""
    asked = _asked(graph)
    asked.times += times
    return formulas(graph) if asked.times > PATIENCE else None
