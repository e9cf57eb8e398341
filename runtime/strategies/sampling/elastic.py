"""Other architectures measured with the weights that a search along paths left."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, plain_values
from stdsl.compiler.backends.networks.paths.base import PathNetwork
from stdsl.compiler.checks.searches import CheckedSearch
from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.text.figures import times

from ...data.batch import Part
from ...phases.context import Context
from ...phases.train import Workshop
from ...prepare.elastic import Drawn, drawn_within
from ...tasks.best_first import best_first
from ...tracking.names import SEARCH
from ...tracking.weights_left import load_weights_left
from ...training.loop import drive
from ...training.stepped import Event, Facts
from ..candidates import Measuring
from ..history import PHASE
from ..runner import Found, Measurer
from ..searched import measuring, searched_data
from .build import path_network


class Redrawing:
    """Each step measures one architecture with the weights of ``network``, which stay as they are."""

    def __init__(self, network: PathNetwork, measuring: Measuring, archs: Sequence[Architecture]) -> None:
        self.network, self.measuring, self.archs = network, measuring, archs
        self.figures: list[float] = []
        self.seconds = 0.0
        """Spent on measuring."""
        network.train()

    @property
    def total(self) -> int:
        return len(self.archs)

    def step(self, t: int) -> Facts:
        started = time.monotonic()
        self.figures.append(self.measuring.figure(self.network, self.archs[t]))
        self.seconds += time.monotonic() - started
        return {self.measuring.metric: self.figures[t]}

    def notes(self, t: int) -> Mapping[str, Any] | None:
        return None

    def events(self, t: int) -> Sequence[Event]:
        facts = {"number": t + 1, "hash": self.archs[t].hash, self.measuring.metric: self.figures[t]}
        return [("drawn", facts)]

    def state(self) -> dict[str, Any]:
        return {"figures": list(self.figures), "measuring": self.seconds}

    def load(self, state: dict[str, Any]) -> None:
        self.figures, self.seconds = list(state["figures"]), state["measuring"]


def redrawn(run: Context) -> Found:
    """What the architectures that are drawn reach, each with batch-norms measured anew where the strategy says so."""
    strategy = run.config.strategy
    assert isinstance(strategy, SamplingConfig)
    drawn = drawn_within(run.job)
    graph = run.job.graph
    dataset = searched_data(run, graph, (strategy.weights.split, "valid"))
    network = path_network(graph, strategy, run.seed)
    load_weights_left(network, run.directory.weights(SEARCH))
    dataset.attach(run.placement.model(network))
    how = measuring(run, dataset, Part(dataset, (strategy.weights.split,)), strategy.batch, strategy.derive)
    work = Redrawing(network, how, list(drawn.times))
    done = drive(PHASE, work, run.tracker, run.reporter, run.interruption, measured=work.total)
    metric = work.measuring.metric
    rows = _rows(work, drawn)
    best = METRICS[metric].written(best_first(rows, metric)[0]["value"])
    facts: dict[str, Any] = {"steps": 0, "seconds": round(done.seconds, 2), "measuring": round(work.seconds, 2)}
    facts |= {"waited": 0.0, "metric": metric, "drawn": rows}
    if drawn.named:
        facts["named"] = True
        return Found(facts, f"the architecture that was named, {metric.replace('_', ' ')} {best}")
    facts |= {"uniform": drawn.uniform, "all": drawn.all}
    if drawn.within is not None:
        facts["within"] = str(drawn.within)
    number = sum(drawn.times.values())
    what = "all that there are" if drawn.all else f"{times(number, 'architecture')} drawn"
    return Found(facts, f"{what}, {len(rows)} different, the best {metric} {best}")


def check_weights(strategy: SamplingConfig, graph: SpaceGraph, weights: Path) -> None:
    """See :meth:`..runner.Runner.check_weights`."""
    load_weights_left(path_network(graph, strategy, 0), weights)


def measurer(search: CheckedSearch, weights: Path, shop: Workshop, how: Fitness) -> Measurer:
    """See :meth:`..runner.Runner.measurer`."""
    strategy = search.config.strategy
    assert isinstance(strategy, SamplingConfig)
    placement, material = shop.placed(how), shop.materials["search"]
    network = path_network(search.graph, strategy, 0)
    load_weights_left(network, weights)
    used = tuple(dict.fromkeys((strategy.weights.split, "valid")))
    dataset = shop.samples("search", search.graph, used, placement, altered=False)
    dataset.attach(placement.model(network))
    network.train()
    shared = Measuring(
        Part(dataset, ("valid",)),
        Part(dataset, (strategy.weights.split,)),
        placement,
        how.batch,
        material.criterion,
        how.metric or material.criterion.metric,
        strategy.derive.norms,
        how.samples,
    )
    return lambda arch: shared.metrics(network, arch)


def _rows(work: Redrawing, drawn: Drawn) -> list[dict[str, Any]]:
    """Of each different architecture what the journal keeps."""
    likely = -math.log(drawn.within) if drawn.within is not None and drawn.uniform and not drawn.all else None
    return [
        {
            "hash": arch.hash,
            "value": value,
            "times": number,
            "log_prob": likely,
            "architecture": plain_values(arch),
        }
        for (arch, number), value in zip(drawn.times.items(), work.figures, strict=True)
    ]
