"""Which passes a supernet goes through, in which order, choosing among them by name, and running them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from importlib import import_module
from typing import get_args

from ..diagnostics.backends import UnknownPass
from ..diagnostics.model import SpaceError
from ..ir.graph import SpaceGraph
from ..record import record
from ..schemas.relax import PassName
from . import expand_numbers, name_weights, plain_norms, recompute_cells, recompute_merged
from .base import Pass
from .partial_channels import partial_channels_pass
from .saved_bytes import kept_bytes
from .verify import verify

USUAL: tuple[Pass, ...] = tuple(import_module(f".{name}", __package__).PASS for name in get_args(PassName))
"""Those that run unless they are left out, in the order in which the settings of a search name them."""

ALL: tuple[Pass, ...] = (
    name_weights.PASS,
    plain_norms.PASS,
    expand_numbers.PASS,
    *USUAL,
    recompute_merged.PASS,
    recompute_cells.PASS,
)

EVERY = "all"
"""Stands for all passes where passes are named to be watched."""


def select(names: Sequence[str] | None = None, affine: bool = True, groups: int = 1) -> tuple[Pass, ...]:
    """The passes to run, in order: those that lowering needs and all others that are not optional, or ``names`` alone.
    A name with a ``-`` in front is left out of all, one with a ``+`` is run beside them: ``["-share_common"]``,
    ``["+recompute_cells"]``. ``affine``: candidates keep the scale and bias of their norms.
    ``groups``: one in so many channels goes through mixtures.

    Raises SpaceError for an unknown name.
    """
    choosable = tuple(p.name for p in ALL if not p.required)
    unknown = [name for n in names or () if (name := n.lstrip("-+")) not in choosable]
    if unknown:
        raise SpaceError([UnknownPass(None, name, choosable) for name in unknown])
    usual = {p.name for p in ALL if not p.required and not p.optional}
    changed = names is None or any(name[0] in "-+" for name in names)
    wanted = usual - {name[1:] for name in names or () if name[0] == "-"} if changed else set()
    wanted |= {name.removeprefix("+") for name in names or () if name[0] != "-"}
    chosen = [p for p in ALL if (p.required and (p is not plain_norms.PASS or not affine)) or p.name in wanted]
    if groups > 1:
        chosen.insert(chosen.index(expand_numbers.PASS) + 1, partial_channels_pass(groups))
    return tuple(chosen)


@record
class PassReport:
    """What a pass did: the number of nodes before and after, and the predicted bytes per sample (float32) that the
    supernet keeps for the backward pass."""

    name: str
    doc: str
    before: int
    after: int
    kept_before: int = 0
    kept_after: int = 0


Watch = Callable[[str, SpaceGraph], None]
"""Told the name of each pass that was run, and the graph after it."""


def watched(names: Collection[str]) -> tuple[str, ...]:
    """The passes to watch: those named, or with ``all`` every one. Raises SpaceError for an unknown name."""
    every = tuple(p.name for p in ALL)
    unknown = [name for name in names if name not in (*every, EVERY)]
    if unknown:
        raise SpaceError([UnknownPass(None, name, (*every, EVERY)) for name in unknown])
    return every if EVERY in names else tuple(names)


def run_passes(
    graph: SpaceGraph, passes: Iterable[Pass], keeps: bool = True, watch: Watch | None = None
) -> tuple[SpaceGraph, list[PassReport]]:
    """The graph after all passes, verified after each, and what each did. ``keeps``: whether elements of keeps have
    weights."""
    reports = []
    kept = kept_bytes(graph, keeps)
    for step in passes:
        result = step.run(graph)
        verify(result, step.name)
        before, kept = kept, kept_bytes(result, keeps)
        reports.append(PassReport(step.name, step.doc, len(graph.nodes), len(result.nodes), before, kept))
        graph = result
        if watch is not None:
            watch(step.name, graph)
    return graph, reports
