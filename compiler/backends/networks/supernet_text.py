"""The Python text of a supernet. Free of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from ...analysis.relaxable import relaxable
from ...diagnostics.model import SpaceError
from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ...ops.torch.expressions import Call, Name
from ...passes.pipeline import PassReport, Watch, run_passes, select
from ...record import record
from ..codegen.classes import Classes, Outermost
from ..codegen.definitions import names_read
from ..codegen.kernel_table import KERNELS, imports_of, kernel
from ..codegen.namespace import SUPERNET
from ..codegen.printing import element_lines, import_line
from ..codegen.render import Source, class_source, render
from ..lowering.externs import permitted
from ..lowering.supernet import KeepWeights, lower_supernet


@record
class Relaxation:
    """How decisions become weights. ``choose`` (and counts): softmax, sigmoid or samples of the Gumbel-softmax
    distribution; ``keep`` (and sites): sigmoid, softmax, or none, which computes all elements unweighted; ``gate``:
    sigmoid. Of keeps and gates `concrete` takes samples of the binary concrete distribution, which is conditioned on
    the sizes of a keep. ``affine``: whether norms of candidate operations have a scale and a bias. ``groups``: one in
    so many channels goes through the mixtures, K of PC-DARTS."""

    choose: Literal["softmax", "sigmoid", "gumbel"] = "softmax"
    keep: KeepWeights = "sigmoid"
    affine: bool = True
    groups: int = 1
    gate: Literal["sigmoid", "concrete"] = "sigmoid"


def rewritten(
    graph: SpaceGraph,
    relaxation: Relaxation | None = None,
    passes: Sequence[str] | None = None,
    watch: Watch | None = None,
) -> tuple[SpaceGraph, tuple[PassReport, ...]]:
    """The graph as passes leave it for the lowering to a supernet, and what each pass did.

    ``passes``: names of those to run, or to leave out (``-share_common``); None runs all. ``watch`` sees the graph
    after each.
    Raises SpaceError with a diagnostic for each decision that cannot be relaxed, and for unknown passes.
    """
    relaxation = relaxation or Relaxation()
    problems = relaxable(graph)
    if problems:
        raise SpaceError(problems)
    chosen = select(passes, relaxation.affine, relaxation.groups)
    result, reports = run_passes(graph, chosen, relaxation.keep != "none", watch)
    return result, tuple(reports)


def supernet_source(
    graph: SpaceGraph,
    relaxation: Relaxation | None = None,
    passes: Sequence[str] | None = None,
    watch: Watch | None = None,
) -> tuple[str, tuple[PassReport, ...]]:
    """The Python text of the supernet of ``graph``, and what each pass did. Needs no torch.

    ``passes``, ``watch``, and what is raised: as of :func:`rewritten`.
    """
    written, reports = written_supernet(graph, relaxation, passes, watch)
    return written.text, reports


def written_supernet(
    graph: SpaceGraph,
    relaxation: Relaxation | None = None,
    passes: Sequence[str] | None = None,
    watch: Watch | None = None,
) -> tuple[Source, tuple[PassReport, ...]]:
    """As :func:`supernet_source`, with the classes as data."""
    relaxation = relaxation or Relaxation()
    permitted(graph)
    result, reports = rewritten(graph, relaxation, passes, watch)
    lowered = lower_supernet(result, relaxation.keep)
    outermost = Outermost("SearchNetwork", Name("Supernet"), (Name("ROWS"),))
    classes = Classes(lowered.program, outermost, SUPERNET).all
    read = names_read(classes)
    text = render(
        "supernet.py.jinja",
        graph=graph,
        computes="mixed by their weights",
        rows=[line for d in lowered.used for line in element_lines(_row(d, relaxation), 4)],
        layers=sorted(lowered.program.layers),
        imports=imports_of([*(["Row"] if lowered.used else []), *(name for name in KERNELS if name in read)]),
        externs=list(map(import_line, lowered.program.externs)),
        has_functional="F" in read,
        has_torch="torch" in read,
        parts=list(map(class_source, classes)),
    )
    return Source(text, classes), reports


def _row(decision: Decision, relaxation: Relaxation) -> Call:
    by = {"choose": relaxation.choose, "count": relaxation.choose, "keep": relaxation.keep, "gate": relaxation.gate}[
        decision.kind
    ]
    options = [decision.options] if decision.options and decision.kind != "gate" else []
    more: dict[str, Any] = {"site": True} if decision.trivial else {}
    if by == "concrete" and decision.sizes is not None:
        more["sizes"] = decision.sizes
    return kernel("Row", decision.path, decision.kind, by, *options, **more)
