"""A space as one differentiable network: generated Python, imported."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from ...ir.graph import SpaceGraph
from ..lowering.externs import externs_of, load_externs
from .initial import seeded
from .loader import load
from .supernet_base import Supernet
from .supernet_text import Relaxation, supernet_source, written_supernet
from .weights import load_scope_weights

__all__ = ["Relaxation", "Supernet", "build_supernet", "supernet_source"]


def build_supernet(
    graph: SpaceGraph,
    relaxation: Relaxation | None = None,
    passes: Sequence[str] | None = None,
    seed: int | None = None,
) -> Supernet:
    """The supernet of ``graph``. Inputs are batches in the order of the space's inputs, such as (N, C, T, H, W);
    the result is the prediction, or a dict of all outputs in training mode if there are several.

    Layers start as PyTorch initialises them, decision parameters as normal numbers of deviation 10⁻³, both from
    ``seed`` (None: from torch's global generator); then the weight files that the space names are loaded. Raises as
    :func:`supernet_source` does.
    """
    written, reports = written_supernet(graph, relaxation, passes)
    load_externs(graph)
    with seeded(seed):
        net = cast(Supernet, load(written, "supernet", externs_of(graph)).SearchNetwork())
    net.source, net.graph, net.passes = written.text, graph, reports
    load_scope_weights(net, graph)
    return net
