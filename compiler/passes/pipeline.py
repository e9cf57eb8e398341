"""Which passes a supernet goes through, in which order, choosing among them by name, and running them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..diagnostics.backends import UnknownPass
from ..diagnostics.model import SpaceError
from ..ir.graph import SpaceGraph
from . import (
    drop_unreachable,
    drop_zeros,
    expand_numbers,
    fold_clips,
    merge_targets,
    name_weights,
    narrow_gradients,
    phase_space,
    plain_norms,
    pointwise_products,
    recompute_cells,
    recompute_merged,
    share_common,
    splice_identities,
    split_pools,
)
from .base import Pass
from .partial_channels import partial_channels_pass
from .saved_bytes import kept_bytes
from .verify import verify

ALL: tuple[Pass, ...] = (
    name_weights.PASS,
    drop_unreachable.PASS,
    plain_norms.PASS,
    expand_numbers.PASS,
    splice_identities.PASS,
    drop_zeros.PASS,
    split_pools.PASS,
    share_common.PASS,
    fold_clips.PASS,
    phase_space.PASS,
    narrow_gradients.PASS,
    pointwise_products.PASS,
    merge_targets.PASS,
    recompute_merged.PASS,
    recompute_cells.PASS,
)


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


@dataclass(frozen=True, slots=True)
class PassReport:
    """What a pass did: the number of nodes before and after, and the predicted bytes per sample (float32) that the
    supernet keeps for the backward pass."""

    name: str
    doc: str
    before: int
    after: int
    kept_before: int = 0
    kept_after: int = 0


def run_passes(graph: SpaceGraph, passes: Iterable[Pass], keeps: bool = True) -> tuple[SpaceGraph, list[PassReport]]:
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
    return graph, reports
