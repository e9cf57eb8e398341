"""Training one network by the recipe of ``retrain``: the derived one and every one that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.recipe import Retrain

from ..data.batch import Dataset, Part
from ..data.binding import bound
from ..data.features import Features, Making
from ..data.loader import Loader
from ..data.order import Order
from ..prepare.samples import retraining_splits
from ..randomness import key
from ..report.reporter import Reporter
from ..tracking.directory import RunDirectory
from ..tracking.names import DERIVED
from ..tracking.tracker import Tracker
from ..tracking.weights import load_weights, save_weights
from ..training.evaluate import evaluate
from ..training.interruption import Interruption
from ..training.loop import check_finite, drive
from ..training.optimizers import build_descent
from ..training.placement import Placement
from ..training.training import HeldOut, Training
from .needs import load_run_weights

RETRAIN = "retrain"
"""The final training as a phase."""


@dataclass(frozen=True)
class Subject:
    """A network to be trained: ``arch`` of ``graph``. Its random numbers depend on the search's seed and on ``name``,
    the order of its samples on the seed and on ``repeat``, which counts the trainings of one network. ``shown``: what
    reports call it, where that is not its name."""

    name: str
    graph: SpaceGraph
    arch: Mapping[str, Any]
    repeat: int = 1
    shown: str = ""

    @property
    def title(self) -> str:
        return self.shown or self.name


@dataclass(frozen=True)
class Workshop:
    """What a training needs besides its subject. ``recipe``: None where nothing is trained. ``test_batch``: samples at
    a time on the test split. ``identity``: a hash of what the samples of ``dataset`` depend on."""

    recipe: Retrain | None
    test_batch: int
    dataset: Dataset
    identity: str
    placement: Placement
    seed: int
    workers: int
    threads: int
    directory: RunDirectory
    reporter: Reporter
    interruption: Interruption

    def samples(self, graph: SpaceGraph, splits: tuple[str, ...], altered: bool = False) -> Features:
        """The data as networks of ``graph`` take them, with features of frozen parts kept; ``altered``: batches are
        changed before they enter the network."""
        folder = self.directory.features
        making = Making(folder, self.identity, self.placement, self.reporter, self.interruption)
        return Features(bound(self.dataset, graph), splits, making, altered)


def train(subject: Subject, shop: Workshop, tracker: Tracker, phase: str) -> None:
    """Leaves ``weights/NAME.safetensors``. Does nothing if the phase is over."""
    if phase in tracker.finished:
        return
    torch.set_num_threads(shop.threads)
    recipe = shop.recipe
    assert recipe is not None
    splits = retraining_splits(recipe)
    data = shop.samples(subject.graph, splits, altered=recipe.cutout > 0)
    part, held = Part(data, splits), None
    if recipe.holdout:
        part, held = part.divided(recipe.holdout, key(shop.seed, "held-out samples"))
    purpose = "final training" if subject.repeat == 1 else f"final training {subject.repeat}"
    order = Order(part, recipe.batch, shop.seed, purpose)
    steps = recipe.total_steps(order.steps_per_epoch)
    model = build(subject, key(shop.seed, "initial weights", subject.name), drop_paths=recipe.drop_path > 0)
    load_run_weights(model, subject.graph, shop.directory)
    shop.placement.model(model)
    if recipe.dropout is not None:
        _set_dropout(model, recipe.dropout)
    data.attach(model)
    learnt = [parameter for parameter in model.parameters() if parameter.requires_grad]
    work = Training(
        model,
        build_descent(recipe.optimizer, learnt, steps, order.steps_per_epoch, recipe.clip),
        Loader(order, steps, shop.workers),
        shop.placement,
        steps,
        shop.seed,
        subject.name,
        recipe.aux,
        recipe.label_smoothing,
        recipe.cutout,
        HeldOut(held, shop.test_batch, order.steps_per_epoch, recipe.metric, recipe.snapshot == "best")
        if held is not None
        else None,
        recipe.drop_path,
    )
    title, named = f"train {subject.title}", _named(subject)
    done = drive(phase, work, tracker, shop.reporter, shop.interruption, title, named)
    work.finish()
    check_finite(named, "weights", model.state_dict())
    save_weights(model, shop.directory.weights(subject.name))
    facts: dict[str, Any] = {"steps": done.steps, "seconds": round(done.seconds, 2)}
    if work.best is not None:
        facts["held_out"] = {"step": work.best["step"], recipe.metric: abs(work.best["value"])}
    tracker.finish(phase, facts)
    shop.reporter.end(title, f"{done.steps} steps")


def test(subject: Subject, shop: Workshop, tracker: Tracker, phase: str) -> dict[str, float]:
    """Metrics of the trained network on the test split; they stand in the journal."""
    if phase not in tracker.finished:
        torch.set_num_threads(shop.threads)
        data, model = shop.samples(subject.graph, ("test",)), trained(subject, shop)
        data.attach(model)
        metrics = asdict(evaluate(model, Part(data, ("test",)), shop.placement, shop.test_batch))
        for what, value in metrics.items():
            check_finite(_named(subject), f"{what.replace('_', ' ')} on the test split", {what: value})
        tracker.finish(phase, metrics)
    return tracker.finished[phase]


def _named(subject: Subject) -> str:
    """What messages call a training."""
    return RETRAIN if subject.name == DERIVED else f"the training of `{subject.title}`"


def build(subject: Subject, seed: int, drop_paths: bool = False) -> nn.Module:
    """The network with fresh weights; ``drop_paths``: with layers that drop paths in training."""
    from stdsl.compiler.backends.networks.module import build_module

    return build_module(subject.graph, subject.arch, seed=seed, drop_paths=drop_paths)


def trained(subject: Subject, shop: Workshop) -> nn.Module:
    """The network with the weights that :func:`train` left."""
    model = build(subject, 0)
    load_weights(model, shop.directory.weights(subject.name))
    return shop.placement.model(model).eval()


def _set_dropout(model: nn.Module, rate: float) -> None:
    for module in model.modules():
        if isinstance(module, nn.modules.dropout._DropoutNd):
            module.p = rate
