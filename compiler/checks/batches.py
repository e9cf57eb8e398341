"""Whether the batches of a search are large enough for the batch-norms of its networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import prod
from typing import TYPE_CHECKING

from ..diagnostics.batches import BatchOfOne
from ..diagnostics.model import Sink
from ..diagnostics.source import Span
from ..ir.diagram import leaves
from ..ir.graph import Node, SpaceGraph
from ..ir.operation import CHANNEL_AXIS

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


def lone_norm(graph: SpaceGraph) -> Node | None:
    """A batch-norm that is trained and has, in some architecture, one position: of one sample it gets one value."""
    reached = {id for _, id in graph.outputs}
    for node in reversed(graph.nodes):
        if node.id in reached:
            reached.update(edge.source for edge in node.edges if edge.guard is not False)
    return next((n for n in graph.nodes if n.id in reached and n.op == "bn" and _is_lone(n, graph)), None)


def _is_lone(node: Node, graph: SpaceGraph) -> bool:
    if node.kind != "apply" or node.frozen:
        return False
    positions = [dim for axis, dim in enumerate(node.type.dims) if axis != CHANNEL_AXIS[node.type.layout]]
    return 1 in leaves(graph.diagrams.apply(lambda *dims: prod(dims), *positions)) if positions else True


def check_batches(config: SearchConfig, searched: SpaceGraph, trained: Iterable[SpaceGraph], sink: Sink) -> None:
    """Reports batches of one sample that the settings ask for; ``trained`` as in :func:`batches_of_one`."""
    from ..schemas.retraining import final_batches

    strategy = config.strategy
    sizes = getattr(strategy, "batch", None), min(final_batches(config)) if config.retrain is not None else None
    sink.extend(batches_of_one(config, searched, trained, sizes))
    by_batch = getattr(getattr(strategy, "relax", None), "statistics", None) == "batch"
    if strategy is not None and by_batch and getattr(strategy, "measure", None) == 1 and sizes[0] != 1:
        norm = lone_norm(searched) if searched.open else None
        if norm is not None:
            sink.add(BatchOfOne(strategy.place("measure"), norm=norm.span, setting="measure"))


def batches_of_one(
    config: SearchConfig, searched: SpaceGraph, trained: Iterable[SpaceGraph], sizes: tuple[int | None, int | None]
) -> Iterator[BatchOfOne]:
    """A diagnostic for the search, and one for the final training and the comparisons, where batches have one sample.

    ``sizes``: the batches of both as far as they are known. ``trained``: all spaces of the latter.
    """
    searching, training = sizes
    if searching == 1 and searched.open and config.strategy is not None:
        norm = lone_norm(searched)
        if norm is not None:
            asked = getattr(config.strategy, "batch", None)
            yield _found(config, config.strategy.place("batch"), asked, "one to search with", norm)
    if training == 1 and config.retrain is not None:
        from ..schemas.retraining import batch_place, final_batches

        norm = next(filter(None, map(lone_norm, trained)), None)
        if norm is not None:
            yield _found(config, batch_place(config), min(final_batches(config)), "one to train on", norm)


def _found(config: SearchConfig, place: Span | None, asked: int | None, left: str, norm: Node) -> BatchOfOne:
    """``asked``: what the setting says; when that is more, the data is to blame."""
    if asked == 1:
        return BatchOfOne(place, norm=norm.span)
    return BatchOfOne(config.place("data"), f"the data has {left}", norm.span)
