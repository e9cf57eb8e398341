"""One trial, trained: what a process of an engine does for a run."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stdsl.compiler.analysis import architecture as architectures
from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.retraining import held_out
from stdsl.compiler.schemas.separate import SeparateTrainings, with_settings
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..data.batch import Part
from ..engines.contract import Doing, Plain, Tell
from ..phases.assignment import Subject, trial
from ..phases.compare import TRAIN, comparison, train_one
from ..phases.train import Workshop
from ..prepare.found_settings import with_found
from ..prepare.job import Job
from ..prepare.samples import stage_sizes
from ..tracking.journal import read_journal
from ..training.interruption import Interruption
from ..training.loop import Diverged
from .shared import shared_weights
from .store import COUNTED

HELD_OUT = "held out"


class Telling:
    """A reporter that tells whoever started the work."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        self._tell({"event": "begin", "title": title, "total": total, "done": done, "of": of})

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        self._tell({"event": "step", "title": title, "done": done, "facts": dict(facts)})

    def end(self, title: str, summary: str = "") -> None:
        self._tell({"event": "end", "title": title, "summary": summary})

    def say(self, text: str) -> None:
        self._tell({"event": "say", "text": text})


def training(shop: Workshop, job: Job) -> Doing:
    """What trains the trials of a run: those of its search, and the networks beside the found one. Trials with shared
    weights are measured alone.

    A payload has the ``name`` and the ``architecture`` of one (path → value); one of a search besides the ``steps``
    (None: those of the strategy), the name of the trial that it goes on from as ``start`` (None: fresh weights), the
    ``rung`` of that in a row of such trials, from 0, values for the ``settings`` that the strategy leaves open, and
    whether to ``keep`` its weights, which of others are kept; one beside the found network the settings that were
    ``found``, where it is trained by those. The value has the ``values`` of its metrics, the
    ``steps`` and ``seconds`` of the training, and all that was ``measured`` (see :class:`.store.EpochMetric`); or for
    what reason a trial of a search ``failed``, and would again.
    """

    strategy = job.config.strategy
    measure = None
    if isinstance(strategy, SeparateTrainings) and strategy.fitness.weights == "shared":
        measure = shared_weights(shop, job, strategy.fitness)

    def do(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        name = payload["name"]
        if "steps" in payload and measure is not None:
            return measure(payload["architecture"])
        if "steps" in payload:
            assert isinstance(strategy, SeparateTrainings)
            subject = Subject(name, job.graph, architectures.architecture(job.graph, payload["architecture"]))
            start = None if payload["start"] is None else shop.directory.weights(payload["start"])
            fitness = with_settings(strategy, payload["settings"]).fitness
            assignment = trial(fitness, subject, payload["steps"], start, payload["rung"])
        else:
            assignment = comparison(with_found(job, payload["found"]), name, payload["architecture"])
        own = replace(shop, reporter=Telling(tell), interruption=interruption)
        tell({"event": "alive", "worker": f"{socket.gethostname()} {os.getpid()}"})
        try:
            facts = train_one(assignment, own)
        except Diverged as error:
            if not assignment.searched:
                raise
            step = "" if error.step is None else f" at step {error.step}"
            return {"failed": f"the {error.what} is {error.value}{step}"}
        if not payload.get("keep", True):
            own.directory.weights(name).unlink(missing_ok=True)
        values = {name: value for name, value in facts.items() if name in (*METRICS, COUNTED)}
        assert assignment.recipe is not None
        samples = len(Part(own.materials[assignment.trained_on].dataset, assignment.splits))
        per_epoch, _ = stage_sizes(samples - held_out(samples, assignment.holdout), assignment.recipe.batch)
        measured = list(_epochs(read_journal(own.directory.trial(name) / run_files.JOURNAL), per_epoch))
        last = {"split": assignment.measured, "epoch": -(-facts["steps"] // per_epoch), "step": facts["steps"]}
        measured += [{**last, "metric": name, "value": value} for name, value in values.items()]
        return {"values": values, "steps": facts["steps"], "seconds": facts["seconds"], "measured": measured}

    return do


def _epochs(journal: Iterator[dict[str, Any]], per_epoch: int) -> Iterator[Plain]:
    """Means over the steps of each epoch of a training, and what held-out samples say after it."""
    sums: dict[str, list[float]] = {}
    step = 0

    def row(epoch: int) -> Iterator[Plain]:
        for metric, found in sums.items():
            value = sum(found) / len(found)
            yield {"split": "train", "epoch": epoch, "step": step, "metric": metric, "value": value}
        sums.clear()

    for line in journal:
        if line["event"] == "held_out" and line["phase"] == TRAIN:
            own = {"split": HELD_OUT, "epoch": -(-(line["step"] + 1) // per_epoch), "step": line["step"] + 1}
            yield from ({**own, "metric": name, "value": line[name]} for name in METRICS if name in line)
        if line["event"] != "step" or line["phase"] != TRAIN:
            continue
        for name in METRICS:
            if name in line:
                sums.setdefault(name, []).append(line[name])
        step = line["step"] + 1
        if step % per_epoch == 0:
            yield from row(step // per_epoch)
    yield from row(-(-step // per_epoch))
