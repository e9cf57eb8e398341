"""A search from its text to a verified file: search → derive → retrain → compare → evaluate → export."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import torch

from stdsl.compiler.checks.shared import lent_by
from stdsl.compiler.checks.warnings import warnings
from stdsl.compiler.diagnostics.data import DamagedLeftOut
from stdsl.compiler.diagnostics.ensembles import MemberNotTrained
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.hyper import in_words
from stdsl.compiler.text.commands import going_on
from stdsl.compiler.text.figures import times
from stdsl.compiler.text.quoting import visible
from stdsl.compiler.text.whole_files import sweep

from .data.facts.data_facts import hold_facts, keep_facts
from .data.facts.doubts import doubts
from .data.own.given import NOT_FOUND_AGAIN, origin_of
from .failures import failures
from .phases.assignment import RETRAIN, Subject, final_training, inherited
from .phases.compare import as_measured
from .phases.context import Context
from .phases.derive import carried, derive, draw, drawn, members, repeats
from .phases.ensemble import measure_fused, measure_together, sides
from .phases.export import export
from .phases.inherit import inherit
from .phases.search import PHASE as SEARCH
from .phases.search import search
from .phases.side import Side, own_side
from .phases.train import measure, train
from .prepare.finished_needs import fetch_needed, given_needs, hold_needed
from .prepare.found_settings import asks_for_found, found_settings, with_found
from .prepare.job import Job
from .prepare.memory import oversized, total_memory
from .prepare.opening import fitting, found_data, opened_for
from .prepare.paired import check_paired
from .prepare.plan import plan, plan_text
from .prepare.readiness import all_ready, permit, refuse
from .prepare.texts import checksum
from .report.reporter import Reporter, warned
from .result import RunResult, collect
from .strategies.runner import runner
from .tracking.directory import RunDirectory, create, open_run, result_of, same_run, writable
from .tracking.files import write_json
from .tracking.left import owner, phases_of
from .tracking.manifest import Manifest, cores, environment
from .tracking.names import DERIVED
from .tracking.names import SEARCH as SEARCH_WEIGHTS
from .tracking.sealed import sealed
from .tracking.tracker import Tracker
from .training.interruption import Interrupted, Interruption
from .training.placement import Placement, available
from .trials.addresses import without_password
from .trials.beside import Beside


@dataclass(frozen=True)
class RunRequest:
    """What `stdsl run` was asked for. ``overrides``: dotted setting → its text in the language (`retrain.epochs` →
    `1`).
    """

    file: str
    search: str | None = None
    overrides: Sequence[str] = ()
    out: Path | None = None
    engine: str = "local"
    device: str = "auto"
    checkpoint_seconds: float = 20.0
    allow_extern: bool = False
    data: Any = None
    """In place of the search's own, as ``as_dataset`` takes it."""
    hands: int | None = None
    """Processes that train networks beside each other; 0: this one alone; None: as the machine has it."""
    store: str | None = None
    """The URL of a database for trials; None: a file of the run directory."""
    needs: Mapping[str, Path] = field(default_factory=dict)
    """Finished runs in the place of searches that are needed, by their names."""
    architecture: Mapping[str, Any] | Path | None = None
    """What is trained, compared and exported without a search: by path, or an `.arch.json` file."""
    outermost: str = ""
    """The run that needs this one."""


@dataclass(frozen=True)
class Means:
    """What a run is made with, and not of: see :class:`RunRequest`."""

    hands: int | None = None
    store: str | None = None


def run(request: RunRequest, reporter: Reporter) -> RunResult:
    """Run a search in a new run directory.

    Raises SpaceError for a wrong text, RunError for what goes wrong while it runs, and Interrupted when it was asked
    to stop (its state is kept).
    """
    from .prepare.preparation import asked_job

    job = asked_job(
        reporter,
        request.file,
        request.search,
        request.overrides,
        request.allow_extern,
        request.data,
        request.architecture,
    )
    return start(job, request, reporter)


