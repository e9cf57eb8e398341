"""What partial channels save: bytes that a step keeps for backward, PC-DARTS with K = 4 against DARTS.

    python examples/partial_channels.py

The same space, passes and batch on both sides. `weights` is the step on the operators' weights, `decisions` that on
the decisions' own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch.autograd.graph import saved_tensors_hooks

from stdsl.compiler.backends.supernet import Relaxation, Supernet, build_supernet
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.runtime.preparation import load_job

HERE = Path(__file__).parent
SPACES = (
    (HERE.parent / "spaces" / "darts.space", "sdas_b", 8),
    (HERE.parent / "spaces" / "sdas.space", "motion_das", 32),
)


def supernet(graph: SpaceGraph, groups: int) -> Supernet:
    return build_supernet(graph, Relaxation("softmax", "softmax", affine=False, groups=groups), seed=0)


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


def main() -> None:
    for file, search, batch in SPACES:
        graph = load_job(str(file), search).graph
        inputs = [torch.randn(batch, *graph.nodes[id].type.concrete().dims) for id in graph.inputs]
        for step in ("weights", "decisions"):
            whole, partial = (saved(supernet(graph, groups), inputs, step) for groups in (1, 4))
            print(
                f"{graph.name}, batch {batch}, step on {step}: {whole / 1e6:.1f} MB with all channels, "
                f"{partial / 1e6:.1f} MB with a fourth: {partial / whole:.3f}"
            )


if __name__ == "__main__":
    main()
