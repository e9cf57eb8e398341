"""Training shared weights along sampled paths, then measuring architectures with them."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.rows import chances_of
from stdsl.compiler.backends.networks.paths.base import PathNetwork

from ...data.batch import Batch
from ...data.loading.loader import Loader
from ...randomness import key, seed_torch
from ...tasks.criterion import Criterion, Output
from ...training.descent import Descent, gradients_of
from ...training.placement import Placement
from ...training.statistics import keeping_buffers
from ...training.stepped import Event, Facts
from ..candidates import Measuring, once_each
from ..variational.search import undecided
from .fair import FairPaths
from .learning import Learning
from .logits import Gradients
from .rewards import add_to
from .sandwich import Sandwiched

_NOTES = 40
"""Probabilities go to the journal so many times in a search."""


@dataclass(frozen=True)
class Candidates:
    """``many`` architectures are drawn when the weights are trained, and measured with them."""

    measuring: Measuring
    many: int = 0


class PathSearch:
    """Steps 0 to ``steps`` - 1 train the weights of ``network``: each takes the gradient of one batch along ``samples``
    drawn paths. What no path of a step has stays as it is. The steps after these draw an architecture each and measure
    it.

    ``drawn``: what paths are drawn from, always the same (Guo et al., Single Path One-Shot, ECCV 2020, §3.2); gradients
    count alike. Or a distribution that is learnt, and gradients count by the likelihoods of their paths (Casale et al.,
    Probabilistic Neural Architecture Search, 2019), or those of the weights alike and the distribution's by rewards
    (Williams 1992; Cai et al., ProxylessNAS, ICLR 2019, §3.3.2). ``fair``: where paths come from instead. ``sandwich``:
    the largest and the smallest path are computed, too.
    """

    def __init__(
        self,
        network: PathNetwork,
        weights: Descent,
        batches: Loader,
        drawn: Policy | Learning,
        placement: Placement,
        seed: int,
        criterion: Criterion,
        steps: int,
        samples: int,
        candidates: Candidates,
        fair: FairPaths | None = None,
        sandwich: Sandwiched | None = None,
    ) -> None:
        self.network, self.weights, self.batches = network, weights, batches
        self.learning = drawn if isinstance(drawn, Learning) else None
        self._policy = None if isinstance(drawn, Learning) else drawn
        self.placement, self.seed, self.criterion = placement, seed, criterion
        self.steps, self.samples, self.candidates = steps, samples, candidates
        self.fair, self.sandwich = fair, sandwich
        self.measuring = 0.0
        """Seconds spent on measuring what was drawn."""
        self.figures: dict[str, float] = {}
        """Of the architectures measured so far, by hash."""
        self._events: list[Event] = []
        self._waited_before = 0.0
        network.train()

    @property
    def total(self) -> int:
        return self.steps + self.candidates.many

    @property
    def waited(self) -> float:
        """Seconds that steps waited for data."""
        own = self.learning.batches if self.learning is not None else None
        return self._waited_before + self.batches.waited + (own.waited if own is not None else 0.0)

    @property
    def supernet(self) -> PathNetwork:
        return self.network

    @property
    def held(self) -> dict[str, Any]:
        """Decisions that have a value from the start."""
        return self.learning.logits.held if self.learning is not None else {}

    @property
    def policy(self) -> Policy:
        """What architectures are drawn from as it is now."""
        if self._policy is None:
            assert self.learning is not None
            self._policy = self.learning.logits.policy()
        return self._policy

    @property
    def chosen(self) -> dict[str, list[float]]:
        """The logits by path; none where nothing is learnt."""
        return self.learning.logits.values if self.learning is not None else {}

    @property
    def undecided(self) -> float:
        """The entropy of what is learnt as a share of the greatest possible; what has a value is decided."""
        assert self.learning is not None
        logits = self.learning.logits
        return undecided(logits.graph, self.chosen, self.held)

    def step(self, t: int) -> Facts:
        self._events = []
        if t >= self.steps:
            return self._measure(t - self.steps)
        return self._train(t) if self.learning is None else self._learn(self.learning, t)

    def path(self, t: int, number: int) -> Architecture:
        """The path that is drawn at a number of step ``t``."""
        if self.fair is not None:
            return self.fair.path(t * self.samples + number)
        return self.policy.draw(key(self.seed, "path", t, number))

    def paths(self, t: int) -> list[Architecture]:
        """All paths of step ``t`` of a search that learns no distribution."""
        drawn = [self.path(t, number) for number in range(self.samples)]
        return drawn if self.sandwich is None else self.sandwich.around(drawn)

    def candidate(self, number: int) -> Architecture:
        """The architecture that is measured at a number from 0."""
        return self.policy.draw(key(self.seed, "candidate", number))

    def notes(self, t: int) -> Mapping[str, Any] | None:
        every = max(1, self.steps // _NOTES)
        if self.learning is None or t >= self.steps or ((t + 1) % every and t + 1 != self.steps):
            return None
        graph = self.learning.logits.graph
        probabilities = chances_of(graph, self.chosen)
        rounded = {path: [round(p, 5) for p in row] for path, row in probabilities.items()}
        return {"probabilities": rounded, "entropy": round(self.undecided, 5)}

    def events(self, t: int) -> Sequence[Event]:
        return self._events

    def state(self) -> dict[str, Any]:
        return {
            "model": self.network.state_dict(),
            "weights": self.weights.state(),
            "figures": self.figures,
            "waited": self.waited,
            "measuring": self.measuring,
        } | (self.learning.state() if self.learning is not None else {})

    def load(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["model"])
        self.weights.load(state["weights"])
        self.figures = dict(state["figures"])
        self._waited_before = 0.0
        self._waited_before = state["waited"] - self.waited
        self.measuring = state["measuring"]
        if self.learning is not None:
            self.learning.load(state)
            self._policy = None

    def _train(self, t: int) -> Facts:
        batch = self.placement.put(self.batches.at(t))
        gradients: dict[Tensor, Tensor] = {}
        losses, figures, teacher = [], [], None
        paths = self.paths(t)
        for number, arch in enumerate(paths):
            self.network.hold_architecture(arch)
            loss, output = self._loss(batch, t, number, teacher=teacher)
            if self.sandwich is not None and teacher is None:
                teacher = _detached(output)
            add_to(gradients, gradients_of(loss), 1 / len(paths))
            losses.append(loss.item())
            figures.append(self.criterion.of_batch(output, batch.targets)[1])
        self.weights.apply_some(gradients, t)
        mean, figure = (math.fsum(values) / len(paths) for values in (losses, figures))
        return {"loss": mean, self.criterion.task.step: figure, "lr": self.weights.rate(t)}

    def _learn(self, learning: Learning, t: int) -> Facts:
        batch = self.placement.put(self.batches.at(t))
        own = learning.batches
        learns = learning.learns(t)
        paths = [self.path(t, number) for number in range(self.samples)]
        marginals = learning.marginals(self.policy) if learns else None
        scores = [learning.logits.gradient(arch, marginals) for arch in paths] if learns else []
        estimate, losses, figures = learning.estimate(), [], []
        for number, arch in enumerate(paths):
            self.network.hold_architecture(arch)
            loss, output = self._loss(batch, t, number)
            score = scores[number] if learns and learning.compares and own is None else None
            figure = self.criterion.of_batch(output, batch.targets)
            worth = learning.worth(loss.item(), figure, len(batch.targets))
            estimate.add(worth, gradients_of(loss), score)
            losses.append(loss.item())
            figures.append(figure[1])
        told, mean = estimate.told, estimate.mean()
        if learns:
            likely: dict[Tensor, Tensor] = {row: mean.pop(row) for row in learning.logits.parameters if row in mean}
            if own is not None and learning.compares:
                likely, more = self._likely(learning, own, paths, scores, t)
                told = more | told
            told |= learning.apply(t, likely, paths, scores)
            self._policy = None
        self.weights.apply_some(mean, t)
        average, share = (math.fsum(values) / self.samples for values in (losses, figures))
        return {"loss": average, self.criterion.task.step: share, "lr": self.weights.rate(t)} | told

    @torch.no_grad()
    def _likely(
        self, learning: Learning, batches: Loader, paths: Sequence[Architecture], scores: Sequence[Gradients], t: int
    ) -> tuple[dict[Tensor, Tensor], dict[str, float]]:
        """The gradient by a batch of the distribution's own, and what is told of it. Passes leave running statistics
        alone."""
        batch = self.placement.put(batches.at(t))
        found = learning.estimate()
        with keeping_buffers(self.network):
            for number, arch in enumerate(paths):
                self.network.hold_architecture(arch)
                loss, output = self._loss(batch, t, number, "decisions")
                figure = self.criterion.of_batch(output, batch.targets)
                found.add(learning.worth(loss.item(), figure, len(batch.targets)), {}, scores[number])
        return found.mean(), found.told

    def _loss(
        self, batch: Batch, t: int, number: int, purpose: str = "weights", teacher: Output | None = None
    ) -> tuple[Tensor, Any]:
        """The loss along a path, and what the network gives. Random numbers depend on the seed, the purpose, the step
        and the number of the path alone. ``teacher``: what the largest path gave."""
        seed_torch(self.seed, "search", purpose, t, number)
        with self.placement.autocast():
            output = self.network(*batch.inputs)
            if self.sandwich is not None:
                return self.sandwich.loss(self.criterion, output, batch.targets, teacher), output
            return self.criterion(output, batch.targets), output

    def _measure(self, number: int) -> Facts:
        arch, measuring = self.candidate(number), self.candidates.measuring
        if arch.hash not in self.figures:
            started = time.monotonic()
            self.figures[arch.hash] = measuring.figure(self.network, arch)
            self.measuring += time.monotonic() - started
        figure = self.figures[arch.hash]
        self._events.append(("drawn", {"number": number + 1, "hash": arch.hash, measuring.metric: figure}))
        return {measuring.metric: figure}


def _detached(output: Output) -> Output:
    if isinstance(output, Tensor):
        return output.detach()
    return {name: tensor.detach() for name, tensor in output.items()}


def measured(search: PathSearch) -> list[dict[str, Any]]:
    """Of each different architecture that was measured; see :func:`once_each`."""
    return once_each(map(search.candidate, range(search.candidates.many)), search.figures, search.policy)