def start(job: Job, request: RunRequest, reporter: Reporter) -> RunResult:
    """As :func:`run`, for a job that is at hand. Where it, or a search it needs, would not start, nothing is made."""
    needed = _needed(job, [needed.config.name for needed in job.search.needs], request.overrides)
    engine = "local" if request.hands == 0 else request.engine
    there = _there(request, needed)
    datasets = all_ready(job, needed, {*request.needs, *there}, engine)
    check_paired(job, needed)
    writable(request.out)
    given = given_needs(job, needed, datasets, request.needs, request.out, _seed(job, request.overrides))
    if request.store is not None:
        check_store(request.store)
    fitting(job, request.out)
    placement = available(request.device)
    ahead = plan(job, request.device)
    ahead = replace(ahead, needs=tuple(name for name in ahead.needs if name not in given and name not in there))
    reporter.say(plan_text(ahead))
    refuse(oversized(ahead, job.config, total_memory(placement.device)))
    for warning in (*job.warnings, *warnings(job.config, job.graph)):
        reporter.say(warned(warning))
    origin = None if job.given is None else origin_of(job.given)
    if job.given is not None and origin is None:
        reporter.say(NOT_FOUND_AGAIN)
    manifest = Manifest(
        file=job.texts.main,
        origins=dict(job.texts.origins),
        texts={place: checksum(text) for place, text in job.texts.texts.items()},
        search=job.config.name,
        overrides=tuple(request.overrides),
        space=str(job.config.space),
        parameters={name: str(value) for name, value in job.graph.parameters},
        config=job.config.model_dump(mode="json"),
        data=found_data(job),
        given=job.given is not None,
        origin=origin,
        needs=given,
        architecture=None if job.architecture is None else job.architecture.to_json()["values"],
        seed=job.config.seed,
        device=str(placement.device),
        engine=request.engine,
        checkpoint_seconds=request.checkpoint_seconds,
        threads=ahead.search_threads,
        training_threads=ahead.training_threads,
        allow_extern=request.allow_extern,
        id=uuid4().hex,
        store="" if request.store is None else without_password(request.store),
        outermost=request.outermost,
        environment=environment(),
    )
    directory = create(request.out, job.config.name, manifest, job.texts.texts)
    reporter.say(f"run directory: {visible(str(directory.path))}")
    return carry_out(job, manifest, directory, placement, reporter, Means(request.hands, request.store))


def resume(
    path: Path,
    reporter: Reporter,
    allow_extern: bool = False,
    data: Any = None,
    hands: int | None = None,
    store: str | None = None,
) -> RunResult:
    """Go on with a run from its directory alone. Raises as :func:`run` does, and RunError when ``path`` is no run
    directory. Leave to load extern operators is not kept: ``allow_extern`` gives it again, and ``data`` what the run
    was given in place of the search's own. ``hands``: as of a :class:`RunRequest`; ``store``: the same database once
    more, where its URL has a password.
    """
    from .prepare.preparation import load_kept_job

    directory = open_run(path)
    manifest = directory.manifest
    # Of a run that is over no code is loaded, whatever leave there is.
    leave = allow_extern and not _has_result(directory)
    job = load_kept_job(directory, manifest, leave, data)
    directory.lock()
    found = _over(directory)
    if found is not None:
        reporter.say(f"nothing is left to do in {visible(str(directory.path))}")
        return found
    try:
        permit(job)
    except BaseException:
        directory.unlock()
        raise
    reporter.say(f"going on in {visible(str(directory.path))}")
    return carry_out(job, manifest, directory, available(manifest.device), reporter, Means(hands, store))


def _has_result(directory: RunDirectory) -> bool:
    """Whether a run has one that can be read."""
    try:
        result_of(directory.path)
    except RunError:
        return False
    return True


def _over(directory: RunDirectory) -> RunResult | None:
    """The result of a run that has one: it is written last, so that nothing is loaded to go on with it. A result that
    is damaged is made anew."""
    try:
        document = result_of(directory.path)
    except RunError:
        return None
    shutil.rmtree(directory.features, ignore_errors=True)
    directory.unlock()
    return RunResult(directory.path, document)


