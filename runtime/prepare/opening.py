"""The data of a job, opened: what must be right with it before anything is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stdsl.compiler.checks.batches import batches_of_one
from stdsl.compiler.checks.outputs import comparable, told_by
from stdsl.compiler.checks.tasks import task_faults
from stdsl.compiler.diagnostics.data import DataChanged
from stdsl.compiler.diagnostics.exports import ExportPlace
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.run import TooFewSamples
from stdsl.compiler.diagnostics.strategies import DataMismatch
from stdsl.compiler.families.family import Learner
from stdsl.compiler.families.registry import family
from stdsl.compiler.schemas.data import Found
from stdsl.compiler.schemas.run_files import EXPORTS
from stdsl.compiler.text.whole_files import temporary_name

from ..data.batch import Dataset, Part
from ..data.checked import Checked
from ..data.registry import open_dataset
from ..data.targets import targets_of
from .job import Job
from .samples import held_out, retraining_splits, stage_sizes


def opened(job: Job) -> Checked:
    """The data set of a job. Raises RunError where its files are missing or damaged, or have too few samples."""
    config = job.config
    place = config.place("data")
    if job.given is not None:
        dataset = Checked(job.given, config.data.kind, place)
    else:
        dataset = open_dataset(config.data, config.seed, job.texts.folder, place)
    found: tuple[Diagnostic, ...] = tuple(_changed(job, dataset)) or tuple(_misfit(job, dataset))
    found = found or tuple(_too_few(job, dataset))
    found = found or tuple(_small_batches(job, dataset))
    if found:
        raise RunError(found)
    return dataset


def fitting(job: Job, out: Path | None) -> None:
    """Raises RunError where the file system at hand does not take the names of what is exported. ``out``: the run
    directory that was asked for."""
    directory = (out or Path("runs", f"{job.config.name}-0001")).absolute()
    folder = next(path for path in directory.parents if path.is_dir())
    longest, whole = os.pathconf(folder, "PC_NAME_MAX"), os.pathconf(folder, "PC_PATH_MAX")
    for key in EXPORTS:
        path: str | None = getattr(job.config.export, key, None)
        if path is None:
            continue
        target = temporary_name(directory / path)  # the longest name that it has
        parts = target.relative_to(directory).parts
        if max(len(os.fsencode(part)) for part in parts) > longest:
            fault = f"a name in it is too long for the file system at {folder}, which takes {longest} bytes"
        elif len(os.fsencode(target)) >= whole:
            fault = f"with the run directory in front it is too long: the system takes {whole} bytes"
        else:
            continue
        raise RunError([ExportPlace(job.config.place(f"export.{key}"), key, path, fault)])


def found_data(job: Job) -> dict[str, Found]:
    """What the files of the data of a job, and of those that it needs, were found to say, by the search."""
    configs = (job.config, *(needed.config for needed in job.search.needs))
    return {config.name: config.data.found for config in configs if config.data.found is not None}


def _changed(job: Job, dataset: Dataset) -> Iterator[Diagnostic]:
    """What the files said when the run was started, and do not say now."""
    config = job.config
    found = config.data.found
    if found is None:
        return
    sizes, targets, now = found.sizes or {}, found.targets, targets_of(dataset).signature
    faults = [f"it has {dataset.inputs} as inputs"] if tuple(i.name for i in found.inputs) != dataset.inputs else []
    if targets.names is not None and targets.names != now.names:
        faults.append(f"it had {targets}, and has {now}, or calls them otherwise")
    for split, size in sizes.items():
        if dataset.size(split) != size:
            faults.append(f"its split `{split}` had {size:,} samples, and has {dataset.size(split):,}")
    if faults:
        yield DataChanged(config.place("data"), config.data.kind, "; ".join(faults))


def _misfit(job: Job, dataset: Dataset) -> Iterator[Diagnostic]:
    """Targets that were unknown when the text was checked, and are not for the task, or not what the space gives."""
    config, graph, targets = job.config, job.final, targets_of(dataset).signature
    if config.data.signature().targets.known:
        return
    faults = tuple(task_faults(config, targets))
    yield from faults
    output = graph.nodes[graph.outputs[0][1]].type
    if not faults and not comparable(targets, output):
        yield DataMismatch(config.place("data"), str(targets), told_by(targets, output), config.place("space"))


def _too_few(job: Job, dataset: Dataset) -> Iterator[Diagnostic]:
    config, recipe = job.config, job.config.retrain
    wanted: list[tuple[tuple[str, ...], int, str]] = []
    for learner in _learners(job):
        wanted.append(((learner.split,), 1, f"the search of {learner.what}"))
    if recipe is not None:
        reader = "the final training with held-out samples" if recipe.holdout else "the final training"
        wanted.append((retraining_splits(recipe), 2 if recipe.holdout else 1, reader))
    if recipe is not None or config.export is not None:
        wanted.append((("test",), 1, "the evaluation"))
    for splits, needed, reader in wanted:
        n = len(Part(dataset, splits))
        if n < needed:
            yield TooFewSamples(config.place("data"), config.data.kind, " and ".join(splits), n, needed, reader)


def _small_batches(job: Job, dataset: Dataset) -> Iterator[Diagnostic]:
    """Batches that have one sample because the data has."""
    config, recipe = job.config, job.config.retrain
    searching: int | None = None
    training = None
    for learner in _learners(job):
        own = stage_sizes(dataset.size(learner.split), learner.batch)[1]
        searching = own if searching is None else min(searching, own)
    if recipe is not None:
        n = len(Part(dataset, retraining_splits(recipe)))
        training = stage_sizes(n - held_out(n, recipe.holdout), recipe.batch)[1]
    yield from batches_of_one(config, job.graph, (job.final, *job.compared.values()), (searching, training))


def _learners(job: Job) -> Iterator[Learner]:
    """What draws batches in the search of a job."""
    strategy = job.config.strategy
    if strategy is not None and job.graph.open:
        yield from family(strategy.family).learners(strategy)
