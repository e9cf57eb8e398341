"""Networks that are measured on other data than they are trained on: whether their weights go with both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.tasks import OtherWeights
from stdsl.compiler.ir.graph import SpaceGraph

from .job import Job


def check_tested(job: Job) -> None:
    """Raises RunError where a network has other weights in the space that it is measured in: a layer that is as large
    as its input. One architecture is looked at, for all."""
    for text, measured in job.tested.items():
        trained = job.compared[text] if text else job.final
        shown = dict(sample(job.graph, 0)[0]) if not text and job.graph.open else {}
        found = next(_different(_shapes(trained, shown), _shapes(measured, shown)), None)
        if found is not None:
            place = job.config.place(job.config.data_key("evaluate"))
            raise RunError([OtherWeights(place, measured.name, *found)])


def _shapes(graph: SpaceGraph, values: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    own = architecture(graph, {path: value for path, value in values.items() if path in graph.by_path})
    return {name: tuple(value.shape) for name, value in build_module(graph, own, seed=0).state_dict().items()}


def _different(
    trained: Mapping[str, tuple[int, ...]], measured: Mapping[str, tuple[int, ...]]
) -> Iterator[tuple[str, str, str]]:
    for name in dict.fromkeys((*trained, *measured)):
        if trained.get(name) != measured.get(name):
            yield name, str(trained.get(name, "none")), str(measured.get(name, "none"))
