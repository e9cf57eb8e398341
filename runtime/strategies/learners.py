"""The two sides of a search: the operators' weights and the decisions', of one supernet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor, nn

from ..data.loading.loader import Loader
from ..training.descent import Descent


class Supernet(Protocol):
    """What a search asks of a network with its decisions open (besides being an ``nn.Module``)."""

    def weights(self) -> list[nn.Parameter]: ...

    def decisions(self) -> list[nn.Parameter]: ...

    def probabilities(self) -> dict[str, list[float]]:
        """By decision path: the weights of a choose's options, the scores of a keep's elements."""
        ...


@dataclass(frozen=True)
class Learners:
    """``supernet`` and what updates its weights and its decisions."""

    supernet: nn.Module
    weights: Descent
    decisions: Descent

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


@dataclass(frozen=True)
class Batches:
    """Where the weights' batches and the decisions' come from."""

    weights: Loader
    decisions: Loader

    @property
    def waited(self) -> float:
        """Seconds that steps waited for them."""
        return self.weights.waited + self.decisions.waited


@dataclass(frozen=True)
class Schedule:
    """``warmup``: the number of first steps without a decision step. ``notes_every``: how often probabilities and
    entropy go to the journal. ``unrolled``: the rate ξ of the unrolled step by step; None: the first order."""

    steps: int
    warmup: int = 0
    notes_every: int = 1
    unrolled: Callable[[int], float] | None = None


@contextmanager
def without_gradients(parameters: list[Tensor]) -> Iterator[None]:
    """No gradient of these is computed inside."""
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)
