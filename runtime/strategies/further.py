"""What decisions are judged by beside the task's loss: their entropy, and what they cost in the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.objectives import Entropy, Objective, SoftCost

from .expected_cost import SoftCosts

_SMALL = 1e-12


@dataclass(frozen=True)
class Further:
    """``entropy``: the factor of the decision weights' entropy; ``costs``: soft costs."""

    entropy: float = 0.0
    costs: SoftCosts | None = None

    def __call__(self, loss: Tensor, supernet: nn.Module, held: Mapping[str, Any]) -> Tensor:
        """The decisions' loss, ``loss`` being what it is without these; ``held``: the decisions that have a value."""
        if self.entropy:
            loss = loss + self.entropy * entropy_of(supernet)
        if self.costs is not None:
            loss = loss + self.costs(supernet, held).to(loss.device)
        return loss

    def notes(self, supernet: nn.Module, held: Mapping[str, Any]) -> dict[str, Any]:
        """For the journal: the mean of each cost."""
        return {} if self.costs is None else {"costs": self.costs.means(supernet, held)}


def further(objectives: Sequence[Objective], graph: SpaceGraph) -> Further:
    """The entropies and the soft costs among the objectives of a search."""
    costs = [term for term in objectives if isinstance(term, SoftCost)]
    entropy = sum(term.weight for term in objectives if isinstance(term, Entropy))
    return Further(entropy, SoftCosts(graph, costs) if costs else None)


def entropy_of(supernet: nn.Module) -> Tensor:
    """The mean over decisions of the entropy of their weights, in nats, differentiable: of the alternatives of a
    choose as a distribution, of gates and of the elements of a keep one by one. Sites, where nothing is to be decided,
    and what the network holds at a value are left aside."""
    net: Any = supernet
    terms = []
    for path, weight in net.decision_weights().items():
        if net.rows[path].site or path in net._held:  # a public name could be that of a user's module
            continue
        if net.rows[path].kind in ("gate", "keep") and net.rows[path].by != "softmax":
            terms.append((_information(weight) + _information(1 - weight)).mean())
        else:
            terms.append(_information(weight / weight.sum()).sum())
    return torch.stack(terms).mean() if terms else torch.zeros(())


def _information(p: Tensor) -> Tensor:
    return -p * torch.log(p.clamp_min(_SMALL))
