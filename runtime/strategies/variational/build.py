"""A search for a posterior at its first step, made of what the settings of a run say."""

from __future__ import annotations

import math

import torch

from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.objectives import KLDropPath

from ...data.batch import Part
from ...data.loading.loader import Loader
from ...data.loading.order import Order
from ...data.networks.binding import bound
from ...data.networks.features import Features, Making
from ...phases.context import Context, data_identity
from ...phases.needs import load_run_weights
from ...randomness import key
from ...training.optimizers import build_descent
from ..candidates import Measuring, hold_sites
from ..learners import Batches, Learners
from .divergence import Divergence, kernels_of
from .search import Objective, Term, VariationalSearch

COLD = 1e-3
"""Temperatures do not fall below this: a gate at 0 has no gradient."""


def variational_search(run: Context, strategy: VariationalConfig) -> VariationalSearch:
    """Of the space of a run."""
    graph, seed = run.job.graph, run.seed
    identity = data_identity(run.config, run.config.data)
    making = Making(run.directory.features, identity, run.placement, run.reporter, run.interruption)
    measured = ("valid",) if strategy.derive.samples else ()
    used = tuple(dict.fromkeys((strategy.weights.split, strategy.decisions.split, *measured)))
    dataset = Features(bound(run.dataset, graph), used, making)
    balanced = run.workshop.balanced
    weights = Order(Part(dataset, (strategy.weights.split,)), strategy.batch, seed, "search weights", balanced)
    decisions = Order(Part(dataset, (strategy.decisions.split,)), strategy.batch, seed, "search decisions", balanced)
    per_epoch = weights.steps_per_epoch
    steps = strategy.total_steps(per_epoch)
    net = template(graph, strategy, seed)
    load_run_weights(net, graph, run.directory)
    dataset.attach(run.placement.model(net))
    learnt = [parameter for path, parameter in net.named_decisions() if not net.rows[path].site]
    learners = Learners(
        net,
        build_descent(strategy.weights.optimizer, net.weights(), steps, per_epoch, strategy.weights.clip),
        build_descent(strategy.decisions.optimizer, learnt, steps, per_epoch, strategy.decisions.clip),
    )
    batches = Batches(Loader(weights, steps, run.config.workers), Loader(decisions, steps, run.config.workers))
    kernels = kernels_of(net, graph)
    terms = tuple(
        Term(Divergence(net, kernels, own.prior_length, own.entropy), own.weight)
        for own in strategy.objectives
        if isinstance(own, KLDropPath)
    )
    measuring = Measuring(
        Part(dataset, ("valid",)),
        weights.part,
        run.placement,
        strategy.batch,
        run.criterion,
        strategy.derive.metric or run.criterion.metric,
        strategy.derive.norms,
        strategy.derive.measure,
    )
    return VariationalSearch(
        graph,
        learners,
        batches,
        run.placement,
        seed,
        Objective(run.criterion.by(strategy.label_smoothing, strategy.aux), terms),
        lambda t: max(float(strategy.tau.at(t=t + 1, T=steps)), COLD),
        steps,
        strategy.warmup_steps(per_epoch),
        strategy.update == "together",
        measuring,
        strategy.derive.samples,
    )


def template(graph: SpaceGraph, strategy: VariationalConfig, seed: int) -> Supernet:
    """The supernet of ``graph`` with fresh weights, all units with the initial drop probability, choices even."""
    from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet

    relaxation = Relaxation("gumbel", "concrete", affine=True, gate="concrete")
    net = build_supernet(graph, relaxation, seed=key(seed, "initial weights", "search"))
    drop = strategy.decisions.init
    with torch.no_grad():
        for path, parameter in net.named_decisions():
            parameter.fill_(math.log((1 - drop) / drop) if net.rows[path].kind in ("gate", "keep") else 0.0)
    hold_sites(net)
    return net
