"""The best architectures of a search, each trained by itself, as one, and late fusion: what they tell together with the
networks of other searches."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from stdsl.compiler.backends.networks.ensemble import Mean
from stdsl.compiler.diagnostics.ensembles import CannotFuse
from stdsl.compiler.diagnostics.model import RunError

from ..data.batch import Part
from ..tracking.names import ENSEMBLE, FUSION
from ..tracking.rows import write_rows
from ..training.evaluate import Unpaired, evaluate_together
from ..training.loop import check_finite
from .assignment import Subject, final_training
from .context import Context
from .side import Side, needed_side, own_side

PHASE, FUSE = "ensemble", "fuse"


def sides(run: Context, best: Subject) -> list[Side]:
    """What is told together at the end: the networks of this search, then those of the ones that it is fused with."""
    return [own_side(run, best), *(needed_side(run, name) for name in run.config.fuse)]


def measure_together(run: Context, best: Subject) -> None:
    """Metrics of the ensemble on the test split; they stand in the journal. All members must be trained."""
    if PHASE not in run.tracker.finished:
        _measure(run, [own_side(run, best)], best, PHASE, ENSEMBLE, "the ensemble")


def measure_fused(run: Context, best: Subject) -> None:
    """The same of all that this search is fused with. Raises RunError where their test splits are of other samples."""
    if FUSE in run.tracker.finished:
        return
    found = sides(run, best)
    _measure(run, found, best, FUSE, FUSION, "the fusion")
    for side in found[1:]:
        shutil.rmtree(side.directory.features, ignore_errors=True)


def _measure(run: Context, found: Sequence[Side], best: Subject, phase: str, name: str, shown: str) -> None:
    torch.set_num_threads(run.manifest.training_threads)
    assignment, material = final_training(run.config, best), run.workshop.materials["evaluate"]
    placement = run.workshop.placed(assignment.recipe)
    models: list[nn.Module] = []
    parts: list[Part] = []
    counts = []
    for side in found:
        own, data = side.on_test(placement)
        models, parts = [*models, *own], [*parts, *data]
        counts.append(len(own))
    mean = _mean(Mean(material.criterion.targets.signature.kind or "classes"), counts)
    try:
        metrics = evaluate_together(models, parts, placement, mean, assignment.batch, material.criterion)
    except Unpaired as error:
        owner = next(side for side, last in zip(found, _sums(counts), strict=True) if error.place < last)
        fault = "the samples of its test split are others, or in another order: what is right of them differs"
        advice = "measure both on the same samples, seen otherwise"
        raise RunError([CannotFuse(run.config.place("fuse"), owner.name, fault, advice)]) from error
    figures = metrics.document()
    for what, value in figures.items():
        check_finite(shown, f"{what.replace('_', ' ')} on the test split", {what: value})
    for table, rows in metrics.tables.items():
        write_rows(run.directory.evaluation(name, table), rows)
    run.tracker.finish(phase, figures)


def _mean(mean: Mean, counts: Sequence[int]) -> Callable[..., Tensor]:
    """What networks of several searches tell, ``counts`` of each in turn: each search tells the mean of its own, and
    weighs as much as the others."""

    def told(*outputs: Tensor) -> Tensor:
        ends = _sums(counts)
        groups = [outputs[end - count : end] for end, count in zip(ends, counts, strict=True)]
        each: list[Tensor] = [group[0] if len(group) == 1 else mean(*group) for group in groups]
        found: Tensor = each[0] if len(each) == 1 else mean(*each)
        return found

    return told


def _sums(counts: Sequence[int]) -> list[int]:
    return [sum(counts[: place + 1]) for place in range(len(counts))]
