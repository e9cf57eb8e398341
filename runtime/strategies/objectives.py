"""Terms of the decisions' loss beside the task's own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_SMALL = 1e-12


def entropy_of(supernet: nn.Module) -> Tensor:
    """The mean over decisions of the entropy of their weights, in nats, differentiable: of the alternatives of a
    choose as a distribution, of gates and of the elements of a keep one by one."""
    net: Any = supernet
    terms = []
    for path, weight in net.decision_weights().items():
        if net.rows[path].kind in ("gate", "keep") and net.rows[path].by != "softmax":
            terms.append((_information(weight) + _information(1 - weight)).mean())
        else:
            terms.append(_information(weight / weight.sum()).sum())
    return torch.stack(terms).mean() if terms else torch.zeros(())


def _information(p: Tensor) -> Tensor:
    return -p * torch.log(p.clamp_min(_SMALL))
