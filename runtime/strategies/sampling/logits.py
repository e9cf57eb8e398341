"""Logits of decisions: the distribution that paths are drawn from, and gradients of its logarithm."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stdsl.compiler.analysis.marginals import Marginal
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.analysis.values import encode
from stdsl.compiler.backends.networks.concrete import log_within
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph

from ...randomness import seeded
from ...training.descent import gradients_of

Gradients: TypeAlias = dict[Tensor, Tensor]
"""By parameter; nothing depends on those that are missing."""


class Logits:
    """α, float64, on the CPU: of a choose or a count one for each option, of a gate the log-odds of on, of a keep those
    of each element, whose distribution is conditioned on the sizes that it may have. The probability of an architecture
    is the product over its *active* decisions, divided by what all within `where` have together.

    ``init``: the standard deviation that they start with; 0: every decision comes out evenly. ``held``: decisions that
    have a value; ``even``: those that stay even. Nothing is learnt of either.
    """

    def __init__(
        self,
        graph: SpaceGraph,
        init: float,
        seed: int,
        held: Mapping[str, Any] | None = None,
        even: Collection[str] = (),
    ) -> None:
        self.graph, self.held, self.even = graph, dict(held or {}), frozenset(even)
        self.rows: dict[str, nn.Parameter] = {}
        with seeded(seed, "initial decisions"):
            for decision in graph.open:
                many = 1 if decision.kind == "gate" else len(decision.options)
                start = init * torch.randn(many, dtype=torch.float64)
                if decision.path not in self.held and decision.path not in self.even:
                    self.rows[decision.path] = nn.Parameter(start)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """In the order of the table."""
        return list(self.rows.values())

    @property
    def values(self) -> dict[str, list[float]]:
        """By path."""
        return {path: row.detach().tolist() for path, row in self.rows.items()}

    def policy(self) -> Policy:
        """The distribution with the logits as they are."""
        return weighted(self.graph, {}, self.held, self.values)

    def log_prob(self, arch: Mapping[str, Any]) -> Tensor:
        """The logarithm of the product over active decisions, (), differentiable; not divided by anything."""
        found = {path: _as_marginal(self.graph.by_path[path], value) for path, value in arch.items()}
        return self._mean(found)

    def log_whole(self, marginals: Mapping[str, Marginal]) -> Tensor:
        """A number, (), whose gradient is that of the logarithm of what all architectures within `where` have together,
        given how they come out: the mean of the gradients of theirs."""
        return self._mean(marginals)

    def entropy(self) -> Tensor:
        """The mean over decisions of the entropy of how each comes out where it is asked for, (), in nats,
        differentiable."""
        terms = []
        for path, row in self.rows.items():
            decision = self.graph.by_path[path]
            if decision.kind == "keep":
                whole = log_within(row, decision.sizes or (0, len(row)))
                (there,) = torch.autograd.grad(whole, row, create_graph=True)
                terms.append(whole - (there * row).sum())
            else:
                logs = torch.log_softmax(row, 0) if len(row) > 1 else F.logsigmoid(torch.cat([row, -row]))
                terms.append(-(logs.exp() * logs).sum())
        return torch.stack(terms).mean() if terms else torch.zeros((), dtype=torch.float64)

    def gradient(self, arch: Mapping[str, Any], marginals: Mapping[str, Marginal] | None) -> Gradients:
        """Of the logarithm of the probability of an architecture, by the logits of the decisions that it asks for.
        ``marginals``: how all come out, where there is a `where`; then those of all others, too."""
        value = self.log_prob(arch)
        return gradients_of(value if marginals is None else value - self.log_whole(marginals))

    def _mean(self, marginals: Mapping[str, Marginal]) -> Tensor:
        """The mean of the logarithms when decisions come out so."""
        terms = []
        for path, row in self.rows.items():
            if path not in marginals:
                continue
            decision, marginal = self.graph.by_path[path], marginals[path]
            active = float(marginal.active)
            options = torch.tensor([float(p) for p in marginal.options], dtype=row.dtype)
            if not active:
                continue
            if decision.kind == "keep":
                whole = log_within(row, decision.sizes or (0, len(row)))
                terms.append((options * row).sum() - active * whole)
            elif decision.kind == "gate":
                terms.append(options[0] * F.logsigmoid(-row[0]) + options[1] * F.logsigmoid(row[0]))
            else:
                terms.append((options * torch.log_softmax(row, 0)).sum())
        return torch.stack(terms).sum() if terms else torch.zeros((), dtype=torch.float64)

    def state(self) -> dict[str, Tensor]:
        return {path: row.detach() for path, row in self.rows.items()}

    @torch.no_grad()
    def load(self, state: Mapping[str, Tensor]) -> None:
        for path, row in self.rows.items():
            row.copy_(state[path])


def _as_marginal(decision: Decision, value: Any) -> Marginal:
    """That of a decision which comes out in one way."""
    answers = encode(decision, value)
    if decision.kind == "keep":
        return Marginal(1.0, tuple(float(answers[v.index]) for v in decision.variables))
    (variable,) = decision.variables
    return Marginal(1.0, tuple(float(answers[variable.index] == answer) for answer in range(variable.arity)))
