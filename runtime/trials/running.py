"""The search of a run as a sequence of trials: the loop between its proposer, its store and an engine."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from pydantic import ValidationError

from stdsl.compiler.analysis.architecture import architecture, plain_values
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.diagnostics.model import ArchitectureError, RunError
from stdsl.compiler.diagnostics.run import CannotRunYet
from stdsl.compiler.diagnostics.trials import NoTrialLeft, OtherTrials
from stdsl.compiler.families.separate import trained_here
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.separate import SeparateTrainings, with_settings

from ..data.batch import Part
from ..engines.contract import Fault, Plain
from ..phases.context import Context
from ..prepare.samples import stage_sizes
from ..tracking.names import trial_name
from .clock import Clock
from .hands import FATAL, engine_of, met_again, open_store
from .lengths import predicted_length
from .loop import Loop, Rules, Trial
from .proposal import Proposer, Spec
from .store import TrialRow, TrialStore, not_measured


def run_trials(run: Context, proposer: Proposer, keep: bool = False, blind: bool = False) -> list[Trial]:
    """Train what ``proposer`` asks for, to the end; all trials by their numbers, those that failed among them.

    Whatever finishes when, in however many processes, they are the same trials with the same outcomes; a run that was
    stopped goes on with what its store has. ``keep``: whether weights stay until :func:`forget_weights`, for trials
    that go on from them (:attr:`.proposal.Spec.start`). Raises Interrupted, and RunError where no trial has a result.
    """
    strategy = run.config.strategy
    assert isinstance(strategy, SeparateTrainings)
    what = trained_here(strategy)
    if what is not None and run.manifest.engine != "local" and run.hands != 0:  # begun without hands
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
        with engine_of(run, loop.hear) as engine:
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


def fitness_sizes(run: Context, fitness: Fitness) -> tuple[int, int]:
    """The steps of a trial by ``fitness``, and the size of its mini-batches, on the data of a run."""
    per_epoch, batch = stage_sizes(len(Part(run.dataset, ("train",))), fitness.batch)
    return fitness.total_steps(per_epoch), batch


def _rules(run: Context, strategy: SeparateTrainings, rows: Sequence[TrialRow], keep: bool, blind: bool) -> Rules:
    starts = {row.number: row.start for row in rows}  # of those that are over, too: others go on from them

    def length(spec: Spec) -> int:
        whole, batch = fitness_sizes(run, with_settings(strategy, spec.settings).fitness)
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
            "architecture": plain_values(spec.architecture),
            "steps": spec.steps,
            "start": None if spec.start is None else trial_name(spec.start + 1),
            "rung": rung(spec),
            "keep": keep,
            "settings": dict(spec.settings),
        }

    def fatal(name: str, payload: Plain, fault: Fault) -> Plain | None:
        return met_again(run, payload, fault) if fault.error in FATAL else None

    def over(name: str) -> None:
        shutil.rmtree(run.directory.trial(name), ignore_errors=True)
        if not keep:  # a process that was killed behind the last line of its journal left them
            run.directory.weights(name).unlink(missing_ok=True)

    workers = 0 if blind else strategy.workers
    clock = Clock(workers, strategy.slack) if workers and strategy.order == "clock" else None
    return Rules(clock, workers, length, payload, run.seed, strategy.attempts, strategy.timeout, fatal, over)


def _spec_of(run: Context, store: TrialStore, row: TrialRow) -> Spec:
    """What was proposed, as it is kept. Raises RunError where it is nothing that this run proposes."""
    strategy = run.config.strategy
    assert row.number is not None
    assert isinstance(strategy, SeparateTrainings)
    try:
        arch = architecture(run.job.graph, row.architecture)
    except ArchitectureError as error:
        raise RunError([OtherTrials(None, store.shown, row.name, error.diagnostics[0].message)]) from error
    if arch.hash != row.hash or row.seed != run.seed:
        fault = "its architecture has another hash" if arch.hash != row.hash else f"its seed is {row.seed}"
        raise RunError([OtherTrials(None, store.shown, row.name, fault)])
    if (missing := not_measured(row, strategy.fitness.metric or run.criterion.metric)) is not None:
        raise RunError([OtherTrials(None, store.shown, row.name, missing)])
    try:
        with_settings(strategy, row.settings)
    except (KeyError, ValidationError) as error:
        fault = "its settings are none of the search's"
        raise RunError([OtherTrials(None, store.shown, row.name, fault)]) from error
    return Spec(row.number, arch, row.steps, row.start, row.parents, row.settings)
