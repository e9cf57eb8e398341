"""Whether a search over partial channels has mixtures that cannot be narrowed, known before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.run import WholeMixtures
from ...ir.graph import SpaceGraph
from ...passes.partial_channels import unnarrowed
from ...passes.pipeline import run_passes, select
from .settings import GradientConfig


def narrowing_warnings(strategy: GradientConfig, graph: SpaceGraph) -> Iterator[WholeMixtures]:
    """A warning where some chooses of ``graph`` mix all channels though a share is asked for."""
    if strategy.relax.groups == 1:
        return
    groups = strategy.relax.groups
    ready, _ = run_passes(graph, select([], strategy.relax.affine))
    paths = unnarrowed(ready, groups)
    if paths:
        chooses = sum(d.kind == "choose" and d.demanded for d in graph.decisions)
        yield WholeMixtures(strategy.place("relax.choose"), groups, paths, chooses)
