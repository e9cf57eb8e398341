"""Whether a search over partial channels has mixtures that cannot be narrowed, known before it starts."""

from __future__ import annotations

from collections.abc import Iterator

from stdsl.compiler.diagnostics.run import WholeMixtures
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.passes.base import run_passes
from stdsl.compiler.passes.partial_channels import unnarrowed
from stdsl.compiler.passes.pipeline import select
from stdsl.compiler.schemas.gradient import GradientConfig
from stdsl.compiler.schemas.search import SearchConfig


def narrowing_warnings(config: SearchConfig, graph: SpaceGraph) -> Iterator[WholeMixtures]:
    """A warning where some chooses of ``graph`` mix all channels though a share is asked for."""
    strategy = config.strategy
    if not isinstance(strategy, GradientConfig) or strategy.relax.groups == 1:
        return
    groups = strategy.relax.groups
    ready, _ = run_passes(graph, select([], strategy.relax.affine))
    paths = unnarrowed(ready, groups)
    if paths:
        chooses = sum(d.kind == "choose" and d.demanded for d in graph.decisions)
        yield WholeMixtures(strategy.place("relax.choose"), groups, paths, chooses)
