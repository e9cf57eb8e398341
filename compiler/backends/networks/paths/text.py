"""The Python text of a network that computes one path. Free of torch."""

from __future__ import annotations

from ....diagnostics.backends import TooEntangled
from ....diagnostics.model import SpaceError
from ....ir.decisions import Decision
from ....ir.diagram import DiagramTooLarge
from ....ir.graph import SpaceGraph
from ....ops.torch.expressions import Call, Name
from ....record import record
from ...codegen.classes import Classes, Outermost
from ...codegen.conditions import first_value, value_of
from ...codegen.definitions import names_read
from ...codegen.kernel_table import KERNELS, imports_of, kernel
from ...codegen.namespace import SUPERNET
from ...codegen.printing import element_lines, import_line
from ...codegen.render import Source, class_source, render
from ...lowering.externs import permitted
from ...lowering.paths import Places, Sharing, lower_paths


@record
class WrittenPaths:
    """``places``: where the weights of applications stand whose numbers depend on decisions."""

    source: Source
    places: Places


def path_source(graph: SpaceGraph, sharing: Sharing = "separate") -> str:
    """The Python text of the network of ``graph`` that computes one path. Needs no torch. What is raised: as of
    :func:`written_paths`."""
    return written_paths(graph, sharing).source.text


def written_paths(graph: SpaceGraph, sharing: Sharing = "separate") -> WrittenPaths:
    """As :func:`path_source`, with the classes as data. Raises SpaceError (E0823) where the conditions under which
    something is computed are too many for a text."""
    permitted(graph)
    try:
        lowered = lower_paths(graph, sharing)
        outermost = Outermost("SearchNetwork", Name("PathNetwork"), (Name("ROWS"),))
        classes = Classes(lowered.program, outermost, SUPERNET).all
    except DiagramTooLarge as error:
        raise SpaceError([TooEntangled(graph.span, graph.name)]) from error
    read = names_read(classes)
    used = [*(["Decided"] if lowered.decisions else []), *(name for name in KERNELS if name in read)]
    text = render(
        "supernet.py.jinja",
        graph=graph,
        computes="one path of them at a time",
        rows=[line for d in lowered.decisions for line in element_lines(_row(d), 4)],
        layers=sorted(lowered.program.layers),
        imports=imports_of(used),
        externs=list(map(import_line, lowered.program.externs)),
        has_functional="F" in read,
        has_torch="torch" in read,
        parts=list(map(class_source, classes)),
    )
    return WrittenPaths(Source(text, classes), lowered.places)


def _row(decision: Decision) -> Call:
    if decision.kind == "keep":
        values = tuple(range(1, len(decision.options) + 1))
    else:
        values = tuple(value_of(decision, answer) for answer in range(decision.variables[0].arity))
    return kernel("Decided", decision.path, decision.kind, values, first_value(decision))
