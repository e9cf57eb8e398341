"""Differentiable architecture search: alternating descent on weights and on decision weights.

H. Liu, K. Simonyan, Y. Yang, "DARTS: Differentiable Architecture Search", ICLR 2019, Algorithm 1; with ξ = 0 the
first order.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from ...data.batch import Batch
from ...randomness import seed_torch
from ...tasks.criterion import Criterion
from ...training.descent import Descent
from ...training.placement import Placement
from ...training.statistics import keeping_buffers
from ...training.stepped import Event, Facts
from ..further import Further
from ..learners import Batches, Learners, Schedule, without_gradients
from ..statistics import leaning, mean_entropy
from .gap import Gauge
from .relaxing import Relaxing
from .shrinking import Shrinking
from .snapshots import Snapshots
from .unrolled import unrolled_gradient


@dataclass(frozen=True)
class Extras:
    """What a search may do beside descending. ``shrinking``: decisions are fixed on the way. ``gauge``: measures the
    relaxed and the discrete network. ``snapshots``: the decision weights of the best epoch are kept. ``held``:
    decisions that have a value from the start, which the network does not hold any more. ``weightless``: by path, the
    options without weights."""

    shrinking: Shrinking | None = None
    gauge: Gauge | None = None
    snapshots: Snapshots | None = None
    held: Mapping[str, Any] = field(default_factory=dict)
    weightless: Mapping[str, frozenset[int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Objective:
    """``task``: the loss of the task, all that the weights learn from; ``further``: what else the decisions do."""

    task: Criterion
    further: Further = field(default_factory=Further)


class GradientSearch:
    """Step t takes a decision step on batch t of the decisions' part, then a weight step on batch t of the weights'
    part, and then fixes the decisions that the schedule says.

    The decision step computes no gradient of the weights and the weight step none of the decisions.
    """

    def __init__(
        self,
        learners: Learners,
        batches: Batches,
        schedule: Schedule,
        placement: Placement,
        seed: int,
        objective: Objective | None = None,
        relaxing: Relaxing | None = None,
        extras: Extras | None = None,
    ) -> None:
        self.learners, self.batches, self.schedule = learners, batches, schedule
        self.placement, self.seed = placement, seed
        self.objective = objective or Objective(Criterion.of(batches.weights.order.part.dataset))
        self.relaxing = relaxing or Relaxing()
        self.extras = extras or Extras()
        self.measuring = 0.0
        """Seconds spent on measuring accuracies beside the search."""
        self._waited_before = 0.0
        self._events: list[Event] = []
        self._take(learners)

    @property
    def supernet(self) -> nn.Module:
        return self.learners.supernet

    @property
    def total(self) -> int:
        return self.schedule.steps

    @property
    def waited(self) -> float:
        """Seconds that steps waited for data."""
        return self._waited_before + self.batches.waited

    def step(self, t: int) -> Facts:
        facts: dict[str, float] = {}
        self._events = []
        figure = self.objective.task.task.step
        self.relaxing.begin(self.supernet, t)
        weights, decisions = self.learners.weights, self.learners.decisions
        batch = self.placement.put(self.batches.weights.at(t))
        if t >= self.schedule.warmup and decisions.parameters:
            other = self.placement.put(self.batches.decisions.at(t))
            unrolled = self.schedule.unrolled
            if unrolled is None:
                loss, share, _ = self._descend(decisions, weights.parameters, other, "decisions", t)
            else:
                loss, share = self._descend_unrolled(batch, other, unrolled(t), t)
            facts |= {"decision_loss": loss, f"decision_{figure}": share}
        loss, share, rate = self._descend(weights, decisions.parameters, batch, "weights", t)
        self.relaxing.end(self.supernet, t)
        facts = {"loss": loss, figure: share, "lr": rate} | facts
        if all(map(math.isfinite, facts.values())):  # else the search is over
            self._discretize(t)
            self._snapshot(t)
        return facts

    def notes(self, t: int) -> Mapping[str, Any] | None:
        if (t + 1) % self.schedule.notes_every and t + 1 != self.total:
            return None
        probabilities = probabilities_of(self.supernet)
        decided = [[1.0, 0.0] for _ in self.held]
        facts: dict[str, Any] = {
            "probabilities": {path: [round(p, 5) for p in ps] for path, ps in probabilities.items()},
            "entropy": round(mean_entropy([*probabilities.values(), *decided]), 5),
        }
        facts |= self.objective.further.notes(self.supernet, self.held)
        lean = leaning(self.scores(), self.extras.weightless)
        return facts if lean is None else facts | {"weightless": round(lean.weight, 5)}

    def events(self, t: int) -> Sequence[Event]:
        return self._events

    def scores(self) -> dict[str, list[float]]:
        """The decision weights by path, those of fixed decisions as they were when they were fixed."""
        shrinking = self.extras.shrinking
        return probabilities_of(self.supernet) | (shrinking.frozen if shrinking else {})

    @property
    def held(self) -> dict[str, Any]:
        """The decisions that are fixed, by path."""
        shrinking = self.extras.shrinking
        return {**self.extras.held, **(shrinking.discretization.values if shrinking else {})}

    @property
    def best(self) -> dict[str, Any] | None:
        """The best epoch so far: its ``value``, ``step`` and ``probabilities``."""
        return self.extras.snapshots.best if self.extras.snapshots else None

    @property
    def chosen(self) -> dict[str, list[float]]:
        """The decision weights that an architecture is derived from."""
        return self.best["probabilities"] if self.best else self.scores()

    def state(self) -> dict[str, Any]:
        shrinking = self.extras.shrinking
        return (
            self.learners.state()
            | {"measuring": self.measuring, "waited": self.waited}
            | ({"shrinking": shrinking.state()} if shrinking else {})
            | ({"best": self.best} if self.best else {})
        )

    def load(self, state: dict[str, Any]) -> None:
        shrinking = self.extras.shrinking
        if shrinking is not None and state["shrinking"]["fixed"]:
            shrinking.load(state["shrinking"])
            self._take(shrinking.fresh())
        self.learners.load(state)
        self.measuring = state["measuring"]
        self._waited_before = state.get("waited", 0.0) - self.batches.waited
        if self.extras.snapshots is not None:
            self.extras.snapshots.best = state.get("best")

    def _take(self, learners: Learners) -> None:
        self.learners = learners
        self._function = self.placement.function(learners.supernet)
        learners.supernet.train()

    def _loss(self, batch: Batch, purpose: str, t: int) -> tuple[Tensor, Any]:
        """The loss, and what the network gives. Its random numbers depend on the seed, the purpose and the step
        alone."""
        seed_torch(self.seed, "search", purpose, t)
        with self.relaxing.sampling(self.supernet), self.placement.autocast():
            output = self._function(*batch.inputs)
            loss = self.objective.task(output, batch.targets)
        if purpose == "decisions":
            loss = self.objective.further(loss, self.supernet, self.held)
        return loss, output

    def _descend(
        self, descent: Descent, others: list[Tensor], batch: Batch, purpose: str, t: int
    ) -> tuple[float, float, float]:
        with without_gradients(others):
            loss, output = self._loss(batch, purpose, t)
            rate = descent.descend_some(loss, t) if self.relaxing.alone else descent.descend(loss, t)
        return loss.item(), self.objective.task.of_batch(output, batch.targets)[1], rate

    def _descend_unrolled(self, batch: Batch, other: Batch, rate: float, t: int) -> tuple[float, float]:
        """A decision step through one unrolled step of the weights; returns the loss and the figure after that step.
        Its passes leave the running statistics alone."""
        seen: list[tuple[float, float]] = []

        def valid() -> Tensor:
            loss, output = self._loss(other, "decisions", t)
            seen.append((loss.item(), self.objective.task.of_batch(output, other.targets)[1]))
            return loss

        with keeping_buffers(self.supernet):
            gradients = unrolled_gradient(
                lambda: self._loss(batch, "weights", t)[0],
                valid,
                self.learners.weights.parameters,
                self.learners.decisions.parameters,
                rate,
            )
        self.learners.decisions.apply(gradients, t)
        return seen[0]

    def _discretize(self, t: int) -> None:
        """Fix the decisions that are due after step ``t``; the network then shrinks."""
        shrinking = self.extras.shrinking
        if shrinking is None:
            return
        discretization = shrinking.discretization
        target = discretization.due(t + 1, self.total)
        if discretization.resolved >= target:
            return
        gap = self._gap()
        steps = shrinking.advance(target, probabilities_of(self.supernet))
        if not steps:
            return
        before = sum(p.numel() for p in self.learners.weights.parameters)
        self._take(shrinking.shrunk(self.learners))
        params = {"params": sum(p.numel() for p in self.learners.weights.parameters), "params_before": before}
        first = len(discretization.fixed) - len(steps)
        for number, step in enumerate(steps, first + 1):
            place = {"fixed": number, "of": discretization.total}
            self._events.append(("decision", step.document() | place | gap | params))

    def _snapshot(self, t: int) -> None:
        """Keep the decision weights of the best epoch."""
        snapshots = self.extras.snapshots
        if snapshots is not None and snapshots.due(t, self.total):
            with self._measured():
                self._events.append(snapshots.take(t, self.supernet))

    def _gap(self) -> dict[str, Any]:
        """The relaxed and the discrete network as they are now."""
        gauge = self.extras.gauge
        if gauge is None or not gauge.samples:
            return {}
        with self._measured():
            return gauge.measure(self.supernet, self.scores(), self.held).document()

    @contextmanager
    def _measured(self) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.measuring += time.monotonic() - started


@torch.no_grad()
def probabilities_of(supernet: nn.Module) -> dict[str, list[float]]:
    """The supernet's decision weights by path."""
    net: Any = supernet
    found: dict[str, list[float]] = net.probabilities()
    return found
