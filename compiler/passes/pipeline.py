"""Which passes a supernet goes through, in which order, and choosing among them by name."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics.backends import UnknownPass
from ..diagnostics.model import SpaceError
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
