"""Data that a program gives to a run: a data set of its own, NumPy arrays, or tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from stdsl.compiler.datafiles.arrangement import Arrangement, arranged
from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.npy import Header, StoredArray
from stdsl.compiler.datafiles.splits import TRAIN, named_splits
from stdsl.compiler.diagnostics.data import DataNotGiven, DataSetOdd
from stdsl.compiler.diagnostics.externs import ExternNotAllowed, ExternNotLoaded
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data import Found, InputSignature, Layout
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.compiler.schemas.data_given import Given
from stdsl.compiler.schemas.tasks.task import TaskName, named
from stdsl.compiler.text.quoting import encodable

from ...tracking.manifest import Origin
from ..batch import Dataset
from ..loading.augment import Augmented
from ..numbers.arrays import Array, ArraysDataset, varied
from ..opening import reading
from ..targets import targets_of
from .as_array import NotAnArray, array_of, is_indexed
from .checked import Checked, of_this_package
from .indexed import IndexedDataset
from .own_dataset import SPLITS, OwnDataset, asked

NOT_FOUND_AGAIN = (
    "the data does not say how it is found again (it has no `origin`): "
    "this run goes on by `stdsl.run(resume = …, data = …)` alone"
)
THIS_RUN = "the data of this run"
"""What data without a name of its own is called."""
_PLACE = Path("the data that was given")
_PARTS = ("classes", "inputs", "normalisation", "varies", "size", "samples")
"""What a data set of the project's protocol has."""
_LAYOUTS: Mapping[int, Layout] = {1: "features", 2: "tokens", 3: "image", 4: "clip"}


class GivenArrays(ArraysDataset):
    """As ``arrays``, of arrays or tensors in memory by name."""

    def __init__(self, arrays: Mapping[str, Any], settings: Arrays) -> None:
        with reading(settings.kind, None):
            self._given = {_name(name): _array(str(name), values) for name, values in arrays.items()}
        super().__init__(settings, 0, Path(), None)

    def _arranged(self, folder: Path) -> Arrangement:
        stored = [StoredArray(name, _header(name, values), _PLACE, name) for name, values in self._given.items()]
        return arranged(_PLACE, stored, self.settings.target)

    def _loaded(self, stored: StoredArray) -> Array:
        assert stored.member is not None
        return self._given[stored.member]

    def for_task(self, task: TaskName | None) -> Dataset:
        """The same arrays, with targets as a search's ``task`` asks where their settings leave that open."""
        return varied(GivenArrays(self._given, self.settings.for_task(task)), 0)


class Offered:
    """What a program gives to a run: taken as a data set when the task of the search is known. ``found``: the class
    that made it, where the run found that again by itself."""

    def __init__(self, data: Any, found: str | None = None) -> None:
        self._data, self._found = data, found
        self._made: dict[TaskName | None, Dataset] = {}

    def dataset(self, task: TaskName | None) -> Dataset:
        """Raises as :func:`as_dataset` does, and RunError for what was found again and is no data."""
        if task not in self._made:
            try:
                self._made[task] = as_dataset(self._data, task)
            except TypeError as error:
                if self._found is None:
                    raise
                raise RunError([ExternNotLoaded(None, THIS_RUN, self._found, str(error), "data")]) from error
        return self._made[task]

    @property
    def settings(self) -> Given:
        """What stands in place of the data of a search."""
        return Given.taken_by(lambda task: schema_of(self.dataset(task)))


def as_dataset(data: Any, task: TaskName | None = None) -> Dataset:
    """``data`` as a data set: one itself, or a ``torch.utils.data.Dataset``, or one for each split (`train`, `test`,
    …); a mapping of arrays by name (`x`, `y`, or `train_x`, …), or a pair of them. ``task``: of the search, for what
    the targets of arrays, and of what gives samples, are.

    Raises TypeError for what is none of these, and RunError for arrays that do not go together.
    """
    sets = list(map(is_indexed, data.values())) if isinstance(data, Mapping) else []
    if any(sets):
        if not all(sets):
            raise TypeError("`data` maps splits to data sets, or names to arrays, not some to these and some to those")
        return _indexed(data, task)
    if isinstance(data, Mapping):
        return GivenArrays(data, _settings({}).for_task(task))
    if isinstance(data, tuple | list) and len(data) == 2:
        return GivenArrays({"x": data[0], "y": data[1]}, _settings({}).for_task(task))
    if isinstance(data, np.ndarray | torch.Tensor):
        raise TypeError('`data` is one array: inputs and targets together are a pair `(x, y)`, or `{"x": …, "y": …}`')
    inner = data.dataset if isinstance(data, Augmented) else data
    if isinstance(inner, GivenArrays):
        return inner.for_task(task)
    missing = missing_parts(data)
    if missing and is_indexed(data):
        return _indexed({TRAIN: data}, task)
    if len(missing) == len(_PARTS):
        raise TypeError(f"`data` is a data set, a mapping of arrays, or (x, y), not a {type(data).__name__}")
    if missing:
        raise TypeError(f"a data set has `{'`, `'.join(missing)}` too; {type(data).__name__} has not")
    return cast(Dataset, data) if of_this_package(data) else OwnDataset(data)


