"""Whether a search that is to compute things again in the backward pass saves memory by it, known before it starts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from ...diagnostics.run import NothingRecomputed
from ...ir.graph import SpaceGraph
from ...passes.pipeline import run_passes, select
from ...schemas.relax import Relax
from .settings import GradientConfig

What = Literal["cells", "operations"]
OTHER: dict[What, What] = {"cells": "operations", "operations": "cells"}


def recompute_warnings(strategy: GradientConfig, graph: SpaceGraph) -> Iterator[NothingRecomputed]:
    """A warning where `recompute` leaves what a step keeps of ``graph`` as it is."""
    if strategy.relax.recompute is None:
        return
    what = strategy.relax.recompute
    if not _saves(strategy.relax, what, graph):
        better = OTHER[what] if _saves(strategy.relax, OTHER[what], graph) else None
        yield NothingRecomputed(strategy.place("relax.recompute"), what, better)


def _saves(relax: Relax, what: What, graph: SpaceGraph) -> bool:
    asked = relax.model_copy(update={"recompute": what})
    _, reports = run_passes(graph, select(asked.passes, relax.affine, relax.groups), relax.keep is not None)
    return any(r.kept_after < r.kept_before for r in reports if r.name.startswith("recompute_"))
