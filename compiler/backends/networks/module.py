"""A discrete network as an ``nn.Module``: the classes of the generated source file, imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ...analysis.architecture import answers_of
from ...analysis.specialise import specialise
from ...ir.graph import SpaceGraph
from ..lowering.externs import externs_of, load_externs
from .drop_paths import with_drop_paths
from .initial import seeded
from .interface import interface_of
from .loader import load
from .source import network_source
from .weights import load_scope_weights

if TYPE_CHECKING:
    from torch import nn


def build_module(
    graph: SpaceGraph, arch: Mapping[str, Any], seed: int | None = None, drop_paths: bool = False
) -> nn.Module:
    """The network of ``arch``, an architecture of ``graph``; its class is the one that :func:`source` writes.

    Inputs are batches in the order of the space's inputs, such as (N, C, T, H, W); the result is the prediction, or
    in training mode a dict of all outputs of a space with several. State dicts follow ``compiler/ir/names.py``, as
    those of the supernet do. Layers start as PyTorch initialises them, from ``seed`` (None: from torch's global
    generator); then the weight files that the space names are loaded. Layers marked `frozen` need no gradient and keep
    their batch statistics. The attribute ``source`` is the text, ``interface`` what the network takes and gives.
    ``drop_paths``: for training, with ``DropPath`` layers, which drop nothing until they are told to.
    Raises SpaceError for weight files that are missing or do not fit.
    """
    network = specialise(graph, arch)
    dropping = with_drop_paths(graph, network, answers_of(graph, arch)) if drop_paths else network
    written = network_source(graph, dropping, arch)
    load_externs(graph)
    with seeded(seed):
        model = cast("nn.Module", load(written, "module", externs_of(graph)).Network())
    model.source = written.text  # type: ignore[assignment]
    model.interface = interface_of(graph, network, arch)  # type: ignore[assignment]
    load_scope_weights(model, graph)
    return model
