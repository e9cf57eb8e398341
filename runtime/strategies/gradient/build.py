"""A gradient search at its first step, made of what the settings of a run say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

import torch
from torch import nn

from stdsl.compiler.analysis.derivation.weightless import weightless
from stdsl.compiler.backends.networks.paths.build import build_drawn_network
from stdsl.compiler.backends.networks.paths.drawn import DrawnNetwork, settle
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet
from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.checks.roles import Roles
from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.compiler.ir.graph import SpaceGraph

from ...data.batch import Part
from ...data.loading.loader import Loader
from ...data.loading.order import Order
from ...phases.context import Context
from ...phases.needs import load_run_weights
from ...randomness import key, seeded
from ...training.descent import Descent
from ...training.optimizers import build_descent
from ..further import further
from ..learners import Batches, Learners, Schedule
from ..likeliest import likeliest
from ..parts import SearchPart, part, pick
from ..phased import PhasedSearch
from ..searched import searched_data
from .discretization import Discretization
from .gap import Gauge, preferred
from .relaxing import relaxing
from .search import Extras, GradientSearch, Objective
from .shrinking import Shrinking
from .snapshots import Snapshots

_NOTES = 40
"""Probabilities go to the journal so many times in a search."""


def phased_search(run: Context, each: Sequence[tuple[GradientConfig, Roles]]) -> PhasedSearch[GradientSearch]:
    """The search in parts, at its first step."""
    graph = run.job.graph

    def begin(number: int, found: Mapping[str, Any]) -> GradientSearch:
        return gradient_search(run, part(each, number, found))

    def found(number: int, scores: Mapping[str, Sequence[float]], held: Mapping[str, Any]) -> dict[str, Any]:
        strategy, role = each[number]
        fixed = {path: value for path, value in held.items() if path not in role.free}
        arch = preferred(graph, scores, strategy.reading, fixed).architecture
        return pick(graph, role, arch, lambda d: likeliest(graph, d, scores, strategy.reading).value)

    strategy = each[0][0]
    per_epoch = Order(Part(run.dataset, (strategy.weights.split,)), strategy.batch, run.seed, "").steps_per_epoch
    return PhasedSearch([strategy.total_steps(per_epoch) for strategy, _ in each], begin, found)


def gradient_search(run: Context, stretch: SearchPart[GradientConfig]) -> GradientSearch:
    """A search, or a part of it, at its first step."""
    return _Assembly(run, stretch).search()


class _Assembly:
    def __init__(self, run: Context, stretch: SearchPart[GradientConfig]) -> None:
        self.run, self.stretch = run, stretch
        self.strategy, self.graph = stretch.strategy, run.job.graph
        self.dataset = searched_data(run, self.graph, (self.strategy.weights.split, self.strategy.decisions.split))
        self.weight_order = self.order(self.strategy.weights.split, "weights")
        self.decision_order = self.order(self.strategy.decisions.split, "decisions")
        self.per_epoch = self.weight_order.steps_per_epoch
        self.steps = self.strategy.total_steps(self.per_epoch)
        self.loaders: list[Loader] = []

    def search(self) -> GradientSearch:
        run, strategy, stretch = self.run, self.strategy, self.stretch
        shrinking = self.shrinking()
        whole = not run.config.phase or strategy.relax.drawn
        supernet = self.supernet(self.graph if whole else stretch.network(self.graph, strategy.relax.affine))
        learnt = [p for path, p in supernet.named_decisions() if path not in stretch.roles.uniform]
        self.loaders += [Loader(order, self.steps, run.config.loaders) for order in self.orders]
        weights = self.weights(supernet.weights())
        drawn = partial(stretch.drawn, self.graph, run.seed) if stretch.uniform else None
        best = strategy.derive.metric if strategy.derive.snapshot == "best" else None
        return GradientSearch(
            Learners(supernet, weights, self.decisions(learnt)),
            Batches(*self.loaders),
            Schedule(
                self.steps,
                strategy.warmup_steps(self.per_epoch),
                max(1, self.steps // _NOTES),
                _unrolled(strategy, weights),
            ),
            run.placement,
            stretch.seed(run.seed),
            Objective(
                run.criterion.by(strategy.label_smoothing, strategy.aux), further(strategy.objectives, self.graph)
            ),
            relaxing(strategy, self.steps, drawn),
            Extras(
                shrinking,
                self.gauge,
                Snapshots(best, self.gauge, self.per_epoch) if best is not None else None,
                stretch.values,
                weightless(self.graph),
            ),
        )

    def order(self, split: str, purpose: str) -> Order:
        part = Part(self.dataset, (split,))
        own = f"search {purpose}{self.stretch.name}"
        return Order(part, self.strategy.batch, self.run.seed, own, self.run.workshop.balanced)

    @property
    def orders(self) -> tuple[Order, Order]:
        return self.weight_order, self.decision_order

    def supernet(self, left: SpaceGraph) -> Supernet:
        """The network of what is left, on its device."""
        supernet = relaxed(left, self.strategy, self.run.seed, plain=left is not self.graph)
        if isinstance(supernet, DrawnNetwork):
            settle(supernet, self.stretch.values)
        load_run_weights(supernet, left, self.run.directory)
        for loader in self.loaders:
            loader.forget()  # what it made ahead is for the network before
        self.dataset.attach(self.run.placement.model(supernet))
        return supernet

    def weights(self, parameters: Iterable[nn.Parameter]) -> Descent:
        own = self.strategy.weights
        return build_descent(own.optimizer, parameters, self.steps, self.per_epoch, own.clip)

    def decisions(self, parameters: Iterable[nn.Parameter]) -> Descent:
        own = self.strategy.decisions
        return build_descent(own.optimizer, parameters, self.steps, self.per_epoch, own.clip)

    def shrinking(self) -> Shrinking | None:
        strategy = self.strategy
        if strategy.discretize is None:
            return None
        discretization = Discretization(self.graph, strategy.discretize, strategy.reading, strategy.relax.affine)
        return Shrinking(discretization, self.supernet, self.weights, self.decisions)

    @cached_property
    def gauge(self) -> Gauge:
        strategy = self.strategy
        return Gauge(
            self.graph,
            self.decision_order.part,
            self.run.placement,
            strategy.batch,
            strategy.measure,
            strategy.relax.statistics,
            strategy.reading,
            self.run.criterion,
        )


def _unrolled(strategy: GradientConfig, weights: Descent) -> Callable[[int], float] | None:
    """ξ by step, None for the first order."""
    if strategy.decisions.order == 1:
        return None
    own = strategy.decisions.unrolled_lr
    return weights.rate if own is None else lambda t: own


def relaxed(graph: SpaceGraph, strategy: GradientConfig, seed: int, plain: bool = False) -> Supernet:
    """The supernet of ``graph`` with fresh weights. ``plain``: the graph says itself which norms have a scale."""
    relax, own = strategy.relax, key(seed, "initial weights", "search")
    supernet: Supernet
    if relax.drawn:
        supernet = build_drawn_network(graph, relax.sharing, relax.affine, own)
    else:
        keep = relax.keep.kind if relax.keep else "none"
        relaxation = Relaxation(relax.mixture.kind, keep, relax.affine or plain, relax.groups)
        supernet = build_supernet(graph, relaxation, relax.passes or None, own)
    with torch.no_grad(), seeded(seed, "initial decisions"):
        for parameter in supernet.decisions():
            parameter.normal_().mul_(relax.init)
    return supernet
