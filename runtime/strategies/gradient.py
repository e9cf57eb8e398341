"""Differentiable architecture search: alternating descent on weights and on decision weights.

H. Liu, K. Simonyan, Y. Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, Algorithm 1; with ξ = 0 the
first order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ..data.batch import Batch
from ..data.loader import Loader
from ..randomness import seed_torch
from ..training.descent import Descent
from ..training.evaluate import accuracy, loss_of, prediction
from ..training.placement import Placement
from ..training.statistics import keeping_buffers
from ..training.stepped import Event, Facts
from .additions import Additions
from .gap import best_metric
from .objectives import entropy_of
from .statistics import leaning, mean_entropy
from .unrolled import unrolled_gradient


class Supernet(Protocol):
    """What a search asks of a network with its decisions open (besides being an ``nn.Module``)."""

    def weights(self) -> list[nn.Parameter]: ...

    def decisions(self) -> list[nn.Parameter]: ...

    def probabilities(self) -> dict[str, list[float]]:
        """By decision path: the weights of a choose's options, the scores of a keep's elements."""
        ...


class GradientSearch:
    """Step t takes a decision step on batch t of the decisions' part, then a weight step on batch t of the weights'
    part, and then fixes the decisions that the schedule says.

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
        additions: Additions | None = None,
    ) -> None:
        self.supernet, self.weights, self.decisions = supernet, weights, decisions
        self.weight_batches, self.decision_batches, self.placement = weight_batches, decision_batches, placement
        self.steps, self.warmup, self.seed, self.notes_every = steps, warmup, seed, max(1, notes_every)
        self.label_smoothing, self.auxiliary = label_smoothing, auxiliary
        self.additions = additions or Additions()
        self.measuring = 0.0
        """Seconds spent on measuring accuracies beside the search."""
        self.best: dict[str, Any] | None = None
        """The best epoch so far: its ``value``, ``step`` and ``probabilities``."""
        self._events: list[Event] = []
        self._function = placement.function(supernet)
        supernet.train()

    @property
    def total(self) -> int:
        return self.steps

    def step(self, t: int) -> Facts:
        facts: dict[str, float] = {}
        self._events = []
        self._relax(t)
        batch = self.placement.put(self.weight_batches.at(t))
        if t >= self.warmup and self.decisions.parameters:
            other = self.placement.put(self.decision_batches.at(t))
            unrolled = self.additions.unrolled
            if unrolled is None:
                loss, share, _ = self._descend(self.decisions, self.weights.parameters, other, "decisions", t)
            else:
                loss, share = self._descend_unrolled(batch, other, unrolled(t), t)
            facts |= {"decision_loss": loss, "decision_accuracy": share}
        loss, share, rate = self._descend(self.weights, self.decisions.parameters, batch, "weights", t)
        self._even(t)
        facts = {"loss": loss, "accuracy": share, "lr": rate} | facts
        if all(map(math.isfinite, facts.values())):  # else the search is over
            self._discretize(t)
            self._snapshot(t)
        return facts

    def notes(self, t: int) -> Mapping[str, Any] | None:
        if (t + 1) % self.notes_every and t + 1 != self.steps:
            return None
        probabilities = probabilities_of(self.supernet)
        shrinking = self.additions.shrinking
        decided = [[1.0, 0.0] for _ in shrinking.discretization.values] if shrinking else []
        facts: dict[str, Any] = {
            "probabilities": {path: [round(p, 5) for p in ps] for path, ps in probabilities.items()},
            "entropy": round(mean_entropy([*probabilities.values(), *decided]), 5),
        }
        if self.additions.costs is not None:
            facts["costs"] = self.additions.costs.means(self.supernet, self.held)
        lean = leaning(self.scores(), self.additions.weightless)
        return facts if lean is None else facts | {"weightless": round(lean.weight, 5)}

    def events(self, t: int) -> Sequence[Event]:
        return self._events

    def scores(self) -> dict[str, list[float]]:
        """The decision weights by path, those of fixed decisions as they were when they were fixed."""
        shrinking = self.additions.shrinking
        return probabilities_of(self.supernet) | (shrinking.frozen if shrinking else {})

    @property
    def held(self) -> dict[str, Any]:
        """The decisions that are fixed, by path."""
        shrinking = self.additions.shrinking
        return {**self.additions.held, **(shrinking.discretization.values if shrinking else {})}

    @property
    def chosen(self) -> dict[str, list[float]]:
        """The decision weights that an architecture is derived from."""
        return self.best["probabilities"] if self.best else self.scores()

    def state(self) -> dict[str, Any]:
        shrinking = self.additions.shrinking
        return (
            {
                "model": self.supernet.state_dict(),
                "weights": self.weights.state(),
                "decisions": self.decisions.state(),
                "measuring": self.measuring,
            }
            | ({"shrinking": shrinking.state()} if shrinking else {})
            | ({"best": self.best} if self.best else {})
        )

    def load(self, state: dict[str, Any]) -> None:
        shrinking = self.additions.shrinking
        if shrinking is not None and state["shrinking"]["fixed"]:
            shrinking.load(state["shrinking"])
            self._take(*shrinking.fresh())
        self.supernet.load_state_dict(state["model"])
        self.weights.load(state["weights"])
        self.decisions.load(state["decisions"])
        self.measuring = state["measuring"]
        self.best = state.get("best")

    def _take(self, supernet: nn.Module, weights: Descent, decisions: Descent) -> None:
        self.supernet, self.weights, self.decisions = supernet, weights, decisions
        self._function = self.placement.function(supernet)
        supernet.train()

    def _relax(self, t: int) -> None:
        """Set the temperatures of step ``t``, and the values that are drawn for it."""
        net: Any = self.supernet
        if self.additions.drawn is not None:
            net.hold(self.additions.drawn(t))
        if self.additions.temperatures is not None:
            net.temperature, net.keep_temperature = self.additions.temperatures(t)
        if self.additions.sampled:
            net.hard = self.additions.hard

    def _even(self, t: int) -> None:
        """Outside of steps, decisions that are drawn weigh all their alternatives alike."""
        net: Any = self.supernet
        if self.additions.drawn is not None:
            net.hold(dict.fromkeys(self.additions.drawn(t), "uniform"))

    def _loss(self, batch: Batch, purpose: str, t: int) -> tuple[Tensor, Tensor]:
        """The task's loss, and the logits. Its random numbers depend on the seed, the purpose and the step alone."""
        seed_torch(self.seed, "search", purpose, t)
        net: Any = self.supernet
        if self.additions.sampled:
            net.sampled = True
        try:
            with self.placement.autocast():
                output = self._function(*batch.inputs)
                loss = loss_of(output, batch.targets, self.label_smoothing, self.auxiliary)
        finally:
            if self.additions.sampled:
                net.sampled = False
        if purpose == "decisions" and self.additions.entropy:
            loss = loss + self.additions.entropy * entropy_of(net)
        if purpose == "decisions" and self.additions.costs is not None:
            loss = loss + self.additions.costs(net, self.held).to(loss.device)
        return loss, prediction(output).detach()

    def _descend(
        self, descent: Descent, still: list[Tensor], batch: Batch, purpose: str, t: int
    ) -> tuple[float, float, float]:
        for parameter in still:
            parameter.requires_grad_(False)
        try:
            loss, logits = self._loss(batch, purpose, t)
            rate = descent.descend(loss, t)
        finally:
            for parameter in still:
                parameter.requires_grad_(True)
        return loss.item(), accuracy(logits, batch.targets), rate

    def _descend_unrolled(self, batch: Batch, other: Batch, rate: float, t: int) -> tuple[float, float]:
        """A decision step through one unrolled step of the weights; returns loss and accuracy after that step. Its
        passes leave the running statistics alone."""
        seen: list[tuple[float, float]] = []

        def valid() -> Tensor:
            loss, logits = self._loss(other, "decisions", t)
            seen.append((loss.item(), accuracy(logits, other.targets)))
            return loss

        with keeping_buffers(self.supernet):
            gradients = unrolled_gradient(
                lambda: self._loss(batch, "weights", t)[0],
                valid,
                self.weights.parameters,
                self.decisions.parameters,
                rate,
            )
        self.decisions.apply(gradients, t)
        return seen[0]

    def _discretize(self, t: int) -> None:
        """Fix the decisions that are due after step ``t``; the network then shrinks."""
        shrinking = self.additions.shrinking
        if shrinking is None:
            return
        discretization = shrinking.discretization
        target = discretization.due(t + 1, self.steps)
        if discretization.resolved >= target:
            return
        gap = self._measured()
        steps = shrinking.advance(target, probabilities_of(self.supernet))
        if not steps:
            return
        before = sum(p.numel() for p in self.weights.parameters)
        self._take(*shrinking.shrunk(self.supernet, self.weights, self.decisions))
        params = {"params": sum(p.numel() for p in self.weights.parameters), "params_before": before}
        first = len(discretization.fixed) - len(steps)
        for number, step in enumerate(steps, first + 1):
            place = {"fixed": number, "of": discretization.total}
            self._events.append(("decision", step.document() | place | gap | params))

    def _snapshot(self, t: int) -> None:
        """Keep the decision weights of the best epoch."""
        metric, gauge = self.additions.best, self.additions.gauge
        if metric is None or gauge is None or ((t + 1) % self.additions.epoch and t + 1 != self.steps):
            return
        started = time.monotonic()
        value = best_metric(metric, self.supernet, gauge)
        self.measuring += time.monotonic() - started
        better = self.best is None or value > self.best["value"]
        if better:
            self.best = {"value": value, "step": t, "probabilities": probabilities_of(self.supernet)}
        self._events.append(("epoch", {"metric": metric, "value": abs(value), "best": better}))

    def _measured(self) -> dict[str, Any]:
        """The relaxed and the discrete network as they are now."""
        gauge = self.additions.gauge
        if gauge is None or not gauge.samples:
            return {}
        started = time.monotonic()
        found = gauge.measure(self.supernet, self.scores(), self.held).document()
        self.measuring += time.monotonic() - started
        return found


@torch.no_grad()
def probabilities_of(supernet: nn.Module) -> dict[str, list[float]]:
    """The supernet's decision weights by path."""
    net: Any = supernet
    found: dict[str, list[float]] = net.probabilities()
    return found
