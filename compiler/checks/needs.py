"""What a search takes from the searches that run before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from ..diagnostics.model import Sink
from ..diagnostics.needs import WeightsOfNoNeed
from ..ir.graph import Scope, SpaceGraph

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig

PREFIX: Final = "run:"


def scopes_of_runs(graph: SpaceGraph) -> list[Scope]:
    """The calls of a space with `weights = "run:NAME"`."""
    return [scope for scope in graph.scopes if scope.weights is not None and scope.weights.startswith(PREFIX)]


def search_behind(scope: Scope) -> str:
    """NAME of such a call: the search whose weights it loads."""
    return (scope.weights or "").removeprefix(PREFIX)


def check_needs(
    config: SearchConfig, graphs: Iterable[SpaceGraph], known: Mapping[str, SearchConfig], sink: Sink
) -> None:
    """Reports calls whose weights are of a search that the given one does not need, or that trains no network.

    ``known``: the searches of the file.
    """
    seen: set[str] = set()
    for graph in graphs:
        for scope in scopes_of_runs(graph):
            name = search_behind(scope)
            needed = known.get(name)
            untrained = needed is not None and needed.retrain is None and needed.export is None
            if name not in seen and (name not in config.before or untrained):
                sink.add_once(WeightsOfNoNeed(scope.span, name, config.name, untrained))
            seen.add(name)
