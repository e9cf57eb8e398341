"""The data of a job, opened: what must be right with it before anything is made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from stdsl.compiler.checks.batches import batches_of_one
from stdsl.compiler.checks.data_files import kept_as
from stdsl.compiler.checks.outputs import comparable, told_by
from stdsl.compiler.checks.tasks import other_targets, task_faults
from stdsl.compiler.diagnostics.data import DataChanged
from stdsl.compiler.diagnostics.exports import ExportPlace
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.run import TooFewSamples
from stdsl.compiler.diagnostics.strategies import DataMismatch
from stdsl.compiler.families.family import Learner
from stdsl.compiler.families.registry import family, searches
from stdsl.compiler.schemas.data import Found
from stdsl.compiler.schemas.retraining import final_batches, held_out, retraining_splits
from stdsl.compiler.schemas.run_files import EXPORTS
from stdsl.compiler.schemas.search import ROLES, Role
from stdsl.compiler.text.whole_files import temporary_name

from ..data.batch import Dataset, Part
from ..data.networks.as_trained import as_trained
from ..data.own.checked import Checked
from ..data.registry import open_dataset
from ..data.targets import targets_of
from .job import Job
from .samples import stage_sizes


def opened(job: Job, role: Role = "search") -> Checked:
    """The data set of a job, by what it is for. Raises RunError where its files are missing or damaged, or have too few
    samples."""
    config = job.config
    data, place = config.data_of(role), config.place(config.data_key(role))
    if job.given is not None and role == "search":
        dataset = Checked(job.given, data.kind, place)
    else:
        dataset = open_dataset(data, config.seed, job.texts.folder, place)
    found: tuple[Diagnostic, ...] = tuple(_changed(job, dataset, role)) or tuple(_misfit(job, dataset, role))
    found = found or tuple(_too_few(job, dataset, role))
    found = found or tuple(_small_batches(job, dataset, role))
    if found:
        raise RunError(found)
    return dataset


def opened_for(job: Job) -> dict[Role, Checked]:
    """The data sets of a job by role; roles that share data share it here, and what is measured on comes scaled as what
    is trained on. Raises as :func:`opened` does."""
    own = {role: opened(job, role) for role in ROLES if job.config.owner(role) == role}
    if "evaluate" in own:
        own["evaluate"] = as_trained(own["evaluate"], own[job.config.owner("retrain")])
    return {role: own[job.config.owner(role)] for role in ROLES}


def looked_at(job: Job) -> tuple[dict[Role, Checked], tuple[Diagnostic, ...]]:
    """The data sets of a job by role, of roles that have their own, to be looked at before a run: however many files
    are damaged, whatever the splits hold. And what is wrong with those that cannot be opened."""
    config, found, faults = job.config, dict[Role, Checked](), list[Diagnostic]()
    for role in ROLES:
        if config.owner(role) != role:
            continue
        settings = config.data_of(role)
        if "damaged" in type(settings).model_fields:
            settings = settings.model_copy(update={"damaged": 1.0})  # all of them are to be found
        try:
            own = open_dataset(settings, config.seed, job.texts.folder, config.place(config.data_key(role)))
            trained = found.get(config.owner("retrain"))
            found[role] = as_trained(own, trained) if role == "evaluate" and trained is not None else own
        except RunError as error:
            faults += error.diagnostics
    return found, tuple(faults)


def fitting(job: Job, out: Path | None) -> None:
    """Raises RunError where the file system at hand does not take the names of what is exported. ``out``: the run
    directory that was asked for."""
    directory = (out or Path("runs", f"{job.config.name}-0001")).absolute()
    folder = next(path for path in directory.parents if os.path.isdir(path))
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
    known: dict[str, Found] = {}
    for config in (job.config, *(needed.config for needed in job.search.needs)):
        for role in ROLES:
            found = config.data_of(role).found
            if config.owner(role) == role and found is not None:
                known[kept_as(config.name, role)] = found
    return known


def _changed(job: Job, dataset: Dataset, role: Role) -> Iterator[Diagnostic]:
    """What the files said when the run was started, and do not say now."""
    config = job.config
    data = config.data_of(role)
    found = data.found
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
        yield DataChanged(config.place(config.data_key(role)), data.kind, "; ".join(faults))


def _misfit(job: Job, dataset: Dataset, role: Role) -> Iterator[Diagnostic]:
    """Targets that were unknown when the text was checked, and are not for the task, or not what the space gives."""
    config, targets = job.config, targets_of(dataset).signature
    graph = {"search": job.graph, "retrain": job.final}.get(role, job.tested.get("", job.final))
    if config.data_of(role).signature().targets.known:
        return
    others = () if role == "search" else other_targets(config, role, config.data.signature().targets, targets)
    faults = (*task_faults(config, targets), *others)
    yield from faults
    output = graph.nodes[graph.outputs[0][1]].type
    if not faults and not comparable(targets, output):
        place = config.place(config.data_key(role))
        yield DataMismatch(place, str(targets), told_by(targets, output), config.place("space"))


def _too_few(job: Job, dataset: Dataset, role: Role) -> Iterator[Diagnostic]:
    config, recipe = job.config, job.config.retrain
    wanted: list[tuple[Role, tuple[str, ...], int, str]] = []
    for learner in _learners(job):
        wanted.append(("search", (learner.split,), 1, f"the search of {learner.what}"))
    measured = _measured(job)
    if measured:
        wanted.append(("search", ("valid",), 1, f"measuring {measured}"))
    if recipe is not None:
        reader = "the final training with held-out samples" if recipe.holdout else "the final training"
        wanted.append(("retrain", retraining_splits(recipe), 2 if recipe.holdout else 1, reader))
    if recipe is not None or config.export is not None:
        wanted.append(("evaluate", ("test",), 1, "the evaluation"))
    place = config.place(config.data_key(role))
    for whose, splits, needed, reader in wanted:
        n = len(Part(dataset, splits))
        if config.owner(whose) == role and n < needed:
            yield TooFewSamples(place, config.data_of(role).kind, " and ".join(splits), n, needed, reader)


def _small_batches(job: Job, dataset: Dataset, role: Role) -> Iterator[Diagnostic]:
    """Batches that have one sample because the data has."""
    config, recipe = job.config, job.config.retrain
    searching: int | None = None
    training = None
    for learner in _learners(job) if role == "search" else ():
        own = stage_sizes(dataset.size(learner.split), learner.batch)[1]
        searching = own if searching is None else min(searching, own)
    if recipe is not None and config.owner("retrain") == role:
        n = len(Part(dataset, retraining_splits(recipe)))
        training = stage_sizes(n - held_out(n, recipe.holdout), min(final_batches(config)))[1]
    yield from batches_of_one(config, job.graph, (job.final, *job.compared.values()), (searching, training))


def _learners(job: Job) -> Iterator[Learner]:
    """What draws batches in the search of a job."""
    strategy = job.config.strategy
    if strategy is not None and searches(strategy, job.graph):
        yield from family(strategy.family).learners(strategy)


def _measured(job: Job) -> str:
    """What the search of a job measures on the `valid` half, in words."""
    strategy = job.config.strategy
    if strategy is None or not searches(strategy, job.graph):
        return ""
    return family(strategy.family).measures(strategy)
