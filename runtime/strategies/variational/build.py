"""A search for a posterior at its first step, made of what the settings of a run say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from stdsl.compiler.analysis.derivation.reading import Reading
from stdsl.compiler.analysis.policies.rows import certain
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.checks.roles import Roles
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.objectives import KLDropPath

from ...data.batch import Part
from ...data.loading.loader import Loader
from ...data.loading.order import Order
from ...phases.context import Context
from ...phases.needs import load_run_weights
from ...randomness import key
from ...training.optimizers import build_descent
from ..candidates import hold_sites
from ..further import further
from ..learners import Batches, Learners
from ..likeliest import likeliest, likeliest_by_logits
from ..parts import SearchPart, part, pick
from ..phased import PhasedSearch
from ..searched import measuring, searched_data
from ..temperature import temperature
from .divergence import Divergence, kernels_of
from .search import Objective, Term, VariationalSearch


def phased_search(run: Context, each: Sequence[tuple[VariationalConfig, Roles]]) -> PhasedSearch[VariationalSearch]:
    """The search in parts, at its first step; strategies are drawn at the end of the last."""
    graph, last = run.job.graph, len(each) - 1

    def begin(number: int, found: Mapping[str, Any]) -> VariationalSearch:
        return variational_search(run, part(each, number, found), draws=number == last)

    def found(number: int, rows: Mapping[str, Sequence[float]], held: Mapping[str, Any]) -> dict[str, Any]:
        role = each[number][1]
        fixed = {path: value for path, value in held.items() if path not in role.free}
        logits = {path: row for path, row in rows.items() if path not in fixed}
        arch = weighted(graph, certain(graph, fixed), fixed, logits).likeliest()
        return pick(graph, role, arch, lambda decision: _alone(graph, decision, logits))

    strategy = each[0][0]
    per_epoch = Order(Part(run.dataset, (strategy.weights.split,)), strategy.batch, run.seed, "").steps_per_epoch
    lengths = [own.total_steps(per_epoch) for own, _ in each]
    lengths[last] += strategy.derive.samples
    return PhasedSearch(lengths, begin, found)


def _alone(graph: SpaceGraph, decision: Decision, logits: Mapping[str, Sequence[float]]) -> Any:
    """The likeliest value of one decision by itself."""
    row = logits.get(decision.path)
    return likeliest(graph, decision, {}, Reading()).value if row is None else likeliest_by_logits(decision, row)


def variational_search(run: Context, stretch: SearchPart[VariationalConfig], draws: bool = True) -> VariationalSearch:
    """Of the space of a run, or a part of it, at its first step. ``draws``: strategies are drawn at its end."""
    strategy, graph, seed = stretch.strategy, run.job.graph, stretch.seed(run.seed)
    left = stretch.network(graph) if run.config.phase else graph
    measured = ("valid",) if strategy.derive.samples else ()
    dataset = searched_data(run, graph, (strategy.weights.split, strategy.decisions.split, *measured))
    balanced = run.workshop.balanced
    weights, decisions = (
        Order(Part(dataset, (split,)), strategy.batch, run.seed, f"search {purpose}{stretch.name}", balanced)
        for split, purpose in ((strategy.weights.split, "weights"), (strategy.decisions.split, "decisions"))
    )
    per_epoch = weights.steps_per_epoch
    steps = strategy.total_steps(per_epoch)
    net = template(left, strategy, run.seed)
    load_run_weights(net, left, run.directory)
    dataset.attach(run.placement.model(net))
    apart = frozenset(stretch.uniform)
    learnt = [own for path, own in net.named_decisions() if not net.rows[path].site and path not in apart]
    learners = Learners(
        net,
        build_descent(strategy.weights.optimizer, net.weights(), steps, per_epoch, strategy.weights.clip),
        build_descent(strategy.decisions.optimizer, learnt, steps, per_epoch, strategy.decisions.clip),
    )
    batches = Batches(Loader(weights, steps, run.config.loaders), Loader(decisions, steps, run.config.loaders))
    kernels = kernels_of(net, left)
    terms = tuple(
        Term(Divergence(net, kernels, own.prior_length, own.entropy, apart), own.weight)
        for own in strategy.objectives
        if isinstance(own, KLDropPath)
    )
    return VariationalSearch(
        graph,
        learners,
        batches,
        run.placement,
        seed,
        Objective(run.criterion.by(strategy.label_smoothing, strategy.aux), terms, further(strategy.objectives, graph)),
        lambda t: temperature(strategy.tau, t, steps),
        steps,
        strategy.warmup_steps(per_epoch),
        strategy.update == "together",
        measuring(run, dataset, weights.part, strategy.batch, strategy.derive),
        strategy.derive.samples if draws else 0,
        stretch.values,
        partial(stretch.drawn, graph, run.seed) if apart else None,
    )


def template(graph: SpaceGraph, strategy: VariationalConfig, seed: int) -> Supernet:
    """The supernet of ``graph`` with fresh weights, all units with the initial drop probability, choices even."""
    from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet

    relaxation = Relaxation("gumbel", "concrete", affine=True, gate="concrete")
    net = build_supernet(graph, relaxation, seed=key(seed, "initial weights", "search"))
    drop = strategy.decisions.init
    with torch.no_grad():
        for path, parameter in net.named_decisions():
            parameter.fill_(math.log1p(-drop) - math.log(drop) if net.rows[path].kind in ("gate", "keep") else 0.0)
    hold_sites(net)
    return net
