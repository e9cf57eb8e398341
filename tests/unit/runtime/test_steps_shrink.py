"""A step of a scheduled search takes less, in memory and in work, with the decisions that are fixed."""

from __future__ import annotations

import random

import pytest
import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.utils.flop_counter import FlopCounterMode

from stdsl.compiler.analysis.derivation.reading import Reading
from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.strategies.gradient.build import relaxed
from stdsl.runtime.strategies.gradient.discretization import Discretization


def of_a_step(graph: SpaceGraph, strategy: GradientConfig, first: bool) -> tuple[int, int]:
    """Bytes that a step on the weights keeps for backward, and its multiply-adds forward."""
    net = relaxed(graph, strategy, seed=0, plain=not first).to("meta").train()
    for parameter in net.decisions():
        parameter.requires_grad_(False)
    kept: dict[int, int] = {}
    alive = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        alive.append(storage)
        kept[storage._cdata] = storage.nbytes()
        return tensor

    shapes = [graph.nodes[id].type.concrete().dims for id in graph.inputs]
    with FlopCounterMode(display=False) as counter, saved_tensors_hooks(pack, lambda tensor: tensor):
        net(*(torch.empty(4, *shape, device="meta") for shape in shapes))
    return sum(kept.values()), counter.get_total_flops()


@pytest.mark.slow
def test_every_few_decisions_less() -> None:
    job = load_job("sdas", "motion_sdas_c")
    strategy = job.config.strategy
    assert isinstance(strategy, GradientConfig)
    assert strategy.discretize is not None
    discretization = Discretization(job.graph, strategy.discretize, Reading(), affine=False)
    rng = random.Random(0)
    scores = {d.path: [rng.random() for _ in d.options] for d in job.graph.decisions}
    found = [of_a_step(job.graph, strategy, first=True)]
    for fixed in (20, 54):
        discretization.advance(fixed, scores)
        found.append(of_a_step(discretization.network, strategy, first=False))
    assert discretization.resolved == discretization.total == 54
    memory, work = zip(*found, strict=True)
    assert list(memory) == sorted(set(memory), reverse=True)
    assert list(work) == sorted(set(work), reverse=True)
    assert memory[-1] < memory[0] / 4
    assert work[-1] < work[0] / 4
