"""Whether a search fits its spaces, and its spaces its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import TYPE_CHECKING

from ..diagnostics.model import Diagnostic, Sink
from ..diagnostics.strategies import StrategyNeeded
from ..ir.graph import SpaceGraph
from ..record import record
from .batches import check_batches
from .comparisons import check_comparisons, different
from .ensembles import check_ensemble
from .fusion import check_fusion
from .needs import check_needs
from .outputs import check_auxiliary, check_data
from .tasks import check_task

if TYPE_CHECKING:  # settings and their schemas cost a quarter of a second, and most files of cells have none
    from ..schemas.data import Data
    from ..schemas.search import SearchConfig
    from ..schemas.space_ref import SpaceRef

SpaceOf = Callable[["SpaceRef", "Data"], SpaceGraph | None]
"""The graph of a space as settings name it, perhaps by what some data is like; None where it is wrong, which was
reported."""


@record(eq=False, slots=False)
class CheckedSearch:
    """A search in which nothing is wrong, with the spaces that it names.

    ``graph`` is the space that is searched, ``final`` the one that the result is trained in: the same, or a larger
    sibling of it. ``compared``: the different spaces of ``compare { spaces = … }`` by the first text that names each.
    ``tested``: where networks are measured on other data than they are trained on, their spaces for that: of ``final``
    under "", of ``compared`` under their texts. ``needs``: the searches that run before. ``warnings``: what to tell
    before a run of it.
    """

    config: SearchConfig
    graph: SpaceGraph
    final: SpaceGraph
    compared: Mapping[str, SpaceGraph] = field(default_factory=dict)
    tested: Mapping[str, SpaceGraph] = field(default_factory=dict)
    needs: tuple[CheckedSearch, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()

    @cached_property
    def common(self) -> SpaceGraph:
        """``graph`` with the constraints of ``final``: what is derived and drawn is within `where` of both."""
        if self.final is self.graph:
            return self.graph
        from ..analysis.joint.common import common

        return common(self.graph, self.final)


def check_search(
    config: SearchConfig, space_of: SpaceOf, known: Mapping[str, SearchConfig], sink: Sink
) -> CheckedSearch | None:
    """Reports what of a search does not fit its spaces; None where something does not. ``known``: the searches of the
    file."""
    before = len(sink.errors)
    graph, trained = space_of(config.space, config.data), config.data_of("retrain")
    retrain = config.retrain
    sibling = retrain.space if retrain is not None else None
    last = sibling or config.space
    final = space_of(last, trained) if graph is not None and (sibling or trained is not config.data) else graph
    refs = config.compare.spaces if config.compare is not None else ()
    others = [(ref, other) for ref in refs if (other := space_of(ref, trained)) is not None]
    told = Sink()
    compared = different(others, told)
    if graph is None:
        _tell(told, sink)
        return None
    check_task(config, sink)
    _check_data(config, graph, final, others, sink)
    tested = _tested(config, last, final, others, space_of, sink)
    if config.strategy is None and graph.open:
        sink.add(StrategyNeeded(config.place("space"), config.name, len(graph.open)))
    if config.export is not None:
        from .exports import check_trained

        check_trained(config, graph, sink)
    if config.phase:
        from .phases import check_phases

        check_phases(config, graph, sink)
    if final is not None and final is not graph:
        from .sibling import check_common, check_sibling

        if check_sibling(config, graph, final, sink):
            check_common(config, graph, final, told)
    _tell(told, sink)
    check_comparisons(config, graph, others, sink)
    check_needs(config, [g for g in (graph, final, *compared.values()) if g is not None], known, sink)
    if config.fuse:
        check_fusion(config, known, sink)
    from .formulas import check_formulas

    check_formulas(config, sink)
    if config.strategy is not None:
        from ..families.registry import family

        for stage in config.stages:
            for diagnostic in family(config.strategy.family).check(stage, graph):
                sink.add_once(diagnostic)
    check_batches(config, graph, filter(None, (final, *compared.values())), sink)
    if final is None or len(sink.errors) > before:
        return None
    tested = {text: other for text, other in tested.items() if not text or text in compared}
    checked = CheckedSearch(config, graph, final, compared, tested, warnings=told.diagnostics)
    if config.strategy is not None:
        sink.extend(family(config.strategy.family).check_within(config, checked.common))
    check_ensemble(checked, sink)
    return checked if len(sink.errors) == before else None


def _tell(told: Sink, sink: Sink) -> None:
    for diagnostic in told.diagnostics:
        sink.add_once(diagnostic)


def _check_data(
    config: SearchConfig,
    graph: SpaceGraph,
    final: SpaceGraph | None,
    compared: Sequence[tuple[SpaceRef, SpaceGraph]],
    sink: Sink,
) -> None:
    """Whether all spaces of a search are for its data; where the one that is searched is not, nothing is said of the
    others."""
    place, recipe = config.place("space"), config.retrain
    if not check_data(config, graph, place, sink):
        return
    if getattr(config.strategy, "aux", 0):
        check_auxiliary(config, graph, place, "strategy.aux", sink)
    trained = [(recipe.space.span if recipe.space is not None else place, final, False)] if recipe is not None else []
    for named, other, beside in (*trained, *((ref.span, other, True) for ref, other in compared)):
        if (
            other is not None
            and check_data(config, other, named, sink, "retrain", beside)
            and recipe is not None
            and recipe.aux
        ):
            check_auxiliary(config, other, named, "retrain.aux", sink, "retrain")


def _tested(
    config: SearchConfig,
    last: SpaceRef,
    final: SpaceGraph | None,
    compared: Sequence[tuple[SpaceRef, SpaceGraph]],
    space_of: SpaceOf,
    sink: Sink,
) -> dict[str, SpaceGraph]:
    """The spaces of the networks where they are measured on other data; reports what is not for it."""
    if config.owner("evaluate") != "evaluate" or final is None:
        return {}
    from .sibling import check_sibling

    found: dict[str, SpaceGraph] = {}
    for key, ref, trained in (("", last, final), *((str(ref), ref, graph) for ref, graph in compared)):
        graph = space_of(ref, config.data_of("evaluate"))
        if graph is None or not check_data(config, graph, ref.span, sink, "evaluate", bool(key)):
            continue
        if graph is trained or check_sibling(config, trained, graph, sink, config.data_key("evaluate")):
            found[key] = graph
    return found