def _supplies(job: Job, directory: RunDirectory) -> RunDirectory | None:
    """The run whose shared weights this one works with, and has no copy of yet: on the data that they learnt from.
    Raises RunError where another one is in its place."""
    if job.elastic is not None:
        if directory.weights(SEARCH_WEIGHTS).exists():
            return None
        same_run(Path(job.elastic.run), job.elastic.id, directory.path)
        return RunDirectory(Path(job.elastic.run))
    supplies = lent_by(job.search)
    return None if supplies is None else RunDirectory(directory.needed(supplies.config.name))


def carry_out(
    job: Job, manifest: Manifest, directory: RunDirectory, placement: Placement, reporter: Reporter, means: Means
) -> RunResult:
    """Do what is left to do of a run, whose directory is locked, and unlock it. Raises as :func:`run` does."""
    interruption = Interruption()
    # Before the tracker cuts the journal to what checkpoints say.
    phases_of(directory, manifest)
    tracker = Tracker(directory.path, manifest.checkpoint_seconds, whose=owner(manifest.id))
    if tracker.lost:
        since = "it has no checkpoint yet" if tracker.anew else "they came after its last checkpoint"
        reporter.say(f"{times(tracker.lost, 'step')} will be done again: {since}")
    placement = replace(placement, bfloat16=job.config.precision == "bfloat16", compile=job.config.compile)
    before = torch.get_num_threads()
    try:
        _run_needs(job, manifest, directory, reporter, means, interruption)
        with interruption.watch(), failures(job.config):
            datasets = opened_for(job)
            own = {role: dataset for role, dataset in datasets.items() if job.config.owner(role) == role}
            for role, dataset in own.items():
                kept = role == job.config.owner("retrain")
                path = directory.data if kept else directory.other_data(role)
                kind, place = job.config.data_of(role).kind, job.config.place(job.config.data_key(role))
                keep_facts(path, dataset, kind, place)
                source = _supplies(job, directory) if role == "search" else None
                if source is not None:
                    hold_facts(source.searched_data, dataset, kind, place)
                for doubt in doubts(dataset, kind, place):
                    reporter.say(warned(doubt))
            context = Context(
                job,
                manifest,
                directory,
                tracker,
                reporter,
                interruption,
                placement,
                datasets,
                _hands(job, placement, manifest.engine, means.hands),
                means.store or manifest.store,
            )
            result = _phases(context)
            for role, dataset in own.items():
                if dataset.damaged:
                    data, place = job.config.data_of(role), job.config.place(job.config.data_key(role))
                    reporter.say(warned(DamagedLeftOut(place, data.kind, tuple(dataset.damaged))))
            return result
    except Interrupted:
        raise Interrupted(f"`{going_on(directory.path, job.allow_extern)}` goes on from here") from None
    finally:
        torch.set_num_threads(before)
        tracker.close()
        directory.unlock()


def _run_needs(
    job: Job,
    manifest: Manifest,
    directory: RunDirectory,
    reporter: Reporter,
    means: Means,
    interruption: Interruption,
) -> None:
    """Run the searches that this one needs, as runs of their own inside its directory, unless they are over there, or
    the run was given them. Those come first: what runs here finds in their place what it needs itself."""
    before = sorted(job.config.before, key=lambda name: name not in manifest.needs)
    for needed in _needed(job, before, manifest.overrides):
        name = needed.config.name
        folder = directory.needed(name)
        if (folder / run_files.MANIFEST).exists():
            hold_needed(folder, name)
        if (folder / run_files.RESULT).exists():
            continue
        if name in manifest.needs:
            fetch_needed(job.config.name, name, manifest.needs[name], folder, interruption)
            reporter.say(f"{name}: the run in {visible(manifest.needs[name].run)}, of which this one has a copy")
            continue
        reporter.say(f"needed first: {name}")
        if (folder / run_files.MANIFEST).exists():
            resume(folder, reporter, job.allow_extern, hands=means.hands, store=means.store)
            continue
        request = RunRequest(
            needed.texts.main,
            name,
            overrides=_for_needed(manifest.overrides),
            out=folder,
            engine=manifest.engine,
            device=manifest.device,
            checkpoint_seconds=manifest.checkpoint_seconds,
            allow_extern=job.allow_extern,
            hands=means.hands,
            store=means.store or manifest.store or None,
            outermost=manifest.outermost or manifest.id,
        )
        start(needed, request, reporter)


