"""Training one network: the final training and all comparisons use exactly this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import nn

from ..data.loader import Loader
from ..randomness import seed_torch
from .descent import Descent
from .evaluate import accuracy, loss_of, prediction
from .placement import Placement
from .stepped import Event, Facts


class Training:
    """Steps of cross-entropy on batches in a fixed order.

    ``auxiliary``: the weight of the loss of every output after the first. The random numbers of step t (dropout) hang
    on the seed, ``phase`` and t alone.
    """

    def __init__(
        self,
        model: nn.Module,
        descent: Descent,
        loader: Loader,
        placement: Placement,
        steps: int,
        seed: int,
        phase: str,
        auxiliary: float = 0.0,
        label_smoothing: float = 0.0,
    ) -> None:
        self.model, self.descent, self.loader, self.placement = model, descent, loader, placement
        self.steps, self.seed, self.phase = steps, seed, phase
        self.auxiliary, self.label_smoothing = auxiliary, label_smoothing
        self._function = placement.function(model)
        model.train()

    @property
    def total(self) -> int:
        return self.steps

    def step(self, t: int) -> Facts:
        batch = self.placement.put(self.loader.at(t))
        seed_torch(self.seed, self.phase, t)
        with self.placement.autocast():
            output = self._function(*batch.inputs)
            loss = loss_of(output, batch.targets, self.label_smoothing, self.auxiliary)
        rate = self.descent.descend(loss, t)
        return {"loss": loss.item(), "accuracy": accuracy(prediction(output).detach(), batch.targets), "lr": rate}

    def notes(self, t: int) -> Mapping[str, Any] | None:
        return None

    def events(self, t: int) -> Sequence[Event]:
        return ()

    def state(self) -> dict[str, Any]:
        return {"model": self.model.state_dict(), "optimizer": self.descent.state()}

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.descent.load(state["optimizer"])
