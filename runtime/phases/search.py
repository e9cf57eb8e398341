"""The search: a supernet whose decision weights are found by descent."""

from __future__ import annotations

import torch

from stdsl.compiler.backends.mixture import Supernet
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.gradient import GradientConfig

from ..data.batch import Part
from ..data.loader import Loader
from ..data.order import Order
from ..randomness import key, seeded
from ..strategies.gradient import GradientSearch, mean_entropy, probabilities_of
from ..tracking.weights import save_weights
from ..training.loop import drive
from ..training.optimizers import build_descent
from .context import Context

PHASE = "search"
_NOTES = 40
"""Probabilities go to the journal so many times in a search."""


def search(run: Context) -> None:
    """Leaves ``weights/search.safetensors`` and, in the journal, the final decision weights by path."""
    strategy = run.config.strategy
    if PHASE in run.tracker.finished or not isinstance(strategy, GradientConfig) or not run.job.graph.open:
        return
    torch.set_num_threads(run.manifest.threads)
    work = build_search(run, strategy)
    done = drive(PHASE, work, run.tracker, run.reporter, run.interruption)
    save_weights(work.supernet, run.directory.weights("search"))
    probabilities = probabilities_of(work.supernet)
    entropy = mean_entropy(probabilities.values())
    run.tracker.finish(
        PHASE,
        {"steps": done.steps, "seconds": round(done.seconds, 2), "entropy": entropy, "probabilities": probabilities},
    )
    run.reporter.end(PHASE, f"{done.steps} steps, decisions at {entropy:.0%} of full uncertainty")


def build_search(run: Context, strategy: GradientConfig) -> GradientSearch:
    """The search at its first step."""
    supernet = relaxed(run.job.graph, strategy, run.seed)
    run.placement.model(supernet)

    def order(split: str, purpose: str) -> Order:
        return Order(Part(run.dataset, (split,)), strategy.batch, run.seed, f"search {purpose}")

    weight_order = order(strategy.weights.split, "weights")
    decision_order = order(strategy.decisions.split, "decisions")
    per_epoch = weight_order.steps_per_epoch
    steps = strategy.total_steps(per_epoch)
    return GradientSearch(
        supernet,
        build_descent(strategy.weights.optimizer, supernet.weights(), steps, per_epoch, strategy.weights.clip),
        build_descent(strategy.decisions.optimizer, supernet.decisions(), steps, per_epoch, strategy.decisions.clip),
        Loader(weight_order, steps, run.config.workers),
        Loader(decision_order, steps, run.config.workers),
        run.placement,
        steps,
        strategy.warmup_steps(per_epoch),
        run.seed,
        max(1, steps // _NOTES),
        strategy.label_smoothing,
        strategy.aux,
    )


def relaxed(graph: SpaceGraph, strategy: GradientConfig, seed: int) -> Supernet:
    """The supernet of ``graph`` with fresh weights."""
    from stdsl.compiler.backends.supernet import Relaxation, build_supernet

    relax = strategy.relax
    relaxation = Relaxation("softmax", relax.keep.kind if relax.keep else "none", relax.affine)
    supernet = build_supernet(graph, relaxation, seed=key(seed, "initial weights", PHASE))
    with torch.no_grad(), seeded(seed, "initial decisions"):
        for parameter in supernet.decisions():
            parameter.normal_().mul_(relax.init)
    return supernet
