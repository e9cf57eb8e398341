"""The search of a run as a sequence of trials: the loop between its proposer, its store and an engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence

import torch

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.diagnostics.model import ArchitectureError, RunError, SpaceError
from stdsl.compiler.diagnostics.run import CannotRunYet
from stdsl.compiler.diagnostics.trials import ClusterRefused, NoTrialLeft, OtherTrials
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.separate import SeparateTrainings

from ..data.batch import Part
from ..engines.contract import Engine, Fault, Hear, Plain, Work, class_name, words_of
from ..engines.here import HereEngine
from ..engines.processes import ProcessEngine
from ..phases.context import Context
from ..prepare.samples import stage_sizes
from ..tracking.names import trial_name
from ..training.compiled import CompilationFailed
from ..training.loop import LoneValue
from .clock import Clock
from .database import file_database, server_database
from .lengths import predicted_length
from .loop import Loop, Rules, Trial
from .proposal import Proposer, Spec
from .store import TrialRow, TrialStore
from .training import training

PREPARE = "stdsl.runtime.trials.work:prepare"
SHIPPED = "stdsl.runtime.trials.shipped:prepare_shipped"
FATAL = tuple(map(class_name, (RunError, SpaceError, LoneValue, CompilationFailed)))
"""Errors that are none of a trial's own: wrong settings, damaged data, a full disk. They end the run."""


def run_trials(run: Context, proposer: Proposer, keep: bool = False, blind: bool = False) -> list[Trial]:
    """Train what ``proposer`` asks for, to the end; all trials by their numbers, those that failed among them.

    Whatever finishes when, in however many processes, they are the same trials with the same outcomes; a run that was
    stopped goes on with what its store has. ``keep``: whether weights stay until :func:`forget_weights`, for trials
    that go on from them (:attr:`.proposal.Spec.start`). Raises Interrupted, and RunError where no trial has a result.
    """
    strategy = run.config.strategy
    assert isinstance(strategy, SeparateTrainings)
    if keep and run.manifest.engine != "local" and run.hands != 0:
        what = "trials that go on from the weights of others, on other machines"
        raise RunError([CannotRunYet(run.config.place("strategy"), "strategy", what, "use `--engine local`")])
    store = open_store(run)
    try:
        if store.remark:
            run.reporter.say(store.remark)
        rows = [row for row in store.rows() if row.number is not None]
        loop = Loop(proposer, _rules(run, strategy, rows, keep, blind), store, run.reporter, run.interruption)
        loop.go_on_from(rows, lambda row: _spec_of(run, store, row))
        for trial in loop.trials.values():
            loop.rules.over(trial.name)
        with _engine(run, loop.hear) as engine:
            trials = loop.run(engine)
    finally:
        store.close()
    shutil.rmtree(run.directory.trials, ignore_errors=True)
    failed = [trial for trial in trials if trial.outcome.failed]
    if trials and len(failed) == len(trials):
        place = run.config.place("strategy")
        raise RunError([NoTrialLeft(place, len(trials), failed[-1].outcome.failed)])
    return trials


def forget_weights(run: Context, trials: Sequence[Trial]) -> None:
    """Remove the weights of trials, once no further one goes on from them."""
    for trial in trials:
        run.directory.weights(trial.name).unlink(missing_ok=True)


def open_store(run: Context) -> TrialStore:
    """The store of the trials of a run."""
    database = server_database(run.store) if run.store else file_database(run.directory.trial_store)
    return TrialStore(database, run.manifest.id)


def fitness_sizes(run: Context, fitness: Fitness) -> tuple[int, int]:
    """The steps of a trial by ``fitness``, and the size of its mini-batches, on the data of a run."""
    per_epoch, batch = stage_sizes(len(Part(run.dataset, ("train",))), fitness.batch)
    return fitness.total_steps(per_epoch), batch


def _rules(run: Context, strategy: SeparateTrainings, rows: Sequence[TrialRow], keep: bool, blind: bool) -> Rules:
    whole, batch = fitness_sizes(run, strategy.fitness)
    starts = {row.number: row.start for row in rows}  # of those that are over, too: others go on from them

    def length(spec: Spec) -> int:
        return predicted_length(costs_of(run.job.graph, spec.architecture).flops, batch, spec.steps or whole)

    def rung(spec: Spec) -> int:
        starts[spec.number] = spec.start
        found, start = 0, spec.start
        while start is not None:
            found, start = found + 1, starts[start]
        return found

    def payload(spec: Spec) -> Plain:
        return {
            "name": trial_name(spec.number + 1),
            "architecture": {path: list(v) if isinstance(v, tuple) else v for path, v in spec.architecture.items()},
            "steps": spec.steps,
            "start": None if spec.start is None else trial_name(spec.start + 1),
            "rung": rung(spec),
            "keep": keep,
        }

    def fatal(spec: Spec, fault: Fault) -> Plain | None:
        if fault.error not in FATAL:
            return None
        if fault.raised is not None:
            raise fault.raised
        # Another process met it. Here it is met again, as what it is; where it is not, the trial is trained.
        torch.set_num_threads(run.manifest.training_threads)
        return training(run.workshop, run.job)(payload(spec), lambda message: None, run.interruption)

    def over(name: str) -> None:
        shutil.rmtree(run.directory.comparison(name), ignore_errors=True)
        if not keep:  # a process that was killed behind the last line of its journal left them
            run.directory.weights(name).unlink(missing_ok=True)

    workers = 0 if blind else strategy.workers
    clock = Clock(workers, strategy.slack) if workers and strategy.order == "clock" else None
    return Rules(clock, workers, length, payload, run.seed, strategy.attempts, strategy.timeout, fatal, over)


def _engine(run: Context, hear: Hear) -> Engine:
    """Processes of this machine or of a cluster, or none but this one."""
    if run.hands == 0:
        return HereEngine(None, hear, run.interruption, training(run.workshop, run.job))
    cpu, leave = run.placement.device.type == "cpu", run.job.allow_extern
    # Code of the user's may open files that processes must not share, and a device must not be opened before a fork.
    shared = cpu and not leave
    if run.manifest.engine == "ray":
        from ..engines.ray_cluster import RayEngine
        from .shipped import archive

        work = Work(SHIPPED, {"content": archive(run), "allow_extern": leave}, shared)
        address = os.environ.get("RAY_ADDRESS")
        try:
            return RayEngine(work, hear, address, run.hands, gpus=0.0 if cpu else 1.0)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise RunError([ClusterRefused(None, address or "of this machine", words_of(error))]) from error
    work = Work(PREPARE, {"folder": str(run.directory.path.absolute()), "allow_extern": leave}, shared)
    assert run.hands is not None
    return ProcessEngine(work, run.hands, hear, run.placement.devices, leave)


def _spec_of(run: Context, store: TrialStore, row: TrialRow) -> Spec:
    """What was proposed, as it is kept. Raises RunError where it is nothing that this run proposes."""
    assert row.number is not None
    try:
        arch = architecture(run.job.graph, row.architecture)
    except ArchitectureError as error:
        raise RunError([OtherTrials(None, store.shown, row.name, error.diagnostics[0].message)]) from error
    if arch.hash != row.hash or row.seed != run.seed:
        fault = "its architecture has another hash" if arch.hash != row.hash else f"its seed is {row.seed}"
        raise RunError([OtherTrials(None, store.shown, row.name, fault)])
    return Spec(row.number, arch, row.steps, row.start, row.parents)
