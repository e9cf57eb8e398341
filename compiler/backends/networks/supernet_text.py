"""The Python text of a supernet. Free of torch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from ...analysis.relaxable import relaxable
from ...diagnostics.model import SpaceError
from ...ir.decisions import Decision
from ...ir.graph import SpaceGraph
from ...passes.pipeline import PassReport, Watch, run_passes, select
from ...text.quoting import python_string, python_value
from ..codegen.classes import Classes
from ..codegen.kernel_table import KERNELS
from ..codegen.layout import statement
from ..codegen.namespace import SUPERNET
from ..codegen.render import class_source, render
from ..lowering.externs import permitted
from ..lowering.supernet import KeepWeights, lower_supernet


@dataclass(frozen=True, slots=True)
class Relaxation:
    """How decisions become weights. ``choose`` (and counts): softmax, sigmoid or samples of the Gumbel-softmax
    distribution; ``keep`` (and sites): sigmoid, softmax, or none, which computes all elements unweighted; gates:
    sigmoid. ``affine``: whether norms of candidate
    operations have a scale and a bias. ``groups``: one in so many channels goes through the mixtures, K of PC-DARTS."""

    choose: Literal["softmax", "sigmoid", "gumbel"] = "softmax"
    keep: KeepWeights = "sigmoid"
    affine: bool = True
    groups: int = 1


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
    relaxation = relaxation or Relaxation()
    permitted(graph)
    result, reports = rewritten(graph, relaxation, passes, watch)
    lowered = lower_supernet(result, relaxation.keep)
    classes = Classes(lowered.program, "SearchNetwork", SUPERNET)
    parts = [class_source(text) for text in classes.parts]
    outputs = None
    if len(graph.outputs) > 1:
        pairs = ", ".join(
            f"{python_string(n)}: {v}" for (n, _), v in zip(graph.outputs, classes.root.result, strict=True)
        )
        outputs = f"{{{pairs}}} if self.training else {classes.root.result[0]}"
    prologue = ["weights = self.decision_weights()"] if lowered.used else []
    parts.append(class_source(classes.root, "Supernet", outputs, super_arguments="ROWS", prologue=prologue))
    text = render(
        "supernet.py.jinja",
        graph=graph,
        rows=[line for d in lowered.used for line in _row(d, relaxation)],
        layers=sorted(lowered.program.layers),
        imports=_imports([*(["Row"] if lowered.used else []), "Supernet", *_used(parts)]),
        externs=lowered.program.externs,
        has_functional=any("F." in part for part in parts),
        has_torch=any("torch." in part for part in parts),
        parts=parts,
    )
    return text, reports


def _used(parts: list[str]) -> list[str]:
    return [name for name in KERNELS if any(re.search(rf"(?<![.\w]){name}\(", part) for part in parts)]


def _imports(names: Iterable[str]) -> list[tuple[str, list[str]]]:
    """Modules and what is imported from them, both in order."""
    found: dict[str, set[str]] = {}
    for name in names:
        found.setdefault(KERNELS[name], set()).add(name)
    return [(module, sorted(found[module])) for module in sorted(found)]


def _row(decision: Decision, relaxation: Relaxation) -> list[str]:
    by = {"choose": relaxation.choose, "count": relaxation.choose, "keep": relaxation.keep, "gate": "sigmoid"}[
        decision.kind
    ]
    given = [
        decision.path,
        decision.kind,
        by,
        *([decision.options] if decision.options and decision.kind != "gate" else []),
    ]
    arguments = [python_value(value) for value in given]
    if decision.trivial:
        arguments.append("site=True")
    return statement(f"Row({', '.join(arguments)}),", 4)
