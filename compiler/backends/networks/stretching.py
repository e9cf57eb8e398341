"""Weights of a network as those of one whose temporal Gaussian kernels have other lengths (EvaNet, section 5.3)."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import TYPE_CHECKING, Any

from ...analysis.specialise import specialise
from ...ir.graph import SpaceGraph
from ...ir.names import Names

if TYPE_CHECKING:
    from torch import Tensor

OP = "temporal_gaussian"
WIDTH = "log_variance"


def stretched(
    weights: Mapping[str, Tensor],
    graph: SpaceGraph,
    arch: Mapping[str, Any],
    to_graph: SpaceGraph,
    to_arch: Mapping[str, Any],
) -> dict[str, Tensor]:
    """``weights`` of the network of ``arch``, by name, for the network of ``to_arch``, in which `temporal_gaussian`s at
    the same places may have other lengths. What is theirs is called as it is there; everything else stays.

    Their parameters do not depend on the length L. Centres μ = (L - 1) / 2 · (tanh μ̂ + 1) move with L - 1 by
    themselves; widths σ = exp(σ̂ / 2), as they are printed, do not, so that a kernel of 3 at a length of 11 would come
    apart into single frames. Here they are multiplied by (L' - 1) / (L - 1), which leaves the kernel's profile as it
    was. From a length of 1, of which there is no profile, they stay as they are, and to one as well.
    """
    before, after = _kernels(graph, arch), _kernels(to_graph, to_arch)
    found = dict(weights)
    for place, (name, length) in before.items():
        if place not in after:
            continue
        new, target = after[place]
        scaled = 2 * log((target - 1) / (length - 1)) if length > 1 and target > 1 else 0.0
        for own in [key for key in weights if key.startswith(f"{name}.")]:
            part = own.removeprefix(f"{name}.")
            value = found.pop(own)
            found[f"{new}.{part}"] = value + scaled if part == WIDTH else value
    return found


def _kernels(graph: SpaceGraph, arch: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, int]]:
    """Of each temporal Gaussian its place in the text: the name of its module, and its length."""
    names = Names(graph)
    found = {}
    for layer in specialise(graph, arch).layers:
        if layer.op == OP:
            prefix, node = names.prefix(layer.scope), graph.nodes[layer.node]
            local = names.local(node, layer.attrs)
            name = f"{prefix}.{local}" if prefix else local
            found[prefix, names.nodes[node.id]] = name, int(layer.attrs["length"])
    return found
