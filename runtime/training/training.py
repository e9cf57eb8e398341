"""Training one network: the final training and all comparisons use exactly this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from stdsl.compiler.schemas.tasks.metrics import METRICS, MetricName

from ..data.batch import Part
from ..data.loading.loader import Loader
from ..randomness import key, seed_torch
from ..tasks.criterion import Criterion
from .cutout import cutout as cut
from .descent import Descent
from .evaluate import evaluate
from .placement import Placement
from .stepped import Event, Facts


@dataclass(frozen=True)
class HeldOut:
    """Samples kept out of a training, on which it is measured every ``every`` steps, ``batch`` samples at a time.

    ``metric``: what best means; ``keep``: whether the weights of the best time are the result.
    """

    part: Part
    batch: int
    every: int
    metric: MetricName
    keep: bool


class Training:
    """Steps down the loss of ``criterion`` on batches in a fixed order (None: that of the task of the data).

    The random numbers of step t (dropout) depend on the seed, ``phase`` and t alone. ``cutout``: the side in pixels of
    the erased square. ``drop_path``: the probability with which layers that drop paths do so; it grows linearly from 0
    in the first step to this.
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
        criterion: Criterion | None = None,
        cutout: int = 0,
        held_out: HeldOut | None = None,
        drop_path: float = 0.0,
    ) -> None:
        self.drop_path = drop_path
        found: list[Any] = [m for m in model.modules() if getattr(m, "_drops_paths", False)]
        self._dropping: list[Tensor] = [layer.keep for layer in found] if drop_path else []
        self.model, self.descent, self.loader, self.placement = model, descent, loader, placement
        self.steps, self.seed, self.phase = steps, seed, phase
        self.criterion = criterion or Criterion.of(loader.order.part.dataset)
        self.cutout, self.held_out = cutout, held_out
        self.best: dict[str, Any] | None = None
        """The best epoch so far on held-out samples: its ``value``, ``step`` and ``model``."""
        self._function = placement.function(model)
        self._events: list[Event] = []
        self._waited_before = 0.0
        model.train()

    @property
    def total(self) -> int:
        return self.steps

    @property
    def waited(self) -> float:
        """Seconds that steps waited for data."""
        return self._waited_before + self.loader.waited

    def step(self, t: int) -> Facts:
        batch = self.loader.at(t)
        if self.cutout:
            erased = cut(batch.inputs, self.cutout, key(self.seed, "cutout", self.phase, t))
            batch = replace(batch, inputs=erased)
        batch = self.placement.put(batch)
        for keep in self._dropping:
            keep.fill_(1 - self.drop_path * t / self.steps)
        seed_torch(self.seed, self.phase, t)
        with self.placement.autocast():
            output = self._function(*batch.inputs)
            loss = self.criterion(output, batch.targets)
        rate = self.descent.descend(loss, t)
        self._hold_out(t)
        name, value = self.criterion.of_batch(output, batch.targets)
        return {"loss": loss.item(), name: value, "lr": rate}

    def notes(self, t: int) -> Mapping[str, Any] | None:
        return None

    def events(self, t: int) -> Sequence[Event]:
        return self._events

    def state(self) -> dict[str, Any]:
        state = {"model": self.model.state_dict(), "optimizer": self.descent.state(), "waited": self.waited}
        return state | ({"best": self.best} if self.best else {})

    def load(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.descent.load(state["optimizer"])
        self.best = state.get("best")
        self._waited_before = state.get("waited", 0.0) - self.loader.waited

    def finish(self) -> None:
        """Go back to the weights of the best epoch, where those are asked for."""
        if self.best is not None and "model" in self.best:
            self.model.load_state_dict(self.best["model"])

    def _hold_out(self, t: int) -> None:
        """Measure on held-out samples after each epoch, and keep the weights of the best one."""
        self._events = []
        held = self.held_out
        if held is None or ((t + 1) % held.every and t + 1 != self.steps):
            return
        found = evaluate(self.model, held.part, self.placement, held.batch, criterion=self.criterion)
        self._events.append(("held_out", found.document()))
        value = found[held.metric]
        if METRICS[held.metric].better(value, self.best["value"] if self.best is not None else None):
            self.best = {"value": value, "step": t}
            if held.keep:
                self.best["model"] = {name: v.detach().clone() for name, v in self.model.state_dict().items()}
