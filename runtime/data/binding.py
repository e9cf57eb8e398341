"""Which input of a network gets which part of a sample, and what exported files say of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.ir.graph import SpaceGraph

from .batch import Batch, Dataset, Normalisation


@dataclass(frozen=True)
class Reordered:
    """``dataset`` with the inputs of its samples in another order: place i has what it has at ``places[i]``."""

    dataset: Dataset
    places: tuple[int, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        return self.dataset.classes

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.dataset.inputs[place] for place in self.places)

    @property
    def normalisation(self) -> Normalisation:
        return self.dataset.normalisation

    def size(self, split: str) -> int:
        return self.dataset.size(split)

    def varies(self, split: str) -> bool:
        return self.dataset.varies(split)

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        batch = self.dataset.samples(split, indices, epoch)
        return Batch(tuple(batch.inputs[place] for place in self.places), batch.targets)


def bound(dataset: Dataset, graph: SpaceGraph) -> Dataset:
    """``dataset`` with inputs in the order of the space's: by name where these are the data's names, else as they
    come (``DataSignature.ordered`` says the same when a file is checked)."""
    names = [graph.nodes[id].op for id in graph.inputs]
    own = list(dataset.inputs)
    if names == own or set(names) != set(own):
        return dataset
    return Reordered(dataset, tuple(own.index(name) for name in names))


def description(search: str, dataset: Dataset, graph: SpaceGraph) -> dict[str, Any]:
    """What a file of a network of ``graph`` should say about the data that it was trained on; ``modalities`` are in the
    order of the network's inputs."""
    facts = {
        "search": search,
        "classes": list(dataset.classes),
        "normalisation": {name: value for name, value in asdict(dataset.normalisation).items() if value},
    }
    return facts | ({"modalities": list(bound(dataset, graph).inputs)} if len(dataset.inputs) > 1 else {})
