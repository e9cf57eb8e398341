"""What the architectures that decision weights stand for cost in the mean, differentiable in the weights.

The soft cost is after Auto-TSNet's supplement, Eq. 2; the mean is exact, over decisions taken as independent: costs of
a space are a sum of products of decision diagrams (``compiler/analysis/costs/additive.py``), and the mean of each
follows from the weights along its branches.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stdsl.compiler.analysis.costs.additive import AdditiveMetric, additive_cost
from stdsl.compiler.analysis.diagrams.products import Product
from stdsl.compiler.analysis.values import encode
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.diagram import IMPOSSIBLE, Case, Diagram, support
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.objectives import SoftCost

_SMALL = 1e-6
INSIDE = 0.01
"""What a logarithm of a soft cost is taken beyond: as if a hundredth were outside of the range."""

Weights = Mapping[int, Sequence[tuple[Tensor, float]]]
"""By variable index the weight of each answer: a number, and the logarithm of what it is multiplied by. Elements of a
keep that is conditioned on its sizes may be improbable without end."""


class ExpectedCost:
    """The mean of a cost of ``graph``.

    The alternatives of a choose are drawn by their weights, gates by theirs; the elements of a keep each by its weight,
    given that as many stay as may (without β all weigh alike). Raises ValueError where the cost is not known exactly.
    """

    def __init__(self, graph: SpaceGraph, metric: AdditiveMetric) -> None:
        cost = additive_cost(graph, metric)
        if not cost.exact:
            raise ValueError(f"{metric} are known within bounds only")
        self.graph, self.metric, self.constant = graph, metric, float(cost.constant)
        self._owner: dict[int, Decision] = {v.index: d for d in graph.decisions for v in d.variables}
        self._terms = [self._groups(term) for term in cost.terms]

    def of(
        self,
        weights: Mapping[str, Tensor],
        held: Mapping[str, Any] | None = None,
        log_odds: Mapping[str, Tensor] | None = None,
    ) -> Tensor:
        """The mean cost (a scalar). ``weights``: decision weights by path as a supernet has them; ``held``: the values
        of decisions that have one; ``log_odds``: of gates and elements of keeps, which weights have the sigmoids of:
        these round to 0 and 1, and say no more what is likelier than what."""
        chances = self._chances(weights, held or {}, log_odds or {})
        memo: dict[Hashable, Any] = {}
        total: Any = torch.tensor(self.constant, dtype=torch.float64)
        for groups in self._terms:
            product: Any = 1.0
            for factors, valid in groups:
                mean, scale = _mean((*valid, *factors), chances, memo)
                if valid:
                    whole, least = _mean(valid, chances, memo)
                    mean, scale = mean / whole, scale - least
                product = product * mean * math.exp(scale)
            total = total + product
        result: Tensor = total
        return result

    def _groups(self, term: Product) -> list[tuple[Product, Product]]:
        """The factors of a product in groups that share no decision; with each group the conditions of its keeps."""
        groups: list[tuple[set[int], list[Diagram]]] = []
        for factor in term:
            own = {self._owner[v.index].id for v in support(factor)}
            joined, rest = [factor], []
            for ids, factors in groups:
                if ids & own:
                    own |= ids
                    joined = [*factors, *joined]
                else:
                    rest.append((ids, factors))
            groups = [*rest, (own, joined)]
        decisions = self.graph.decisions
        return [
            (tuple(factors), tuple(v for id in sorted(ids) if isinstance(v := decisions[id].valid, Diagram)))
            for ids, factors in groups
        ]

    def _chances(
        self, weights: Mapping[str, Tensor], held: Mapping[str, Any], log_odds: Mapping[str, Tensor]
    ) -> Weights:
        chances: dict[int, Sequence[tuple[Tensor, float]]] = {}
        for decision in self.graph.open:
            path = decision.path
            if path in held:
                for index, answer in encode(decision, held[path]).items():
                    arity = self.graph.diagrams.variables[index].arity
                    chances[index] = _plain(torch.eye(arity, dtype=torch.float64)[answer].unbind())
                continue
            if path in log_odds:
                odds = log_odds[path].double().cpu().reshape(-1)
                both = _scaled(F.logsigmoid(torch.stack([-odds, odds])))
                for place, variable in enumerate(decision.variables):
                    chances[variable.index] = [both[0][place], both[1][place]]
                continue
            row = weights.get(path)
            row = None if row is None else row.double().cpu()
            if decision.kind in ("keep", "gate"):
                many = len(decision.variables)
                on = torch.full((many,), 0.5, dtype=torch.float64) if row is None else row.reshape(many)
                if decision.kind == "keep":
                    on = on.clamp(_SMALL, 1 - _SMALL)
                for variable, p in zip(decision.variables, on.unbind(), strict=True):
                    chances[variable.index] = _plain((1 - p, p))
            else:
                many = len(decision.options)
                row = torch.full((many,), 1 / many, dtype=torch.float64) if row is None else row / row.sum()
                chances[decision.variables[0].index] = _plain(row.unbind())
        return chances


def _plain(row: Sequence[Tensor]) -> list[tuple[Tensor, float]]:
    return [(chance, 0.0) for chance in row]


def _scaled(logs: Tensor) -> list[list[tuple[Tensor, float]]]:
    """What each of ``logs`` (rows, columns) is the logarithm of: 1, with the gradient of it, times a constant."""
    ones = torch.exp(logs - logs.detach())
    return [
        list(zip(row.unbind(), logarithms, strict=True)) for row, logarithms in zip(ones, logs.tolist(), strict=True)
    ]


def _mean(factors: Sequence[Case], chances: Weights, memo: dict[Hashable, Any]) -> tuple[Any, float]:
    """The mean of a product of diagrams, and the logarithm of what it is to be multiplied by; 0 times what is
    impossible is 0."""
    plain, diagrams = 1.0, []
    for factor in factors:
        if isinstance(factor, Diagram):
            diagrams.append(factor)
        elif factor is IMPOSSIBLE:
            plain = 0.0
        else:
            plain *= float(factor)
    if plain == 0 or not diagrams:
        return plain, 0.0
    key = tuple(d.uid for d in diagrams)
    if key not in memo:
        top = min((d.variable for d in diagrams), key=lambda v: v.index)
        parts: list[tuple[Any, float]] = []
        for answer, (chance, log) in enumerate(chances[top.index]):
            kids = [d.children[answer] if d.variable is top else d for d in diagrams]
            value, scale = _mean(kids, chances, memo)
            if not isinstance(value, float) or value != 0:
                parts.append((chance * value, log + scale))
        most = max((scale for _, scale in parts), default=0.0)
        memo[key] = sum((value * math.exp(scale - most) for value, scale in parts), start=0.0), most
    value, scale = memo[key]
    return plain * value, scale


def soft_cost(cost: Tensor, term: SoftCost) -> Tensor:
    """weight · C with C = max(0, F / high - 1) + max(0, 1 - F / low), or of log(C + 0.01)."""
    loss = torch.zeros((), dtype=cost.dtype)
    if term.high is not None:
        loss = loss + torch.relu(cost / term.high - 1)
    if term.low is not None:
        loss = loss + torch.relu(1 - cost / term.low)
    return term.weight * (torch.log(loss + INSIDE) if term.log else loss)


class SoftCosts:
    """The soft costs of a search together."""

    def __init__(self, graph: SpaceGraph, terms: Sequence[SoftCost]) -> None:
        self.terms = tuple(terms)
        self.costs: dict[str, ExpectedCost] = {
            term.of: ExpectedCost(graph, term.of) for term in terms if term.of != "depth"
        }

    def __call__(self, supernet: nn.Module, held: Mapping[str, Any]) -> Tensor:
        """Their sum for the weights of a supernet."""
        net: Any = supernet
        weights = net.decision_weights()
        odds = net.log_odds()
        means: dict[str, Tensor] = {metric: cost.of(weights, held, odds) for metric, cost in self.costs.items()}
        total: Tensor = sum((soft_cost(means[t.of], t) for t in self.terms), start=torch.zeros((), dtype=torch.float64))
        return total.float()

    @torch.no_grad()
    def means(self, supernet: nn.Module, held: Mapping[str, Any]) -> dict[str, float]:
        """The mean of each cost, for the journal."""
        net: Any = supernet
        weights, odds = net.decision_weights(), net.log_odds()
        return {metric: round(float(cost.of(weights, held, odds)), 1) for metric, cost in self.costs.items()}
