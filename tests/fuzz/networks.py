"""Networks of mutants, built and run."""

from __future__ import annotations

import torch

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import build_supernet
from stdsl.compiler.diagnostics.model import StdslError
from stdsl.compiler.ir.graph import SpaceGraph


class Unlike(Exception):
    """A network is not what was predicted of it."""


def _samples(graph: SpaceGraph) -> list[torch.Tensor]:
    return [torch.zeros(2, *graph.nodes[id].type.dims) for id in graph.inputs]


def run_module(graph: SpaceGraph, arch: Architecture) -> None:
    """One architecture has the shape and the parameters that are told without torch."""
    network = specialise(graph, arch)
    try:
        module = build_module(graph, arch, seed=0).eval()
    except StdslError:
        return  # weights that are not there
    with torch.no_grad():
        given = module(*_samples(graph))
    wanted = (2, *network.layers[network.outputs[0][1]].shape.dims)
    if tuple(given.shape) != wanted:
        raise Unlike(f"an output of {tuple(given.shape)}, not {wanted}")
    params, told = sum(p.numel() for p in module.parameters()), costs(graph, arch).params
    if params != told and not (len(graph.outputs) > 1 and params > told):
        raise Unlike(f"{params} parameters, not {told}")


def run_supernet(graph: SpaceGraph) -> None:
    """The supernet runs, forward and backward."""
    try:
        net = build_supernet(graph, seed=0)
    except StdslError:
        return
    outputs = net(*_samples(graph))
    total = sum(t.sum() for t in (outputs.values() if isinstance(outputs, dict) else [outputs]))
    if isinstance(total, torch.Tensor) and total.requires_grad:
        total.backward()
