"""Means over sampled paths, weighted by their likelihood."""

from __future__ import annotations

import math

from torch import Tensor

from .logits import Gradients


class Importance:
    """Σ w̃ₖ gₖ with w̃ₖ = pₖ / Σ pⱼ (Casale, Gordon, Fusi, "Probabilistic Neural Architecture Search", 2019, Eq. 9), one
    sample after the other: what was added up is rescaled when the greatest likelihood changes, so that the memory is
    that of one gradient, and nothing over- or underflows.
    """

    def __init__(self) -> None:
        self.sums: dict[Tensor, Tensor] = {}
        self.weights: list[float] = []
        """log pₖ of the samples so far."""
        self._greatest = -math.inf

    def add(self, weight: float, gradients: Gradients, score: Gradients | None = None) -> None:
        """Add a sample: log pₖ, the gradients of its loss, and that of the logarithm of its probability."""
        if weight > self._greatest:
            factor = math.exp(self._greatest - weight) if self.weights else 0.0
            for total in self.sums.values():
                total.mul_(factor)
            self._greatest = weight
        scale = math.exp(weight - self._greatest)
        for parameter, gradient in (*gradients.items(), *(score or {}).items()):
            if parameter in self.sums:
                self.sums[parameter].add_(gradient, alpha=scale)
            else:
                self.sums[parameter] = gradient * scale
        self.weights.append(weight)

    def mean(self) -> dict[Tensor, Tensor]:
        """Σ w̃ₖ gₖ, of the parameters that some sample has a gradient of; the sums are used up."""
        whole = math.fsum(math.exp(weight - self._greatest) for weight in self.weights)
        return {parameter: total.div_(whole) for parameter, total in self.sums.items()}

    @property
    def shares(self) -> list[float]:
        """w̃ₖ."""
        each = [math.exp(weight - self._greatest) for weight in self.weights]
        return [weight / math.fsum(each) for weight in each]

    @property
    def effective(self) -> float:
        """How many samples as heavy as each other these are worth: 1 / Σ w̃ₖ², from 1 to their number."""
        return 1 / math.fsum(share**2 for share in self.shares)

    @property
    def told(self) -> dict[str, float]:
        """What steps tell of it."""
        return {"effective": self.effective}
