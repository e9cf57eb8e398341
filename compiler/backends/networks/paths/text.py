"""The Python text of a network that computes one path. Free of torch."""

from __future__ import annotations

from ....analysis.relaxable import drawable
from ....diagnostics.backends import TooEntangled
from ....diagnostics.model import SpaceError
from ....ir.decisions import Decision
from ....ir.diagram import DiagramTooLarge
from ....ir.graph import SpaceGraph
from ....ops.torch.expressions import Call, Name
from ....passes.plain_norms import plain_norms
from ....record import record
from ...codegen.classes import Classes, Outermost
from ...codegen.conditions import first_value, value_of
from ...codegen.definitions import names_read
from ...codegen.kernel_table import KERNELS, imports_of, kernel
from ...codegen.namespace import SUPERNET
from ...codegen.printing import element_lines, import_line
from ...codegen.render import Source, class_source, render
from ...lowering.drawn import lower_drawn
from ...lowering.externs import permitted
from ...lowering.paths import Places, Sharing, lower_paths


@record
class WrittenPaths:
    """``places``: where the weights of applications stand whose numbers depend on decisions."""

    source: Source
    places: Places


def drawn_source(graph: SpaceGraph, sharing: Sharing = "separate", affine: bool = True) -> str:
    """The Python text of the network of ``graph`` that draws a path for each pass. What is raised: as of
    :func:`written_paths`."""
    return written_drawn(graph, sharing, affine).source.text


def path_source(graph: SpaceGraph, sharing: Sharing = "separate") -> str:
    """The Python text of the network of ``graph`` that computes one path. Needs no torch. What is raised: as of
    :func:`written_paths`."""
    return written_paths(graph, sharing).source.text


def written_paths(graph: SpaceGraph, sharing: Sharing = "separate") -> WrittenPaths:
    """As :func:`path_source`, with the classes as data. Raises SpaceError (E0823) where the conditions under which
    something is computed are too many for a text."""
    return _written(graph, sharing, drawn=False)


def written_drawn(graph: SpaceGraph, sharing: Sharing = "separate", affine: bool = True) -> WrittenPaths:
    """As :func:`drawn_source`, with the classes as data. ``affine``: norms of candidate operations have a scale and a
    bias. Raises SpaceError where elements of keeps cannot all be there, too."""
    problems = drawable(graph)
    if problems:
        raise SpaceError(problems)
    return _written(as_searched(graph, affine), sharing, drawn=True)


def as_searched(graph: SpaceGraph, affine: bool) -> SpaceGraph:
    """``graph`` with the norms that a search by decision weights has."""
    return graph if affine else plain_norms(graph)


def _written(graph: SpaceGraph, sharing: Sharing, drawn: bool) -> WrittenPaths:
    permitted(graph)
    try:
        lowered = (lower_drawn if drawn else lower_paths)(graph, sharing)
        outermost = Outermost("SearchNetwork", Name("DrawnNetwork" if drawn else "PathNetwork"), (Name("ROWS"),))
        classes = Classes(lowered.program, outermost, SUPERNET).all
    except DiagramTooLarge as error:
        raise SpaceError([TooEntangled(graph.span, graph.name)]) from error
    rows = [_weighed_row(d) if drawn and d.kind != "keep" else _row(d) for d in lowered.decisions]
    read = {*names_read(classes), *(row.function.id for row in rows if isinstance(row.function, Name))}
    text = render(
        "supernet.py.jinja",
        graph=graph,
        computes="one path of them at a time",
        rows=[line for row in rows for line in element_lines(row, 4)],
        layers=sorted(lowered.program.layers),
        imports=imports_of(name for name in KERNELS if name in read),
        externs=list(map(import_line, lowered.program.externs)),
        has_functional="F" in read,
        has_torch="torch" in read,
        parts=list(map(class_source, classes)),
    )
    return WrittenPaths(Source(text, classes), lowered.places)


def _weighed_row(decision: Decision) -> Call:
    by = "concrete" if decision.kind == "gate" else "gumbel"
    options = [] if decision.kind == "gate" else [decision.options]
    return kernel("Row", decision.path, decision.kind, by, *options)


def _row(decision: Decision) -> Call:
    if decision.kind == "keep":
        values = tuple(range(1, len(decision.options) + 1))
    else:
        values = tuple(value_of(decision, answer) for answer in range(decision.variables[0].arity))
    return kernel("Decided", decision.path, decision.kind, values, first_value(decision))
