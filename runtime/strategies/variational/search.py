"""Training a template with drop-paths whose probabilities are learnt, then measuring strategies drawn from them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from stdsl.compiler.analysis.architecture import Architecture, values_of
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.rows import certain, chances_of
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.backends.networks.concrete import bounds, log_within
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph

from ...data.batch import Batch
from ...randomness import key, seed_torch
from ...tasks.criterion import Criterion
from ...training.placement import Placement
from ...training.stepped import Event, Facts
from ..candidates import Measuring, once_each
from ..further import Further
from ..learners import Batches, Learners, without_gradients
from ..statistics import mean_entropy
from .divergence import Divergence

Values = Callable[[int], Mapping[str, Any]]

_NOTES = 40
"""Probabilities go to the journal so many times in a search."""


@dataclass(frozen=True)
class Term:
    """``weight`` times a divergence."""

    divergence: Divergence
    weight: float


@dataclass(frozen=True)
class Objective:
    """``task``: the loss of the task, a mean over samples; ``terms``: divergences, which are divided by the number of
    training samples; ``further``: entropies and soft costs, which are not."""

    task: Criterion
    terms: tuple[Term, ...] = ()
    further: Further = field(default_factory=Further)

    def divergence(self) -> Tensor:
        """Of all terms together, in nats, ()."""
        parts = [term.weight * term.divergence() for term in self.terms]
        return torch.stack(parts).sum() if parts else torch.zeros(())


class VariationalSearch:
    """Steps 0 to ``steps`` - 1 train: every gate is drawn once for a step, the same for all samples of the batch, from
    the concrete distribution at the step's ``temperature``. ``together``: one batch and one loss for weights and
    posterior; else a step of the posterior on its own batch, then one of the weights on theirs. The posterior stays as
    it is for the first ``warmup`` steps.

    The ``drawn`` steps after these draw a strategy each from the posterior and measure it with the template's weights.

    ``held``: decisions of ``graph`` that have a value from the start, which the network does not hold. ``uniform``: by
    step the values of decisions that are drawn evenly, and of which nothing is learnt.
    """

    def __init__(
        self,
        graph: SpaceGraph,
        learners: Learners,
        batches: Batches,
        placement: Placement,
        seed: int,
        objective: Objective,
        temperature: Callable[[int], float],
        steps: int,
        warmup: int,
        together: bool,
        strategies: Measuring,
        drawn: int,
        held: Mapping[str, Any] | None = None,
        uniform: Values | None = None,
    ) -> None:
        self.graph, self.learners, self.batches = graph, learners, batches
        self.placement, self.seed, self.objective = placement, seed, objective
        self.temperature, self.steps, self.warmup = temperature, steps, warmup
        self.together, self.strategies, self.drawn = together, strategies, drawn
        self.held = dict(held or {})
        self.uniform = uniform
        self.measuring = 0.0
        """Seconds spent on measuring what was drawn."""
        self.figures: dict[str, float] = {}
        """Of the strategies measured so far, by hash."""
        self._strategies: dict[int, Architecture] = {}
        """Those drawn so far, by number."""
        self._events: list[Event] = []
        self._waited_before = 0.0
        self._function = placement.function(learners.supernet)
        learners.supernet.train()

    @property
    def supernet(self) -> nn.Module:
        return self.learners.supernet

    @property
    def total(self) -> int:
        return self.steps + self.drawn

    @property
    def samples(self) -> int:
        """Those that the weights learn from."""
        return len(self.batches.weights.order.part)

    @property
    def waited(self) -> float:
        """Seconds that steps waited for data."""
        return self._waited_before + self.batches.waited

    def step(self, t: int) -> Facts:
        self._events = []
        if t >= self.steps:
            return self._measure(t - self.steps)
        net: Any = self.supernet
        net.temperature = net.keep_temperature = self.temperature(t)
        with self._drawn_evenly(t):
            batch = self.placement.put(self.batches.weights.at(t))
            return self._together(batch, t) if self.together else self._by_turns(batch, t)

    def notes(self, t: int) -> Mapping[str, Any] | None:
        every = max(1, self.steps // _NOTES)
        if t >= self.steps or ((t + 1) % every and t + 1 != self.steps):
            return None
        probabilities = self.probabilities()
        rounded = {path: [round(p, 5) for p in row] for path, row in probabilities.items()}
        facts = {"probabilities": rounded, "entropy": round(self.entropy, 5)}
        with self._drawn_evenly(t):  # mean costs are those that are in the loss
            return facts | self.objective.further.notes(self.supernet, self.held)

    def events(self, t: int) -> Sequence[Event]:
        return self._events

    def state(self) -> dict[str, Any]:
        own = {"figures": self.figures, "waited": self.waited, "measuring": self.measuring}
        return self.learners.state() | own

    def load(self, state: dict[str, Any]) -> None:
        self.learners.load(state)
        self.figures = dict(state["figures"])
        self._waited_before = state["waited"] - self.batches.waited
        self.measuring = state["measuring"]

    def probabilities(self) -> dict[str, list[float]]:
        """By path: of a gate those of off and on, of a choose those of its options, of the elements of a keep that each
        is there, as if it were alone."""
        return chances_of(self.graph, self.chosen)

    @property
    def chosen(self) -> dict[str, list[float]]:
        """By path: the log-odds of a gate, and of each element of a keep, the logits of the options of a choose. In
        probabilities those of two elements that are nearly sure would be the same."""
        net: Any = self.supernet
        return {
            path: parameter.detach().double().reshape(-1).tolist()
            for path, parameter in net.named_decisions()
            if not net.rows[path].site
        }

    @cached_property
    def posterior(self) -> Policy:
        """When it is learnt."""
        return weighted(self.graph, certain(self.graph, self.held), self.held, self.chosen)

    @property
    def entropy(self) -> float:
        """How undecided the posterior is (:func:`undecided`): what has a value is decided, what is drawn evenly is
        not."""
        return undecided(self.graph, self.chosen, self.held, () if self.uniform is None else self.uniform(0))

    def strategy(self, number: int) -> Architecture:
        """The strategy that is drawn at a number from 0."""
        if number not in self._strategies:
            self._strategies[number] = self.posterior.draw(key(self.seed, "strategy", number))
        return self._strategies[number]

    # -- training

    def _together(self, batch: Batch, t: int) -> Facts:
        weights, decisions = self.learners.weights, self.learners.decisions
        learning = t >= self.warmup and bool(decisions.parameters)
        with without_gradients([] if learning else decisions.parameters):
            loss, output, divergence = self._loss(batch, "weights", t)
            whole = loss + self._share(divergence, self.batches.weights)
            if learning:
                whole = self.objective.further(whole, self.supernet, self.held)
            own = weights.parameters
            asked = [*own, *(decisions.parameters if learning else [])]
            gradients = torch.autograd.grad(whole, asked, allow_unused=True)
        weights.apply(gradients[: len(own)], t)
        if learning:
            decisions.apply(gradients[len(own) :], t)
        return self._facts(loss, output, divergence, batch, t)

    def _by_turns(self, batch: Batch, t: int) -> Facts:
        weights, decisions = self.learners.weights, self.learners.decisions
        facts: dict[str, float] = {}
        if t >= self.warmup and decisions.parameters:
            other = self.placement.put(self.batches.decisions.at(t))
            with without_gradients(weights.parameters):
                loss, output, divergence = self._loss(other, "decisions", t)
                whole = loss + self._share(divergence, self.batches.decisions)
                decisions.descend(self.objective.further(whole, self.supernet, self.held), t)
            facts = {
                "decision_loss": loss.item(),
                f"decision_{self.objective.task.task.step}": self._figure(output, other),
            }
        with without_gradients(decisions.parameters):
            loss, output, divergence = self._loss(batch, "weights", t)
            weights.descend(loss + self._share(divergence, self.batches.weights), t)
        return {**self._facts(loss, output, divergence, batch, t), **facts}

    def _loss(self, batch: Batch, purpose: str, t: int) -> tuple[Tensor, Any, Tensor]:
        """The task's loss, what the network gives, and the divergence. Random numbers depend on the seed, the purpose
        and the step alone."""
        seed_torch(self.seed, "search", purpose, t)
        with self._sampling(), self.placement.autocast():
            output = self._function(*batch.inputs)
            loss = self.objective.task(output, batch.targets)
        return loss, output, self.objective.divergence().to(loss.device)

    @staticmethod
    def _share(divergence: Tensor, batches: Any) -> Tensor:
        """What one training sample has of the divergence."""
        return divergence / len(batches.order.part)

    @contextmanager
    def _drawn_evenly(self, t: int) -> Iterator[None]:
        """Decisions of which nothing is learnt have the values of step ``t`` inside."""
        net: Any = self.supernet
        values = self.uniform(t) if self.uniform is not None else {}
        net.hold(values)
        try:
            yield
        finally:
            if values:
                net.release(*values)

    @contextmanager
    def _sampling(self) -> Iterator[None]:
        net: Any = self.supernet
        net.sampled = True
        try:
            yield
        finally:
            net.sampled = False

    def _facts(self, loss: Tensor, output: Any, divergence: Tensor, batch: Batch, t: int) -> dict[str, float]:
        figure = self.objective.task.task.step
        return {
            "loss": loss.item(),
            figure: self._figure(output, batch),
            "divergence": divergence.item(),
            "lr": self.learners.weights.rate(t),
        }

    def _figure(self, output: Any, batch: Batch) -> float:
        return self.objective.task.of_batch(output, batch.targets)[1]

    # -- measuring

    def _measure(self, number: int) -> Facts:
        net: Any = self.supernet
        arch = self.strategy(number)
        if arch.hash not in self.figures:
            started = time.monotonic()
            self.figures[arch.hash] = self.strategies.figure(net, arch)
            self.measuring += time.monotonic() - started
        figure = self.figures[arch.hash]
        log_prob = self.posterior.log_prob(arch)
        told = {"number": number + 1, "hash": arch.hash, self.strategies.metric: figure, "log_prob": log_prob}
        self._events.append(("drawn", told))
        return {self.strategies.metric: figure}


def undecided(
    graph: SpaceGraph,
    logits: Mapping[str, Sequence[float]],
    held: Collection[str] = (),
    even: Collection[str] = (),
) -> float:
    """The entropy of a posterior as a share of the greatest possible, its mean over decisions: elements of keeps one by
    one, those of a keep whose sizes are bounded as the sets that these allow, as often as it has elements. ``held``:
    paths of decisions that have a value, and are decided; ``even``: of those that are drawn evenly."""
    shares: list[float] = []
    for path, row in chances_of(graph, {p: row for p, row in logits.items() if p not in held}).items():
        decision = graph.by_path[path]
        if path in even:
            shares += [1.0] * _units(decision)
        elif decision.kind != "keep":
            shares += [mean_entropy([row])] if len(row) > 1 else []
        elif bounds(decision.sizes, len(row)):
            assert decision.sizes is not None
            shares += [_of_sets(logits[path], decision.sizes)] * len(row)
        else:
            shares += [mean_entropy([[1 - p, p]]) for p in row]
    shares += [0.0] * sum(_units(graph.by_path[path]) for path in held)
    return sum(shares) / len(shares) if shares else 0.0


def _units(decision: Decision) -> int:
    """How often a decision counts."""
    return len(decision.options) if decision.kind == "keep" else int(len(decision.options) > 1)


def _of_sets(logits: Sequence[float], sizes: tuple[int, int]) -> float:
    """The entropy of the sets of elements within ``sizes``, as a share of the greatest possible."""
    many = sum(math.comb(len(logits), k) for k in range(sizes[0], sizes[1] + 1))
    with torch.enable_grad():
        odds = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
        weight = log_within(odds, sizes)
        (there,) = torch.autograd.grad(weight, odds)
    entropy = float(weight.detach() - (there * odds.detach()).sum())
    return min(1.0, max(0.0, entropy / math.log(many))) if many > 1 else 0.0


def drawn_strategies(search: VariationalSearch) -> list[dict[str, Any]]:
    """Of each different strategy that was drawn, see :func:`once_each`, and what it costs in the space that is
    searched."""
    found = once_each(map(search.strategy, range(search.drawn)), search.figures, search.posterior)
    for one in found:
        assert one["log_prob"] is None or math.isfinite(one["log_prob"]), "it was drawn"
        own = costs(search.graph, values_of(one["architecture"]))
        one |= {"params": own.params, "flops": own.flops}
    return found
