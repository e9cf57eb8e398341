"""Whether there are trained weights to export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..diagnostics.exports import NothingToExport
from ..diagnostics.model import Sink
from ..families.registry import searches
from ..ir.graph import SpaceGraph

if TYPE_CHECKING:
    from ..schemas.search import SearchConfig


def check_trained(config: SearchConfig, graph: SpaceGraph, sink: Sink) -> bool:
    """Without `retrain`, an export has the search's own weights. Whether it has any, that fit a network of the space;
    reports it where not."""
    if config.export is None or config.retrain is not None:
        return True
    relax = getattr(config.strategy, "relax", None)
    if config.strategy is None or not searches(config.strategy, graph):
        reason = "no decision of the space is open, so nothing is searched"
    elif getattr(getattr(relax, "choose", None), "kind", None) == "partial":
        reason = "weights of a search over partial channels are for a part of the channels"
    else:
        return True
    sink.add(NothingToExport(config.place("export"), reason))
    return False
