"""Training one network and measuring it: final trainings, comparisons, and the trials of a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn

from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.recipe import Precision, Recipe
from stdsl.compiler.schemas.search import Role
from stdsl.compiler.text.figures import times

from ..data.batch import Dataset, Part
from ..data.loading.loader import Loader
from ..data.loading.order import Order
from ..data.networks.binding import bound
from ..data.networks.features import Features, Making
from ..randomness import key
from ..report.reporter import Reporter
from ..tasks.criterion import Criterion
from ..tracking.directory import RunDirectory
from ..tracking.left import WEIGHTS
from ..tracking.rows import write_rows
from ..tracking.tracker import Tracker
from ..tracking.weights import load_weights, save_weights
from ..tracking.weights_left import load_weights_left
from ..training.evaluate import evaluate
from ..training.interruption import Interruption
from ..training.loop import check_finite, drive
from ..training.optimizers import build_descent
from ..training.placement import Placement
from ..training.training import HeldOut, Training
from .assignment import Assignment, Subject
from .needs import load_run_weights


@dataclass(frozen=True)
class Material:
    """Data, and what networks are trained and measured by on it. ``identity``: a hash of what the samples depend on."""

    dataset: Dataset
    criterion: Criterion
    identity: str


@dataclass(frozen=True)
class Workshop:
    """What trainings of a run share. ``run``: what its manifest calls it. ``precision``:
    of trainings whose recipe has none of its own. ``criterion``: what they are trained and measured by.
    ``balanced``: each class is drawn as often."""

    materials: Mapping[Role, Material]
    placement: Placement
    precision: Precision
    seed: int
    balanced: bool
    loaders: int
    threads: int
    directory: RunDirectory
    run: str
    reporter: Reporter
    interruption: Interruption

    def placed(self, recipe: Recipe | None) -> Placement:
        """Where, and in which number format, a training by ``recipe`` runs."""
        return replace(
            self.placement, bfloat16=((recipe.precision if recipe else None) or self.precision) == "bfloat16"
        )

    def samples(
        self, role: Role, graph: SpaceGraph, splits: tuple[str, ...], placement: Placement, altered: bool
    ) -> Features:
        """The data as networks of ``graph`` take them, with features of frozen parts kept; ``altered``: batches are
        changed before they enter the network."""
        own = self.materials[role]
        making = Making(self.directory.features, own.identity, placement, self.reporter, self.interruption)
        return Features(bound(own.dataset, graph), splits, making, altered)


def train(assignment: Assignment, shop: Workshop, tracker: Tracker, phase: str) -> None:
    """Leaves ``weights/NAME.safetensors``. Does nothing if the phase is over."""
    if phase in tracker.finished:
        return
    torch.set_num_threads(shop.threads)
    subject, recipe, placement = assignment.subject, assignment.recipe, shop.placed(assignment.recipe)
    assert recipe is not None
    criterion = shop.materials[assignment.trained_on].criterion
    data = shop.samples(assignment.trained_on, subject.graph, assignment.splits, placement, altered=recipe.cutout > 0)
    part, held = Part(data, assignment.splits), None
    if assignment.holdout:
        part, held = part.divided(assignment.holdout, key(shop.seed, "held-out samples"))
    order = Order(part, recipe.batch, shop.seed, assignment.purpose, shop.balanced)
    steps = assignment.length(order.steps_per_epoch)
    model = build(subject, key(shop.seed, "initial weights", subject.name), drop_paths=recipe.drop_path > 0)
    load_run_weights(model, subject.graph, shop.directory)
    if assignment.start is not None:
        load_weights(model, assignment.start)
    placement.model(model)
    if recipe.dropout is not None:
        _set_dropout(model, recipe.dropout)
    data.attach(model)
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    metric = recipe.metric or criterion.metric
    work = Training(
        model,
        build_descent(recipe.optimizer, learnt, steps, order.steps_per_epoch, recipe.clip),
        Loader(order, steps, shop.loaders),
        placement,
        steps,
        shop.seed,
        subject.name,
        criterion.by(recipe.label_smoothing, recipe.aux),
        recipe.cutout,
        HeldOut(held, assignment.batch, order.steps_per_epoch, metric, assignment.keep_best)
        if held is not None
        else None,
        recipe.drop_path,
    )
    title, named = f"train {subject.title}", assignment.work
    done = drive(phase, work, tracker, shop.reporter, shop.interruption, title, named)
    work.finish()
    check_finite(named, "weights", model.state_dict())
    facts: dict[str, Any] = {"steps": done.steps, "seconds": round(done.seconds, 2)}
    facts[WEIGHTS] = save_weights(model, shop.directory.weights(subject.name))
    facts["waited"] = done.share(work.waited)
    if work.best is not None:
        facts["held_out"] = {"step": work.best["step"], metric: work.best["value"]}
    tracker.finish(phase, facts)
    shop.reporter.end(title, times(done.steps, "step"))


def measure(assignment: Assignment, shop: Workshop, tracker: Tracker, phase: str) -> dict[str, float]:
    """Metrics of the trained network on the assignment's split; they stand in the journal."""
    if phase not in tracker.finished:
        torch.set_num_threads(shop.threads)
        splits, placement = (assignment.measured,), shop.placed(assignment.recipe)
        role = assignment.measured_on
        subject = assignment.tested or assignment.subject
        data = shop.samples(role, subject.graph, splits, placement, altered=False)
        model = trained(subject, shop, placement)
        data.attach(model)
        part, criterion = Part(data, splits), shop.materials[role].criterion
        found = evaluate(model, part, placement, assignment.batch, samples=assignment.samples, criterion=criterion)
        metrics = found.document()
        for what, value in metrics.items():
            where = f"{what.replace('_', ' ')} on the {assignment.measured} split"
            check_finite(assignment.work, where, {what: value})
        if not assignment.searched:
            for name, table in found.tables.items():
                write_rows(shop.directory.evaluation(assignment.subject.name, name), table)
        tracker.finish(phase, metrics)
    return tracker.finished[phase]


def build(subject: Subject, seed: int, drop_paths: bool = False) -> nn.Module:
    """The network with fresh weights; ``drop_paths``: with layers that drop paths in training."""
    from stdsl.compiler.backends.networks.module import build_module

    return build_module(subject.graph, subject.arch, seed=seed, drop_paths=drop_paths)


def trained(subject: Subject, shop: Workshop, placement: Placement) -> nn.Module:
    """The network with the weights that :func:`train` left."""
    model = build(subject, 0)
    load_weights_left(model, shop.directory.weights(subject.name))
    return placement.model(model).eval()


def _set_dropout(model: nn.Module, rate: float) -> None:
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = rate
