"""A smallest architecture that shows an error of the check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis.architecture import Architecture, of_answers
from ..analysis.conditions import Conditions
from ..analysis.costs.additive import default_answers
from ..analysis.diagrams.elimination import INFINITE, Function, eliminate, ordering
from ..analysis.validity import validity
from ..diagnostics.budgets import NoWitness
from ..diagnostics.model import Diagnostic, Sink, SpaceError
from ..diagnostics.source import Span
from ..ir.diagram import Guard, witness
from ..ir.graph import SpaceGraph
from ..ops.registry import primitives_of
from ..semantics.elaboration.elaborate import elaborate_faulty
from ..semantics.modules import Loader
from ..semantics.program import open_module, space_of
from ..semantics.text.names import check_names

LATER = 1e-4
"""What an answer that is not the first one counts beside an active decision."""


@dataclass(frozen=True, slots=True)
class Witness:
    """An architecture that shows ``diagnostic``."""

    architecture: Architecture
    diagnostic: Diagnostic


def find_witness(
    target: str | Path,
    name: str | None,
    arguments: Mapping[str, Any],
    code: str,
    places: Mapping[str, Span] | None = None,
) -> Witness:
    """A smallest architecture that shows the first error with this code: one with the fewest active decisions, and
    among these one with the fewest answers other than the first.

    ``places``: where the arguments are named, where that is a text.

    Raises SpaceError: with what is wrong with the file where there is no such space, or with the arguments, or E0445.
    """
    sink = Sink()
    module = open_module(target, Loader(sink))
    reference = space_of(module, name, arguments, sink, places) if module is not None else None
    if module is None or reference is None:
        raise SpaceError(sink.diagnostics)
    check_names(module, sink)
    faulty = elaborate_faulty(reference, sink)
    faults = sorted(faulty.faults, key=lambda f: f[0].span.start if f[0].span else -1) if faulty is not None else []
    for diagnostic, condition in faults:
        if faulty is not None and diagnostic.code == code.upper():
            return Witness(smallest(faulty.graph, condition), diagnostic)
    misnamed = [d for d in sink.errors if d.span is not None and d.span in (places or {}).values()]
    if misnamed:
        raise SpaceError(misnamed)
    shown = tuple(sorted({diagnostic.code for diagnostic, _ in faults}))
    raise SpaceError([NoWitness(reference.declaration.name.span, reference.declaration.name.id, code, shown)])


def smallest(graph: SpaceGraph, condition: Guard) -> Architecture:
    """The smallest architecture for which a condition holds that some architecture meets.

    Constraints of the space are honoured where that is possible.
    """
    diagrams = graph.diagrams
    sizes: list[Function] = []
    conditions = Conditions(graph, primitives_of(graph), live=False)
    for decision in graph.open:
        active = conditions.active(decision.id)
        if active is not None:
            sizes.append(diagrams.ite(active, 1, 0))
        sizes += [diagrams.case(v, [LATER * (answer > 0) for answer in range(v.arity)]) for v in decision.variables]
    wanted = diagrams.ite(condition, 0, INFINITE)
    keeps = [diagrams.ite(d.valid, 0, INFINITE) for d in graph.open if d.kind == "keep"]
    for allowed in (validity(graph)[0], keeps):
        functions = [*sizes, *allowed, wanted]
        found = eliminate(diagrams, functions, ordering(diagrams, functions))
        answers = found.witness()
        if found.least != INFINITE and answers is not None:
            return of_answers(graph, {**default_answers(graph), **answers})
    # Too entangled for the smallest one: the first one.
    return of_answers(graph, {**default_answers(graph), **(witness(condition) or {})})
