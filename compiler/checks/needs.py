"""What a search takes from the searches that run before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ..diagnostics.model import Sink
from ..diagnostics.needs import WeightsOfNoNeed
from ..ir.graph import Scope, SpaceGraph

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


def scopes_of_runs(graph: SpaceGraph) -> list[tuple[Scope, str]]:
    """The calls of a space with `weights = "run:NAME"`, and the NAME."""
    return [(scope, scope.weights_search) for scope in graph.scopes if scope.weights_search is not None]


def check_needs(
    config: SearchConfig, graphs: Iterable[SpaceGraph], known: Mapping[str, SearchConfig], sink: Sink
) -> None:
    """Reports calls whose weights are of a search that the given one does not need, or that trains no network.

    ``known``: the searches of the file.
    """
    seen: set[str] = set()
    for graph in graphs:
        for scope, name in scopes_of_runs(graph):
            needed = known.get(name)
            untrained = needed is not None and needed.retrain is None and needed.export is None
            if name not in seen and (name not in config.before or untrained):
                sink.add_once(WeightsOfNoNeed(scope.span, name, config.name, untrained))
            seen.add(name)