def missing_parts(data: Any) -> list[str]:
    """What of a data set of the project's protocol something has not."""
    return [part for part in _PARTS if not _has(data, part)]


def _has(data: Any, part: str) -> bool:
    """Whether it has a part; what raises when it is asked for is there, and is told of where it is used."""
    try:
        return hasattr(data, part)
    except Exception:  # the code of the user's may raise anything
        return True


def _indexed(sets: Mapping[str, Any], task: TaskName | None) -> Dataset:
    settings = _settings({})
    strange = [split for split in sets if split not in ("train", "valid", "val", "test")]
    if strange or TRAIN not in sets:
        raise TypeError(f"splits are train, valid and test, with `train` among them, not {', '.join(map(repr, sets))}")
    with reading("given", None):
        spoken = named_splits(list(sets), _PLACE)
    dense = task is not None and named(task)[0].dense
    own = {split: sets[word] for split, word in spoken.items()}
    return IndexedDataset(own, settings.shares, asked=settings.for_task(task).targets, dense=dense)


def given_arrays(arrays: Mapping[str, Any], settings: Mapping[str, Any]) -> Dataset:
    """Arrays in memory, by name, as ``arrays`` of a search takes them from a file. Raises RunError where they do not go
    together, TypeError and ``pydantic.ValidationError`` for other settings."""
    return varied(GivenArrays(arrays, _settings(settings)), 0)


def origin_of(dataset: Dataset) -> Origin | None:
    """What a data set says of how it is found again, in its `origin`: (`my_pkg.data:Clips`, arguments)."""
    said = asked("origin", lambda: getattr(dataset, "origin", None), "the data", None)
    if said is None:
        return None
    try:
        target, arguments = said
        if json.loads(json.dumps(arguments, allow_nan=False)) != arguments:
            raise TypeError("keys that are no texts, or tuples, come back otherwise")
        return Origin(target=target, arguments=dict(arguments))
    except (TypeError, ValueError, RecursionError) as error:
        text = '("my_pkg.data:Clips", {"root": …}), with arguments that JSON can hold'
        fault = f"its `origin` is {str(said)[:60]}, and should be {text}"
        raise RunError([DataSetOdd(None, "the data", fault)]) from error


def schema_of(dataset: Dataset) -> Given:
    """What a search says of a data set that is at hand. Raises RunError where it has nothing to train on, or samples
    that no network takes."""
    sizes = {split: dataset.size(split) for split in SPLITS}
    if not sizes["train"]:
        raise RunError([DataSetOdd(None, "the data", "it has no sample in its split `train`")])
    first = Checked(dataset, "the data").samples("train", np.arange(1), 0)
    inputs = []
    for name, tensor in zip(dataset.inputs, first.inputs, strict=True):
        shape = tuple(tensor.shape[1:])
        if len(shape) not in _LAYOUTS or 0 in shape:
            forms = "(C), (L, C), (C, H, W) or (C, T, H, W)"
            fault = f"a sample of `{name}` has the shape {shape}, which no network takes: it is {forms}, none of them 0"
            raise RunError([DataSetOdd(None, "the data", fault)])
        inputs.append(InputSignature(name, _LAYOUTS[len(shape)], shape))
    return Given(changes=dataset.varies("train")).knowing(Found(tuple(inputs), targets_of(dataset).signature, sizes))


def not_at_hand(settings: Given, seed: int, folder: Path, place: Span | None) -> Dataset:
    """Raises RunError: what a program gave cannot be found without it, or without leave to load its code."""
    if settings.origin is not None:
        raise RunError([ExternNotAllowed(place, THIS_RUN, settings.origin)])
    raise RunError([DataNotGiven(place)])


def _settings(own: Mapping[str, Any]) -> Arrays:
    if "file" in own or "x" in own or "y" in own:
        raise TypeError("arrays that are given come from no file: leave `file`, `x` and `y` out")
    return Arrays(file=str(_PLACE), **own)


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name or not encodable(name):
        raise FileDamaged(_PLACE, f"an array is called {name!r}, and names are texts")
    return name


def _array(name: str, values: Any) -> Array:
    """An array of a kind that files may hold."""
    try:
        return array_of(values)
    except NotAnArray as fault:
        raise FileDamaged(_PLACE, f"`{name}` {fault}") from fault


def _header(name: str, values: Array) -> Header:
    if values.dtype.kind not in "biufU":
        raise FileDamaged(_PLACE, f"`{name}` holds `{values.dtype}`, and numbers or texts are read")
    return Header(values.dtype.kind, values.dtype.itemsize, values.dtype.byteorder == ">", values.shape, 0)
