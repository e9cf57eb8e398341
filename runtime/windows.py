"""How many windows over time the best networks of a search have, how long they are and where, and what they see: what
EvaNet's Table 9 tells of its populations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.receptive_field import receptive_field, views
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.analysis.temporal_windows import Window, windows
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.trials import NoTrials
from stdsl.compiler.ops.registry import primitives_of
from stdsl.compiler.schemas.tasks.metrics import METRICS

from .learnt import learnt

Key = Literal["operation", "part"]


@dataclass(frozen=True)
class Seeing:
    """One network. ``frames``: how many frames of a clip its receptive field has; None where that is not known, or
    there is no clip."""

    trial: str
    value: float
    frames: int | None
    windows: Sequence[Window]


@dataclass(frozen=True)
class Summary:
    """Windows of several networks that have something in common: so many a network, of these lengths."""

    name: str
    number: Fraction
    mean: Fraction
    least: int
    greatest: int


@dataclass(frozen=True)
class BestWindows:
    """``networks``: the best ones, each once, the better first."""

    search: str
    space: str
    metric: str
    networks: Sequence[Seeing]

    def by(self, key: Key) -> list[Summary]:
        """A row for each operation, by name, or for each part of the network in the order in which parts begin."""
        lengths: dict[str, list[int]] = {}
        for network in self.networks:
            for window in network.windows:
                lengths.setdefault(window.operation if key == "operation" else window.part, []).append(window.length)
        names = sorted(lengths) if key == "operation" else lengths
        return [self._summary(name, lengths[name]) for name in names]

    def _summary(self, name: str, found: Sequence[int]) -> Summary:
        number, mean = Fraction(len(found), len(self.networks)), Fraction(sum(found), len(found))
        return Summary(name, number, mean, min(found), max(found))

    @property
    def frames(self) -> list[int]:
        """The receptive fields that are known."""
        return [network.frames for network in self.networks if network.frames is not None]

    def rows(self) -> list[list[str | int | float | None]]:
        """A row for each window, for a CSV file."""
        head: list[str | int | float | None] = ["trial", self.metric, "frames", "part", "operation", "length"]
        return [head, *self._rows()]

    def _rows(self) -> Iterator[list[str | int | float | None]]:
        for own in self.networks:
            for window in own.windows:
                yield [own.trial, own.value, own.frames, window.part, window.operation, window.length]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        networks = [
            {"trial": own.trial, "value": own.value, "frames": own.frames, "windows": [asdict(w) for w in own.windows]}
            for own in self.networks
        ]
        return {"search": self.search, "space": self.space, "metric": self.metric, "networks": networks}


def best_windows(path: Path, count: int) -> BestWindows:
    """Those of the ``count`` best trials of a run whose search is over, each network by its best trial. Raises RunError
    where there is no such run, or it has no trials."""
    job, _, facts = learnt(path, lambda reason: NoTrials(None, str(path), reason))
    if facts.get("trials") is None:
        raise RunError([NoTrials(None, str(path), "its search trained no networks separately")])
    metric = METRICS[facts["metric"]]
    ranked = sorted(facts["trials"], key=lambda trial: -metric.score(trial["value"]))
    found: dict[str, Seeing] = {}
    primitives = primitives_of(job.graph)
    for trial in ranked:
        if len(found) < count and trial["hash"] not in found:
            network = specialise(job.graph, architecture(job.graph, trial["architecture"]))
            field = receptive_field(network, views(network, primitives), primitives).frames
            frames = max(_known(field), default=None)
            own = tuple(windows(job.graph, network, primitives))
            found[trial["hash"]] = Seeing(trial["name"], trial["value"], frames, own)
    return BestWindows(job.config.name, job.graph.name, facts["metric"], list(found.values()))


def _known(field: Mapping[str, int] | None) -> Iterable[int]:
    return field.values() if field else ()
