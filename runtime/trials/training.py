"""One trial, trained: what a process of an engine does for a search."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from stdsl.compiler.analysis import architecture as architectures
from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.separate import SeparateTrainings
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..data.batch import Part
from ..engines.contract import Doing, Plain, Tell
from ..phases.assignment import Subject, trial
from ..phases.compare import TRAIN, metrics_of, train_one
from ..phases.train import Workshop
from ..prepare.job import Job
from ..prepare.samples import stage_sizes
from ..tracking.journal import read_journal
from ..training.interruption import Interruption
from ..training.loop import Diverged
from .store import COUNTED


class Telling:
    """A reporter that tells whoever started the work."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def begin(self, title: str, total: int, done: int = 0) -> None:
        self._tell({"event": "begin", "title": title, "total": total, "done": done})

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        self._tell({"event": "step", "title": title, "done": done, "facts": dict(facts)})

    def end(self, title: str, summary: str = "") -> None:
        self._tell({"event": "end", "title": title, "summary": summary})

    def say(self, text: str) -> None:
        self._tell({"event": "say", "text": text})


def training(shop: Workshop, job: Job) -> Doing:
    """What trains trials of a job. A payload has the ``name``, the ``architecture`` and the ``steps`` (None: those of
    the strategy) of one, the name of the trial that it goes on from as ``start`` (None: fresh weights), the ``rung`` of
    that in a row of such trials, from 0, and whether to ``keep`` its weights. The value has the ``values`` of its
    metrics, the ``steps`` and ``seconds`` of the training, and all that was ``measured`` (see
    :class:`.store.EpochMetric`); or for what reason it ``failed``, and would again.
    """
    strategy = job.config.strategy
    assert isinstance(strategy, SeparateTrainings)

    def do(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        arch = architectures.architecture(job.graph, payload["architecture"])
        subject = Subject(payload["name"], job.graph, arch)
        start = None if payload["start"] is None else shop.directory.weights(payload["start"])
        assignment = trial(strategy.fitness, subject, payload["steps"], start, payload["rung"])
        own = replace(shop, reporter=Telling(tell), interruption=interruption)
        tell({"event": "alive", "worker": f"{socket.gethostname()} {os.getpid()}"})
        try:
            train_one(assignment, own, payload["keep"])
        except Diverged as error:
            step = "" if error.step is None else f" at step {error.step}"
            return {"failed": f"the {error.what} is {error.value}{step}"}
        facts = metrics_of(own.directory, subject.name)
        assert facts is not None
        values = {name: value for name, value in facts.items() if name in (*METRICS, COUNTED)}
        folder = own.directory.comparison(subject.name)
        per_epoch, _ = stage_sizes(len(Part(own.materials["search"].dataset, assignment.splits)), assignment.batch)
        measured = list(_epochs(read_journal(folder / run_files.JOURNAL), per_epoch))
        last = {"split": assignment.measured, "epoch": -(-facts["steps"] // per_epoch), "step": facts["steps"]}
        measured += [{**last, "metric": name, "value": value} for name, value in values.items()]
        return {"values": values, "steps": facts["steps"], "seconds": facts["seconds"], "measured": measured}

    return do


def _epochs(journal: Iterator[dict[str, Any]], per_epoch: int) -> Iterator[Plain]:
    """Means over the steps of each epoch of a training."""
    sums: dict[str, list[float]] = {}
    step = 0

    def row(epoch: int) -> Iterator[Plain]:
        for metric, found in sums.items():
            value = sum(found) / len(found)
            yield {"split": "train", "epoch": epoch, "step": step, "metric": metric, "value": value}
        sums.clear()

    for line in journal:
        if line["event"] != "step" or line["phase"] != TRAIN:
            continue
        for name in METRICS:
            if name in line:
                sums.setdefault(name, []).append(line[name])
        step = line["step"] + 1
        if step % per_epoch == 0:
            yield from row(step // per_epoch)
    yield from row(-(-step // per_epoch))
