"""The search: a supernet whose decision weights are found by descent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from stdsl.compiler.analysis.derivation.weightless import weightless
from stdsl.compiler.analysis.remaining import remaining
from stdsl.compiler.backends.networks.supernet_base import Supernet
from stdsl.compiler.checks.roles import Roles
from stdsl.compiler.diagnostics.run import Collapsed
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.gradient import GradientConfig
from stdsl.compiler.schemas.objectives import Entropy, SoftCost
from stdsl.compiler.schemas.relax import Gumbel, Partial

from ..data.batch import Part
from ..data.binding import bound
from ..data.features import Features, Making
from ..data.loader import Loader
from ..data.order import Order
from ..randomness import key, seeded
from ..report.reporter import warned
from ..strategies.additions import Additions
from ..strategies.discretization import Discretization
from ..strategies.expected_cost import SoftCosts
from ..strategies.gap import Gauge
from ..strategies.gradient import GradientSearch, probabilities_of
from ..strategies.phased import PhasedSearch
from ..strategies.shrinking import Shrinking
from ..strategies.statistics import leaning, mean_entropy
from ..tracking.journal import read_journal
from ..tracking.names import SEARCH
from ..tracking.weights import save_tensors
from ..training.descent import Descent
from ..training.loop import check_finite, drive
from ..training.optimizers import build_descent
from .context import Context, data_identity
from .needs import load_run_weights
from .parts import SearchPart, part, parts, pick

PHASE = "search"
_NOTES = 40
"""Probabilities go to the journal so many times in a search."""
_MOMENTS = 8
_COLD = 1e-3
"""Temperatures do not fall below this: a softmax at 0 has no gradient."""


def search(run: Context) -> None:
    """Leaves ``weights/search.safetensors`` and, in the journal, the final decision weights by path."""
    strategy = run.config.strategy
    if PHASE in run.tracker.finished or not isinstance(strategy, GradientConfig) or not run.job.graph.open:
        return
    torch.set_num_threads(run.manifest.threads)
    each = parts(run.config, strategy, run.job.graph)
    if run.config.phase:
        phased = _phased(run, each)
        done = drive(PHASE, phased, run.tracker, run.reporter, run.interruption)
        work, probabilities, weights = phased.current, phased.chosen, phased.weights()
        measuring = phased.measuring
    else:
        work = build_search(run, part(each, 0, {}))
        done = drive(PHASE, work, run.tracker, run.reporter, run.interruption)
        probabilities, weights, measuring = work.chosen, work.supernet.state_dict(), work.measuring
    check_finite(PHASE, "weights", weights)
    check_finite(PHASE, "decision weights", probabilities)
    save_tensors(weights, run.directory.weights(SEARCH))
    entropy = mean_entropy(probabilities_of(work.supernet).values())
    facts: dict[str, Any] = {"steps": done.steps, "seconds": round(done.seconds, 2), "entropy": entropy}
    gauge = work.additions.gauge
    if gauge is not None and gauge.samples:
        facts["gap"] = gauge.measure(work.supernet, probabilities | work.scores(), work.held).document()
    facts["measuring"] = round(measuring, 2)
    if work.held:
        facts["fixed"] = {path: list(v) if isinstance(v, tuple) else v for path, v in work.held.items()}
    if work.best:
        facts["best"] = {"step": work.best["step"], "value": abs(work.best["value"])}
    lean = leaning(probabilities, work.additions.weightless)
    if lean is not None:
        facts["weightless"] = lean.document()
    facts["history"] = _history(run)
    run.tracker.finish(PHASE, facts | {"probabilities": probabilities})
    if lean is not None and lean.collapsed:
        warning = Collapsed(run.config.place("strategy"), lean.likeliest, lean.chooses)
        run.reporter.say(warned(warning))
    state = f"{len(work.held)} decisions fixed" if work.held else f"decisions at {entropy:.0%} of full uncertainty"
    run.reporter.end(PHASE, f"{done.steps} steps, {state}")


def _history(run: Context) -> list[dict[str, Any]]:
    """A few moments of the search: how undecided it was, how much it leant to operations without weights and, where
    decisions are fixed on the way, how many architectures were left (texts)."""
    lines = [e for e in read_journal(run.tracker.journal.path) if e.get("phase") == PHASE]
    notes = [e for e in lines if e["event"] == "notes"]
    every = max(1, len(notes) // _MOMENTS)
    kept = notes[::-1][::every][:_MOMENTS][::-1]
    told = ("step", "entropy", "weightless")
    moments: list[dict[str, Any]] = [{k: line[k] for k in told if k in line} for line in kept]
    decisions = [e for e in lines if e["event"] == "decision"]
    if decisions:
        whole = str(remaining(run.job.graph, {}).high)
        for moment in moments:
            left = [e["remaining"] for e in decisions if e["step"] <= moment["step"]]
            moment["remaining"] = left[-1] if left else whole
    return moments


def _phased(run: Context, each: Sequence[tuple[GradientConfig, Roles]]) -> PhasedSearch:
    """The search in parts, at its first step."""
    graph = run.job.graph

    def begin(number: int, found: Mapping[str, Any]) -> GradientSearch:
        return build_search(run, part(each, number, found))

    def found(number: int, scores: Mapping[str, Sequence[float]], held: Mapping[str, Any]) -> dict[str, Any]:
        strategy, role = each[number]
        fixed = {path: value for path, value in held.items() if path not in role.free}
        return pick(graph, role, scores, strategy.score, strategy.relax.gate, fixed)

    strategy = each[0][0]
    per_epoch = Order(Part(run.dataset, (strategy.weights.split,)), strategy.batch, run.seed, "").steps_per_epoch
    return PhasedSearch([strategy.total_steps(per_epoch) for strategy, _ in each], begin, found)


def build_search(run: Context, stretch: SearchPart) -> GradientSearch:
    """A search, or a part of it, at its first step."""
    strategy, placement = stretch.strategy, run.placement
    graph = run.job.graph
    whole = stretch.network(graph) if run.config.phase else graph
    seed = stretch.seed(run.seed)
    splits = tuple(dict.fromkeys((strategy.weights.split, strategy.decisions.split)))
    making = Making(run.directory.features, data_identity(run.config), placement, run.reporter, run.interruption)
    dataset = Features(bound(run.dataset, graph), splits, making)
    loaders: list[Loader] = []

    def order(split: str, purpose: str) -> Order:
        return Order(Part(dataset, (split,)), strategy.batch, run.seed, f"search {purpose}{stretch.name}")

    weight_order = order(strategy.weights.split, "weights")
    decision_order = order(strategy.decisions.split, "decisions")
    per_epoch = weight_order.steps_per_epoch
    steps = strategy.total_steps(per_epoch)

    def build(left: SpaceGraph) -> Supernet:
        supernet = relaxed(left, strategy, run.seed, plain=left is not graph)
        load_run_weights(supernet, left, run.directory)
        for loader in loaders:
            loader.forget()  # what it made ahead is for the network before
        dataset.attach(placement.model(supernet))
        return supernet

    def weights(parameters: Iterable[nn.Parameter]) -> Descent:
        return build_descent(strategy.weights.optimizer, parameters, steps, per_epoch, strategy.weights.clip)

    def decisions(parameters: Iterable[nn.Parameter]) -> Descent:
        return build_descent(strategy.decisions.optimizer, parameters, steps, per_epoch, strategy.decisions.clip)

    shrinking = None
    if strategy.discretize is not None:
        relax = strategy.relax
        discretization = Discretization(graph, strategy.discretize, strategy.score, relax.gate, relax.affine)
        shrinking = Shrinking(discretization, build, weights, decisions)
    mixture = strategy.relax.choose.of if isinstance(strategy.relax.choose, Partial) else strategy.relax.choose
    supernet = build(whole)
    learnt = [p for path, p in supernet.named_decisions() if path not in stretch.roles.uniform]
    weight_batches = Loader(weight_order, steps, run.config.workers)
    decision_batches = Loader(decision_order, steps, run.config.workers)
    loaders += (weight_batches, decision_batches)
    weight_descent = weights(supernet.weights())
    gauge = Gauge(
        graph,
        decision_order.part,
        placement,
        strategy.batch,
        strategy.measure,
        strategy.relax.statistics,
        strategy.score,
        strategy.relax.gate,
    )
    return GradientSearch(
        supernet,
        weight_descent,
        decisions(learnt),
        weight_batches,
        decision_batches,
        placement,
        steps,
        strategy.warmup_steps(per_epoch),
        seed,
        max(1, steps // _NOTES),
        strategy.label_smoothing,
        strategy.aux,
        Additions(
            unrolled=_unrolled(strategy, weight_descent),
            temperatures=_temperatures(strategy, steps),
            sampled=isinstance(mixture, Gumbel),
            hard=isinstance(mixture, Gumbel) and mixture.hard,
            entropy=sum(term.weight for term in strategy.objectives if isinstance(term, Entropy)),
            shrinking=shrinking,
            gauge=gauge,
            best=strategy.derive.metric if strategy.derive.snapshot == "best" else None,
            epoch=per_epoch,
            weightless=weightless(graph),
            held=stretch.values,
            costs=_soft_costs(strategy, graph),
            drawn=partial(stretch.drawn, graph, run.seed) if stretch.uniform else None,
        ),
    )


def _soft_costs(strategy: GradientConfig, graph: SpaceGraph) -> SoftCosts | None:
    terms = [term for term in strategy.objectives if isinstance(term, SoftCost)]
    return SoftCosts(graph, terms) if terms else None


def _unrolled(strategy: GradientConfig, weights: Descent) -> Callable[[int], float] | None:
    """ξ by step, None for the first order."""
    if strategy.decisions.order == 1:
        return None
    own = strategy.decisions.unrolled_lr
    return weights.rate if own is None else lambda t: own


def _temperatures(strategy: GradientConfig, steps: int) -> Callable[[int], tuple[float, float]] | None:
    """Temperatures of alternatives and of elements by step, None where they are 1 throughout."""
    choose = strategy.relax.choose.of if isinstance(strategy.relax.choose, Partial) else strategy.relax.choose
    taus = [getattr(settings, "tau", None) for settings in (choose, strategy.relax.keep)]
    if all(tau is None or tau.constant == 1 for tau in taus):
        return None

    def at(t: int) -> tuple[float, float]:
        choose, keep = (1.0 if tau is None else max(float(tau.at(t=t + 1, T=steps)), _COLD) for tau in taus)
        return choose, keep

    return at


def relaxed(graph: SpaceGraph, strategy: GradientConfig, seed: int, plain: bool = False) -> Supernet:
    """The supernet of ``graph`` with fresh weights. ``plain``: the graph says itself which norms have a scale."""
    from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet

    relax = strategy.relax
    choose = relax.choose.of if isinstance(relax.choose, Partial) else relax.choose
    relaxation = Relaxation(choose.kind, relax.keep.kind if relax.keep else "none", relax.affine or plain, relax.groups)
    supernet = build_supernet(graph, relaxation, relax.passes or None, key(seed, "initial weights", PHASE))
    with torch.no_grad(), seeded(seed, "initial decisions"):
        for parameter in supernet.decisions():
            parameter.normal_().mul_(relax.init)
    return supernet
