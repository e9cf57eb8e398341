"""Trials that are not trained: architectures measured with weights that all of them share."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import torch

from stdsl.compiler.checks.shared import lent_by
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ..engines.contract import Plain
from ..phases.train import Workshop
from ..prepare.job import Job
from ..strategies.runner import runner
from ..tracking.directory import RunDirectory
from ..tracking.names import SEARCH
from .store import COUNTED


def shared_weights(shop: Workshop, job: Job, fitness: Fitness) -> Callable[[Plain], Plain]:
    """What a trial comes to, of an architecture (path → value), with the weights of the search that ``job`` needs: a
    value as that of :func:`.training.training`, after no steps. Raises RunError where the weights are gone or
    damaged."""
    search = lent_by(job.search)
    assert search is not None, "the check saw to it"
    assert search.config.strategy is not None
    weights = RunDirectory(shop.directory.needed(search.config.name)).weights(SEARCH)
    measure = runner(search.config.strategy).measurer(search, weights, shop, fitness)

    def outcome(architecture: Plain) -> Plain:
        torch.set_num_threads(shop.threads)
        started = time.monotonic()
        found = measure(architecture).document()
        for name, value in found.items():
            if not math.isfinite(value):
                return {"failed": f"the {name.replace('_', ' ')} is {value}"}
        values = {name: value for name, value in found.items() if name in (*METRICS, COUNTED)}
        last = {"split": "valid", "epoch": 0, "step": 0}
        measured = [{**last, "metric": name, "value": value} for name, value in values.items()]
        return {"values": values, "steps": 0, "seconds": round(time.monotonic() - started, 2), "measured": measured}

    return outcome
