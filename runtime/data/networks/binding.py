"""Which input of a network gets which part of a sample, and what exported files say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.data import Data

from ..batch import Batch, Dataset
from ..facts.data_facts import DataFacts
from ..loading.wrapped import Wrapped


@dataclass(frozen=True)
class Reordered(Wrapped):
    """``dataset`` with the inputs of its samples in another order: place i has what it has at ``places[i]``."""

    dataset: Dataset
    places: tuple[int, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(self.dataset.inputs[place] for place in self.places)

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        batch = self.dataset.samples(split, indices, epoch)
        return Batch(tuple(batch.inputs[place] for place in self.places), batch.targets)


def bound(dataset: Dataset, graph: SpaceGraph) -> Dataset:
    """``dataset`` with inputs in the order of the space's: by name where these are the data's names, else as they
    come (``DataSignature.ordered`` says the same when a file is checked)."""
    places = _places(dataset.inputs, graph)
    return dataset if places == tuple(range(len(places))) else Reordered(dataset, places)


def description(search: str, data: DataFacts, graph: SpaceGraph, settings: Data) -> dict[str, Any]:
    """What a file of a network of ``graph`` should say about the data that it was trained on; ``modalities``, in the
    order of the network's inputs, are there where these are several, or one that the data calls otherwise: all else
    names inputs as the data does. ``settings``: of that data."""
    facts: dict[str, Any] = {"search": search, "classes": list(data.classes), "normalisation": data.normalisation}
    facts |= {"targets": data.targets} | ({} if data.of_bytes is None else {"bytes": list(data.of_bytes)})
    preparation = settings.preparation()
    facts |= {"preparation": dict(preparation)} if preparation is not None else {}
    inputs = called_in(data.inputs, graph)
    own = [graph.nodes[id].op for id in graph.inputs]
    return facts | ({"modalities": inputs} if len(inputs) > 1 or inputs != own else {})


def called_in(inputs: tuple[str, ...], graph: SpaceGraph) -> list[str]:
    """What data with these inputs calls those of a space, in the order of the space."""
    return [inputs[place] for place in _places(inputs, graph)]


def _places(inputs: tuple[str, ...], graph: SpaceGraph) -> tuple[int, ...]:
    """Where in a sample what each input of the space takes stands."""
    names = [graph.nodes[id].op for id in graph.inputs]
    if set(names) != set(inputs):
        return tuple(range(len(inputs)))
    return tuple(inputs.index(name) for name in names)
