"""Whether a search that is to compute things again in the backward pass has any, known before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from stdsl.compiler.diagnostics.run import NothingRecomputed
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.passes.base import run_passes
from stdsl.compiler.passes.pipeline import select
from stdsl.compiler.schemas.gradient import GradientConfig
from stdsl.compiler.schemas.search import SearchConfig


def recompute_warnings(config: SearchConfig, graph: SpaceGraph) -> Iterator[NothingRecomputed]:
    """A warning where `recompute` leaves what a step keeps of ``graph`` as it is."""
    strategy = config.strategy
    if not isinstance(strategy, GradientConfig) or strategy.relax.recompute is None:
        return
    _, reports = run_passes(graph, select(strategy.relax.passes, strategy.relax.affine))
    found = [report for report in reports if report.name.startswith("recompute_")]
    if all(report.kept_before == report.kept_after for report in found):
        yield NothingRecomputed(strategy.place("relax.recompute"), strategy.relax.recompute)
