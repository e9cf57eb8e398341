"""Whether a search fits its spaces, and its spaces its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..diagnostics.model import Diagnostic, Sink
from ..diagnostics.source import Span
from ..ir.graph import SpaceGraph
from .batches import check_batches

if TYPE_CHECKING:  # settings and their schemas cost a quarter of a second, and most files of cells have none
    from ..schemas.data import InputSignature
    from ..schemas.search import SearchConfig
    from ..schemas.space_ref import SpaceRef

SpaceOf = Callable[["SpaceRef"], SpaceGraph | None]
"""The graph of a space as settings name it; None where it is wrong, which was reported."""


@dataclass(frozen=True, eq=False)
class CheckedSearch:
    """A search in which nothing is wrong, with the spaces that it names.

    ``final`` is the space that the result is trained in: ``graph``, or a larger sibling of it. ``compared``: the
    different spaces of ``compare { spaces = … }`` by the first text that names each. ``needs``: the searches that run
    before. ``warnings``: what to tell before a run of it.
    """

    config: SearchConfig
    graph: SpaceGraph
    final: SpaceGraph
    compared: Mapping[str, SpaceGraph] = field(default_factory=dict)
    needs: tuple[CheckedSearch, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()


def check_search(config: SearchConfig, space_of: SpaceOf, sink: Sink) -> CheckedSearch | None:
    """Reports what of a search does not fit its spaces; None where something does not."""
    before = len(sink.errors)
    graph = space_of(config.space)
    refs = list(_others(config))
    others = {str(ref): space_of(ref) for ref in refs}
    compared: Mapping[str, SpaceGraph] = {}
    twice = Sink()
    if config.compare is not None:
        from .comparisons import different

        compared = different([(ref, g) for ref in config.compare.spaces if (g := others[str(ref)]) is not None], twice)
        for warning in twice.diagnostics:
            sink.add_once(warning)
    if graph is None:
        return None
    from ..semantics.settings import check_strategy

    if _check_data(config, graph, None, sink):
        for ref in refs:
            other = others[str(ref)]
            if other is not None:
                _check_data(config, other, ref.span, sink)
    check_strategy(config, len(graph.open), sink)
    if config.export is not None:
        from .exports import check_trained

        check_trained(config, graph, sink)
    if config.phase:
        from .phases import check_phases

        check_phases(config, graph, sink)
    retrain = config.retrain.space if config.retrain is not None else None
    final = graph if retrain is None else others[str(retrain)]
    if retrain is not None and final is not None:
        from .sibling import check_sibling

        check_sibling(config, graph, final, sink)
    if config.strategy is not None and config.strategy.family == "gradient":
        from ..analysis.relaxable import relaxable

        sink.extend(relaxable(graph))
    check_batches(config, graph, filter(None, (final, *compared.values())), sink)
    if final is None or len(sink.errors) > before:
        return None
    return CheckedSearch(config, graph, final, compared, warnings=twice.diagnostics)


def _others(config: SearchConfig) -> Iterator[SpaceRef]:
    """The spaces that a search names beside the one that it searches."""
    if config.retrain is not None and config.retrain.space is not None:
        yield config.retrain.space
    if config.compare is not None:
        yield from config.compare.spaces


def _check_data(config: SearchConfig, graph: SpaceGraph, place: Span | None, sink: Sink) -> bool:
    from ..semantics.settings import check_data

    return check_data(config, *signature_of(graph), sink, place)


def signature_of(graph: SpaceGraph) -> tuple[list[InputSignature], int | None]:
    """The inputs of a space, and the number of classes of its prediction (None where that depends on decisions)."""
    from ..schemas.data import InputSignature

    inputs = [
        InputSignature(graph.nodes[id].op, graph.nodes[id].type.layout, tuple(graph.nodes[id].type.dims))
        for id in graph.inputs
    ]
    channels = graph.nodes[graph.outputs[0][1]].type.channels
    return inputs, channels if type(channels) is int else None
