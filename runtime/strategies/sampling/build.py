"""A search along sampled paths at its first step, made of what the settings of a run say."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.costs.of_many import costs_of_each
from stdsl.compiler.analysis.ends import ends
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.backends.networks.paths.base import PathNetwork
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.checks.roles import Roles
from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.objectives import SoftCost

from ...data.batch import Part
from ...data.loading.loader import Loader
from ...data.loading.order import Order
from ...phases.context import Context
from ...phases.needs import load_run_weights
from ...randomness import key
from ...training.optimizers import build_descent
from ..likeliest import likeliest_by_logits
from ..parts import SearchPart, part, pick
from ..phased import PhasedSearch
from ..searched import measuring, searched_data
from .fair import FairPaths
from .learning import Learning
from .logits import Logits
from .sandwich import Sandwiched
from .search import Candidates, PathSearch

TYPICAL: Final = 100
"""So many paths are drawn to tell what one of them takes."""


def phased_search(run: Context, each: Sequence[tuple[SamplingConfig, Roles]]) -> PhasedSearch[PathSearch]:
    """The search in parts, at its first step; architectures are measured at the end of the last."""
    graph, last = run.job.graph, len(each) - 1

    def begin(number: int, found: Mapping[str, Any]) -> PathSearch:
        return path_search(run, part(each, number, found), measures=number == last)

    def found(number: int, rows: Mapping[str, Sequence[float]], held: Mapping[str, Any]) -> dict[str, Any]:
        role = each[number][1]
        fixed = {path: value for path, value in held.items() if path not in role.free}
        logits = {path: row for path, row in rows.items() if path not in fixed}
        arch = weighted(graph, {}, fixed, logits).likeliest()
        return pick(graph, role, arch, lambda decision: likeliest_by_logits(decision, logits[decision.path]))

    strategy = each[0][0]
    per_epoch = Order(Part(run.dataset, (strategy.weights.split,)), strategy.batch, run.seed, "").steps_per_epoch
    lengths = [own.total_steps(per_epoch) for own, _ in each]
    lengths[last] += strategy.measured
    return PhasedSearch(lengths, begin, found)


def path_search(run: Context, stretch: SearchPart[SamplingConfig], measures: bool = True) -> PathSearch:
    """Of the space of a run, or a part of it, at its first step. ``measures``: architectures are, at its end."""
    strategy, graph, seed = stretch.strategy, run.job.graph, stretch.seed(run.seed)
    splits = (strategy.decisions.split,) if strategy.apart else ()
    measured = ("valid",) if strategy.measured else ()
    dataset = searched_data(run, graph, (strategy.weights.split, *splits, *measured))
    part = Part(dataset, (strategy.weights.split,))
    order = Order(part, strategy.batch, run.seed, f"search weights{stretch.name}", run.workshop.balanced)
    steps = strategy.total_steps(order.steps_per_epoch)
    network = path_network(graph, strategy, run.seed)
    load_run_weights(network, graph, run.directory)
    dataset.attach(run.placement.model(network))
    own_batches: Loader | None = None
    if strategy.apart:
        learnt = Part(dataset, (strategy.decisions.split,))
        own = Order(learnt, strategy.batch, run.seed, f"search decisions{stretch.name}", run.workshop.balanced)
        own_batches = Loader(own, steps, run.config.loaders)
    candidates = measuring(run, dataset, part, strategy.batch, strategy.derive)
    return PathSearch(
        network,
        build_descent(
            strategy.weights.optimizer, network.weights(), steps, order.steps_per_epoch, strategy.weights.clip
        ),
        Loader(order, steps, run.config.loaders),
        learning(graph, stretch, seed, steps, order.steps_per_epoch, own_batches)
        if strategy.learns
        else _drawn_from(graph, strategy),
        run.placement,
        seed,
        run.criterion.by(strategy.label_smoothing, strategy.aux),
        steps,
        strategy.samples,
        Candidates(candidates, strategy.measured if measures else 0),
        FairPaths(graph, seed) if strategy.draw == "fair" else None,
        _sandwiched(graph, strategy),
    )


def typical_paths(graph: SpaceGraph, strategy: SamplingConfig) -> tuple[Architecture, float]:
    """For the plan: of the paths of the steps, some of them drawn as at the start, the one that keeps most; and the
    share of its multiply-adds that a path takes on average."""
    distribution = _drawn_from(graph, strategy)
    paths = [distribution.draw(key(0, "typical path", number)) for number in range(TYPICAL)]
    ends_too = _sandwiched(graph, strategy)
    if ends_too is not None:
        paths = [*paths, ends_too.smallest, ends_too.largest]
    costs = costs_of_each(graph, paths)
    work = [each.flops or 0 for each in costs]  # unknown costs of operators of the user's weigh nothing here
    heaviest = max(range(len(paths)), key=lambda i: (costs[i].activations or 0, work[i]))
    mean = (strategy.samples * statistics.fmean(work[:TYPICAL]) + sum(work[TYPICAL:])) / strategy.paths
    return paths[heaviest], mean / max(1, work[heaviest]) or 1.0


def _drawn_from(graph: SpaceGraph, strategy: SamplingConfig) -> Policy:
    return policy(graph, "uniform" if strategy.draw == "uniform" else "even")


def _sandwiched(graph: SpaceGraph, strategy: SamplingConfig) -> Sandwiched | None:
    found = None if strategy.sandwich is None else ends(graph)
    if strategy.sandwich is None or found is None:
        return None
    smallest, largest = found
    return Sandwiched(smallest, largest, strategy.sandwich.distill)


def learning(
    graph: SpaceGraph,
    stretch: SearchPart[SamplingConfig],
    seed: int,
    steps: int,
    per_epoch: int,
    batches: Loader | None,
) -> Learning:
    """The distribution at its first step."""
    strategy = stretch.strategy
    logits = Logits(graph, strategy.decisions.init, seed, stretch.values, stretch.uniform)
    return Learning(
        logits,
        build_descent(strategy.decisions.optimizer, logits.parameters, steps, per_epoch, strategy.clip),
        strategy,
        tuple(term for term in strategy.objectives if isinstance(term, SoftCost)),
        strategy.warmup_steps(per_epoch),
        batches,
    )


def path_network(graph: SpaceGraph, strategy: SamplingConfig, seed: int) -> PathNetwork:
    """The network of all paths of ``graph`` with fresh weights."""
    return build_path_network(graph, strategy.relax.sharing, key(seed, "initial weights", "search"))
