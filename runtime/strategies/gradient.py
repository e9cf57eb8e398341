"""Differentiable architecture search, first order: alternating descent on weights and on decision weights.

H. Liu, K. Simonyan, Y. Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, Algorithm 1 with ξ = 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..data.loader import Loader
from ..randomness import seed_torch
from ..training.descent import Descent
from ..training.evaluate import accuracy, loss_of, prediction
from ..training.placement import Placement
from ..training.stepped import Facts


class Supernet(Protocol):
    """What a search asks of a network with its decisions open (besides being an ``nn.Module``)."""

    def weights(self) -> list[nn.Parameter]: ...

    def decisions(self) -> list[nn.Parameter]: ...

    def probabilities(self) -> dict[str, list[float]]:
        """By decision path: the weights of a choose's options, the scores of a keep's elements."""
        ...


class GradientSearch:
    """Step t takes a decision step on batch t of the decisions' part, then a weight step on batch t of the weights'
    part.

    ``warmup``: the number of first steps without a decision step. The decision step computes no gradient of the
    weights and the weight step none of the decisions. ``notes_every``: how often probabilities and entropy go to the
    journal.
    """

    def __init__(
        self,
        supernet: nn.Module,
        weights: Descent,
        decisions: Descent,
        weight_batches: Loader,
        decision_batches: Loader,
        placement: Placement,
        steps: int,
        warmup: int,
        seed: int,
        notes_every: int,
        label_smoothing: float = 0.0,
        auxiliary: float = 0.0,
    ) -> None:
        self.supernet, self.weights, self.decisions = supernet, weights, decisions
        self.weight_batches, self.decision_batches, self.placement = weight_batches, decision_batches, placement
        self.steps, self.warmup, self.seed, self.notes_every = steps, warmup, seed, max(1, notes_every)
        self.label_smoothing, self.auxiliary = label_smoothing, auxiliary
        supernet.train()

    @property
    def total(self) -> int:
        return self.steps

    def step(self, t: int) -> Facts:
        facts: dict[str, float] = {}
        if t >= self.warmup and self.decisions.parameters:
            loss, share, _ = self._descend(
                self.decisions, self.weights.parameters, self.decision_batches, "decisions", t
            )
            facts |= {"decision_loss": loss, "decision_accuracy": share}
        loss, share, rate = self._descend(self.weights, self.decisions.parameters, self.weight_batches, "weights", t)
        return {"loss": loss, "accuracy": share, "lr": rate} | facts

    def notes(self, t: int) -> Mapping[str, Any] | None:
        if (t + 1) % self.notes_every and t + 1 != self.steps:
            return None
        probabilities = probabilities_of(self.supernet)
        return {"probabilities": {path: [round(p, 5) for p in ps] for path, ps in probabilities.items()}} | {
            "entropy": round(mean_entropy(probabilities.values()), 5)
        }

    def state(self) -> dict[str, Any]:
        return {
            "model": self.supernet.state_dict(),
            "weights": self.weights.state(),
            "decisions": self.decisions.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.supernet.load_state_dict(state["model"])
        self.weights.load(state["weights"])
        self.decisions.load(state["decisions"])

    def _descend(
        self, descent: Descent, still: list[Tensor], batches: Loader, purpose: str, t: int
    ) -> tuple[float, float, float]:
        for parameter in still:
            parameter.requires_grad_(False)
        try:
            batch = self.placement.put(batches.at(t))
            seed_torch(self.seed, "search", purpose, t)
            output = self.supernet(*batch.inputs)
            loss = loss_of(output, batch.targets, self.label_smoothing, self.auxiliary)
            rate = descent.descend(loss, t)
        finally:
            for parameter in still:
                parameter.requires_grad_(True)
        return loss.item(), accuracy(prediction(output).detach(), batch.targets), rate


@torch.no_grad()
def probabilities_of(supernet: nn.Module) -> dict[str, list[float]]:
    """The supernet's decision weights by path."""
    net: Any = supernet
    found: dict[str, list[float]] = net.probabilities()
    return found


def mean_entropy(rows: Iterable[list[float]]) -> float:
    """The mean over decisions of the entropy of their weights as a share of the greatest possible: 1 is undecided, 0
    decided.
    """
    shares = []
    for row in rows:
        total = sum(row)
        if len(row) > 1 and total > 0:
            shares.append(-sum(p / total * math.log(p / total) for p in row if p > 0) / math.log(len(row)))
    return sum(shares) / len(shares) if shares else 0.0
