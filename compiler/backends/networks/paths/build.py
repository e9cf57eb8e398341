"""A space as one network that computes one path: generated Python, imported."""

from __future__ import annotations

from typing import cast

from ....ir.graph import SpaceGraph
from ...lowering.externs import externs_of, load_externs
from ...lowering.paths import Sharing
from ..initial import seeded
from ..loader import load
from ..weights import load_scope_weights
from .base import PathNetwork
from .drawn import DrawnNetwork
from .text import written_drawn, written_paths


def build_path_network(graph: SpaceGraph, sharing: Sharing = "separate", seed: int | None = None) -> PathNetwork:
    """The network of ``graph`` that computes one architecture at a time. Inputs are batches in the order of the space's
    inputs, such as (N, C, T, H, W); the result is the prediction, or a dict of all outputs in training mode if there
    are several. Its shape may depend on the architecture.

    Layers start as PyTorch initialises them, from ``seed`` (None: from torch's global generator); then the weight
    files that the space names are loaded. Raises SpaceError as :func:`written_paths` does.
    """
    written = written_paths(graph, sharing)
    load_externs(graph)
    with seeded(seed):
        net = cast(PathNetwork, load(written.source, "paths", externs_of(graph)).SearchNetwork())
    net.source, net.graph = written.source.text, graph
    net._places, net._sharing = written.places, sharing
    load_scope_weights(net, graph)
    return net


def build_drawn_network(
    graph: SpaceGraph, sharing: Sharing = "separate", affine: bool = True, seed: int | None = None
) -> DrawnNetwork:
    """The network of ``graph`` that draws an architecture by its decision weights for each pass. ``affine``: norms of
    candidate operations have a scale and a bias. Inputs, results, initial weights and what is raised: as of
    :func:`build_path_network`."""
    written = written_drawn(graph, sharing, affine)
    load_externs(graph)
    with seeded(seed):
        net = cast(DrawnNetwork, load(written.source, "drawn", externs_of(graph)).SearchNetwork())
    net.source, net.graph, net.passes = written.source.text, graph, ()
    net._places, net._sharing = written.places, sharing
    load_scope_weights(net, graph)
    return net
