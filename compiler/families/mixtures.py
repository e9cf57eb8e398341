"""What a family cannot search that computes all cases of a decision at once, and what searches it instead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..diagnostics.backends import MixtureAsked, NotRelaxable
from ..ir.graph import SpaceGraph
from ..schemas.search import SearchConfig
from .registry import family, those


def not_mixed(config: SearchConfig, graph: SpaceGraph, drawn: bool = False) -> Iterator[NotRelaxable]:
    """Why a search that weights all cases cannot have this space. ``drawn``: it computes one alternative of a choice,
    and all elements of keeps."""
    from ..analysis.relaxable import drawable, relaxable

    found = drawable(graph) if drawn else relaxable(graph)
    if not found:
        return
    alone = those("mixes", False)
    settings = tuple(f"`{name}` with `{family(name).unmixed}`" for name in those("unmixed"))
    asked = MixtureAsked(config.name, config.place("strategy"), drawn, alone, settings)
    for each in found:
        yield replace(each, asked=asked)
