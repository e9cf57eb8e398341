"""The losses of the weights and of the decisions: the task's own, and what else the decisions are judged by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ...tasks.criterion import Criterion
from .expected_cost import SoftCosts

_SMALL = 1e-12


@dataclass(frozen=True)
class Objective:
    """``task``: the loss of the task, all that the weights learn from. ``entropy``: the factor of the decision weights'
    entropy, ``costs``: soft costs; both in the decisions' loss alone."""

    task: Criterion
    entropy: float = 0.0
    costs: SoftCosts | None = None

    def further(self, loss: Tensor, supernet: nn.Module, held: Mapping[str, Any]) -> Tensor:
        """The decisions' loss, ``loss`` being the task's; ``held``: the decisions that have a value."""
        if self.entropy:
            loss = loss + self.entropy * entropy_of(supernet)
        if self.costs is not None:
            loss = loss + self.costs(supernet, held).to(loss.device)
        return loss


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
