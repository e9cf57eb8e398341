"""NNI's DARTS supernet with the operations of the hand-written one, and the names of its weights.

Runs in NNI's environment. To each edge NNI adds one more weight, of an operation that gives nothing, so that its
softmax is over eight.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import torch
from torch import nn

from nni.nas.hub.pytorch import nasnet
from nni.nas.oneshot.pytorch.supermodule.differentiable import DifferentiableMixedCell
from nni.nas.strategy import DARTS

# The hand-written network's name of each operation, in its order, and NNI's.
OPERATIONS = {
    "skip": "skip_connect",
    "max_pool": "max_pool_3x3",
    "avg_pool": "avg_pool_3x3",
    "sep3": "sep_conv_3x3",
    "sep5": "sep_conv_5x5",
    "dil3": "dil_conv_3x3",
    "dil5": "dil_conv_5x5",
}
PREPROCESSOR = {"conv": "1", "bn": "2"}
REDUCE = {"pointwise": "conv_1", "pointwise_2": "conv_2", "bn": "bn"}
SEQUENCE = {"depthwise": "1", "pointwise": "2", "bn": "3", "depthwise_2": "5", "pointwise_2": "6", "bn_2": "7"}
NODES = 4


def supernet(c: int, layers: int) -> Any:
    """For (N, 3, 32, 32) and ten classes. The candidates' batch-norms have no scale and no bias, as in DARTS."""
    torch.manual_seed(0)
    for name in OPERATIONS.values():
        nasnet.OPS[name] = partial(_without_affine, nasnet.OPS[name])
    space = nasnet.NDS(list(OPERATIONS.values()), num_cells=layers, width=c, num_nodes_per_cell=NODES, dataset="cifar")
    return DARTS().mutate_model(space).train()


def _without_affine(make: Any, c: int, stride: int, _affine: bool) -> nn.Module:
    made: nn.Module = make(c, stride, False)
    return made


def alphas(net: nn.Module) -> dict[str, list[nn.Parameter]]:
    """The decision weights of each kind of cell, edge by edge in the hand-written order, each once."""
    found: dict[str, list[nn.Parameter]] = {}
    for module in net.modules():
        if isinstance(module, DifferentiableMixedCell):
            edges = [f"{module.label}/{i}_{j}" for i in range(2, 2 + NODES) for j in range(i)]
            kind = {"normal": "normal", "reduce": "reduction"}[module.label.rpartition("/")[2]]
            found[kind] = [module._arch_alpha[edge] for edge in edges]
    return found


def weights(net: nn.Module) -> list[nn.Parameter]:
    mine = {id(p) for row in alphas(net).values() for p in row}
    return [p for p in net.parameters() if id(p) not in mine]


def named(net: nn.Module, name: str, layers: int) -> nn.Parameter:
    """The parameter of the hand-written network's ``name``."""
    if name.startswith(("conv.", "bn.", "linear.")):
        head, _, kind = name.partition(".")
        return net.get_parameter({"conv": "stem.0", "bn": "stem.1", "linear": "classifier"}[head] + f".{kind}")
    place = re.fullmatch(r"cells\.(\d+)\.(.+)\.(\w+)", name)
    assert place is not None, name
    # Stages start at the first cell and at each reduction.
    cell, starts = int(place[1]), (0, layers // 3, 2 * layers // 3)
    stage = sum(cell >= start for start in starts) - 1
    block = f"stages.{stage}.blocks.{cell - starts[stage]}"
    return net.get_parameter(f"{block}.{_inside(place[2], cell - 1 in starts[1:])}.{place[3]}")


def _inside(module: str, after_reduction: bool) -> str:
    first, *rest = module.split(".")
    if first in ("a", "b"):
        names = REDUCE if first == "a" and after_reduction else PREPROCESSOR
        return f"preprocessor.pre{'ab'.index(first)}.{names[rest[0]]}"
    edge, _, operation, part = rest
    start = f"ops.{edge.replace('_', '.')}.{OPERATIONS[operation]}"
    return f"{start}.{(REDUCE if operation == 'skip' else SEQUENCE)[part]}"
