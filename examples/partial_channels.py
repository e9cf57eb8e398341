"""What partial channels save: bytes that a step keeps for backward, PC-DARTS with K = 4 against DARTS.

    python examples/partial_channels.py

Two searches of `spaces/pc_darts.space` on moving digits and two on CIFAR-10, as their strategies say: DARTS sends all
channels through the mixture of an edge, PC-DARTS a fourth, with weights of the edges besides. Space, passes and batch
are the same on both sides. No data is read: bytes depend on shapes alone.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks

from stdsl.compiler.backends.networks.supernet import Supernet
from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.strategies.gradient.build import relaxed

FILE = "pc_darts"
# What is searched, the batch on both sides, and the searches with all channels and with a fourth of them.
PAIRS = (
    ("motion_digits: clips of 8 frames of 24x24", 32, "motion_darts", "motion_pc_darts"),
    ("CIFAR-10: images of 32x32", 8, "cifar_darts", "cifar"),
)


def supernet(search: str) -> tuple[Supernet, list[tuple[int, ...]]]:
    """The network that ``search`` starts with, and the shapes of its inputs."""
    job = load_job(FILE, search)
    assert isinstance(job.config.strategy, GradientConfig)
    shapes = [job.graph.nodes[id].type.concrete().dims for id in job.graph.inputs]
    return relaxed(job.graph, job.config.strategy, seed=0), shapes


def saved(net: Supernet, inputs: list[torch.Tensor], step: str) -> int:
    """Bytes of all tensors, counted once, that a forward pass keeps for the gradients of ``step``; no parameters."""
    for parameter in net.decisions():
        parameter.requires_grad_(step == "decisions")
    for parameter in net.weights():
        parameter.requires_grad_(step == "weights")
    owned = {p.untyped_storage()._cdata for p in net.parameters()}
    kept: dict[int, Any] = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in owned:
            kept[storage._cdata] = storage
        return tensor

    with saved_tensors_hooks(pack, lambda tensor: tensor):
        net.train()(*inputs)
    return sum(storage.nbytes() for storage in kept.values())


def compared(batch: int, searches: tuple[str, str], step: str) -> tuple[int, int]:
    """Bytes of a step of either search."""
    whole, part = (
        saved(net, [torch.randn(batch, *shape) for shape in shapes], step) for net, shapes in map(supernet, searches)
    )
    return whole, part


def main() -> None:
    print("                                           batch  step on    DARTS     PC-DARTS  share")
    for title, batch, *searches in PAIRS:
        for step in ("weights", "decisions"):
            whole, part = compared(batch, (searches[0], searches[1]), step)
            print(
                f"{title:42} {batch:5}  {step:9}  {whole / 1e6:5.1f} MB  {part / 1e6:5.1f} MB  {part / whole:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
