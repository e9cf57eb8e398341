"""Steps of GDAS that compute what they draw alone, against steps that compute all alternatives.

    python benchmarks/gdas.py [--rounds 15] [--batch 16]

A step is that of a search (`std.strategies.gdas`, one thread, float32): the decisions' weights on one batch, the
operations' on another, with the optimisers and the clipping of the strategy. Both networks are built and laid out as
a search has them, the mixture with all passes. Steps take turns; medians of processor time. Then the bytes that each
keeps for the backward pass.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import torch
from machine import described
from measuring import interleaved, saved_bytes
from torch import Tensor
from torch.nn import functional as F

import stdsl
from stdsl.compiler.checks.opening import load_search
from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.relax import Gumbel
from stdsl.runtime.data.batch import Batch
from stdsl.runtime.strategies.gradient.build import relaxed
from stdsl.runtime.strategies.gradient.relaxing import relaxing
from stdsl.runtime.strategies.learners import without_gradients
from stdsl.runtime.training.optimizers import build_descent
from stdsl.runtime.training.placement import Placement

STEPS, PER_EPOCH = 1000, 100
CPU = Placement(torch.device("cpu"))
SPACES = {
    "`pc_darts_cifar`: images of 32×32": ("pc_darts", "pc_darts_cifar", {}),
    "`video`: clips of 8 frames of 24×24": (
        "pc_darts",
        "video",
        {"k": 1, "c1": 8, "c2": 32, "frames": 8, "size": 24, "classes": 13, "channels": 1},
    ),
}


def strategy(compute: str) -> GradientConfig:
    """GDAS, with what a step computes."""
    config = load_search("pc_darts", "cifar_gdas").search.config.strategy
    assert isinstance(config, GradientConfig)
    assert isinstance(config.relax.choose, Gumbel)
    choose = config.relax.choose.model_copy(update={"compute": compute})
    return config.model_copy(update={"relax": config.relax.model_copy(update={"choose": choose})})


class Steps:
    """Steps of a search over a graph. ``batches``: two, of the decisions and of the weights."""

    def __init__(self, graph: SpaceGraph, own: GradientConfig, batches: list[tuple[Tensor, Tensor]]) -> None:
        self.net: Any = relaxed(graph, own, 0)
        CPU.model(self.net).train()
        self.relaxing, self.batches = relaxing(own, STEPS), batches
        self.weights = build_descent(own.weights.optimizer, self.net.weights(), STEPS, PER_EPOCH, own.weights.clip)
        self.decisions = build_descent(own.decisions.optimizer, self.net.decisions(), STEPS, PER_EPOCH)
        self.t = 0

    def loss(self, batch: tuple[Tensor, Tensor], seed: int) -> Tensor:
        torch.manual_seed(seed)
        with self.relaxing.sampling(self.net):
            given = self.net(batch[0])
        return F.cross_entropy(next(iter(given.values())) if isinstance(given, dict) else given, batch[1])

    def __call__(self) -> None:
        self.relaxing.begin(self.net, self.t)
        for part, (descent, other) in enumerate(((self.decisions, self.weights), (self.weights, self.decisions))):
            with without_gradients(other.parameters):
                loss = self.loss(self.batches[part], 2 * self.t + part)
                (descent.descend_some if self.relaxing.alone else descent.descend)(loss, self.t)
        self.t += 1

    def kept(self) -> int:
        """The most bytes of ten passes of weights."""
        addresses = {p.untyped_storage().data_ptr() for p in self.net.parameters()}
        with without_gradients(self.decisions.parameters):
            return max(saved_bytes(lambda s=s: self.loss(self.batches[1], s), addresses) for s in range(10))


def batches(graph: SpaceGraph, size: int, classes: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    dims = graph.nodes[graph.inputs[0]].type.concrete().dims
    found = []
    for _ in range(2):
        x = torch.randn(size, *dims, generator=generator)
        batch = CPU.put(Batch((x,), torch.randint(0, classes, (size,), generator=generator)))
        found.append((batch.inputs[0], batch.targets))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--batch", type=int, default=16)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print(described())
    for title, (file, name, parameters) in SPACES.items():
        graph = stdsl.load(file, name, **parameters).graph
        ready = batches(graph, given.batch, parameters.get("classes", 10))
        steps = {how: Steps(graph, strategy(how), ready) for how in ("all", "sampled")}
        calls: dict[str, Callable[[], object]] = dict(steps)
        found = interleaved(calls, given.rounds)
        kept = {how: own.kept() for how, own in steps.items()}
        for how, seconds in found.items():
            print(f"| {title} | {how} | {seconds.cpu:.3f} s ({seconds.wall:.3f}) | {kept[how] / 2**20:.0f} MiB |")
        print(f"  ratio {found['sampled'].cpu / found['all'].cpu:.2f}, kept {kept['sampled'] / kept['all']:.2f}")


if __name__ == "__main__":
    main()
