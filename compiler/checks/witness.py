"""A smallest architecture that shows an error of the check."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..analysis.architecture import Architecture
from ..diagnostics.budgets import NoWitness
from ..diagnostics.dependence import OutputWithoutInput
from ..diagnostics.model import Diagnostic, Sink, SpaceError
from ..diagnostics.source import Span
from ..record import record
from ..semantics.elaboration.elaborate import elaborate, elaborate_faulty
from ..semantics.modules import Loader
from ..semantics.program import open_module, space_of
from ..semantics.text.names import check_names
from .dependence import outputs_without_input
from .smallest import smallest


@record
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
    if faulty is None and not sink.errors and code.upper() == OutputWithoutInput.code:
        graph = elaborate(reference, sink)
        for warning, architecture in outputs_without_input(graph) if graph is not None else ():
            return Witness(architecture, warning)
    for diagnostic, condition in faults:
        if faulty is not None and diagnostic.code == code.upper():
            return Witness(smallest(faulty.graph, condition), diagnostic)
    misnamed = [d for d in sink.errors if d.span is not None and d.span in (places or {}).values()]
    if misnamed:
        raise SpaceError(misnamed)
    shown = tuple(sorted({diagnostic.code for diagnostic, _ in faults}))
    raise SpaceError([NoWitness(reference.declaration.name.span, reference.declaration.name.id, code, shown)])