def _there(request: RunRequest, needed: Iterable[Job]) -> frozenset[str]:
    """Of the searches that are ``needed`` by one that is needed itself those whose runs are over in the outermost run,
    as those are that it was given."""
    if not request.outermost or request.out is None:
        return frozenset()
    names, own = (each.config.name for each in needed), RunDirectory(request.out)
    return frozenset(name for name in names if (own.needed(name) / run_files.RESULT).exists())


def check_store(url: str) -> None:
    """Raises RunError where a database cannot take trials."""
    from .trials.database import server_database

    server_database(url).close()


def _needed(job: Job, names: Iterable[str], overrides: Sequence[str]) -> list[Job]:
    """The jobs of searches that a job needs."""
    return [job.needed(name, _seed(job, overrides)) for name in names]


def _seed(job: Job, overrides: Sequence[str]) -> int | None:
    """The seed that a call gives."""
    return job.config.seed if _for_needed(overrides) else None


def _for_needed(overrides: Sequence[str]) -> tuple[str, ...]:
    """Of what was set on the command line the seed is for needed searches too."""
    return tuple(text for text in overrides if text.partition("=")[0].strip() == "seed")


def _phases(run: Context) -> RunResult:
    if asks_for_found(run.config):
        search(run)
        values = found_settings(run.tracker.finished[SEARCH])
        run.reporter.say(f"trained by what was found: {in_words(values)}")
        run = replace(run, job=with_found(run.job, values))
    with Beside(run) as beside:
        # Spaces to compare with are known from the start, random architectures when the derived one is. The hands of a
        # search of separate trainings are its own.
        others, strategy = list(map(run.directory.network_of, run.job.compared)), run.config.strategy
        if strategy is None or not runner(strategy).separate:
            beside.add(others)
        search(run)
        derive(run)
        subject = Subject(DERIVED, *carried(run.job, run.directory, DERIVED))
        if run.config.retrain is None and run.config.export is not None:
            inherit(run, subject)
            measure(
                inherited(run.config, subject, as_measured(run.job, run.directory, subject)),
                run.workshop,
                run.tracker,
                "evaluate",
            )
            export(run, [Side(run.job, run.directory, run.workshop, [subject])])
        if run.config.retrain is not None:
            draw(run)
            together = members(run)
            beside.add([*together, *others, *repeats(run), *drawn(run)])
            final = final_training(run.config, subject, as_measured(run.job, run.directory, subject))
            train(final, run.workshop, run.tracker, RETRAIN)
            measure(final, run.workshop, run.tracker, "evaluate")
            if not together and not run.config.fuse:
                export(run, [own_side(run, subject)])
            beside.finish()
            for name in together:
                if name in beside.failed:
                    place = run.config.place("ensemble")
                    raise RunError([MemberNotTrained(place, name, beside.failed[name])])
            if together:
                measure_together(run, subject)
            if run.config.fuse:
                measure_fused(run, subject)
            if together or run.config.fuse:
                export(run, sides(run, subject))
    sweep(run.directory.path)  # what processes that were killed had begun to write
    document = collect(run, subject, beside.results, beside.failed)
    write_json(run.directory.result, sealed(document))
    shutil.rmtree(run.directory.features, ignore_errors=True)
    return RunResult(run.directory.path, result_of(run.directory.path))


def _hands(job: Job, placement: Placement, engine: str, asked: int | None) -> int | None:
    """How many processes train trials: as ``asked``, else one for every core, or GPU, or as many as a cluster has room
    for; none where they would lack the data, which is in this process."""
    if job.given is not None:
        return 0
    if engine != "local":
        return asked
    if asked is not None:
        return min(asked, len(placement.devices) or asked)
    return cores() if placement.device.type == "cpu" else max(1, len(placement.devices))
