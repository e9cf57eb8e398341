"""Data that a program gives to a run: a data set of its own, NumPy arrays, or tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from mmap import mmap
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from stdsl.compiler.datafiles.arrangement import Arrangement, arranged
from stdsl.compiler.datafiles.faults import IN_MEMORY, FileDamaged
from stdsl.compiler.datafiles.forms import TargetsOpen
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
from .given_settings import given_settings
from .indexed import IndexedDataset
from .own_dataset import SPLITS, OwnDataset, asked
from .repeatable import changing_sample

NOT_FOUND_AGAIN = (
    "the data does not say how it is found again (it has no `origin`): "
    "this run goes on by `stdsl.run(resume = …, data = …)` alone"
)
THIS_RUN = "the data of this run"
"""What data without a name of its own is called."""
_WAYS = 'give arrays by name (`{"x": …, "y": …}`), a pair `(x, y)`, or a data set with `__len__` and `__getitem__`'
_CHANCE = (
    "let a sample depend on its index alone; what is random in it comes from `epoch`, in a data set with the methods "
    "that `stdsl explain E0737` lists"
)
_PARTS = ("classes", "inputs", "normalisation", "varies", "size", "samples")
"""What a data set of the project's protocol has."""
_LAYOUTS: Mapping[int, Layout] = {1: "features", 2: "tokens", 3: "image", 4: "clip"}


class GivenArrays(ArraysDataset):
    """As ``arrays``, of arrays or tensors in memory by name."""

    def __init__(self, arrays: Mapping[str, Any], settings: Arrays) -> None:
        with reading(settings.kind, None):
            self._given = {_name(name): _array(str(name), values) for name, values in arrays.items()}
        super().__init__(settings, 0, Path(), None)

    @property
    def remedy(self) -> str:
        return "correct the arrays, or leave the sample out"

    def _arranged(self, folder: Path) -> Arrangement:
        stored = [StoredArray(name, _header(name, values), IN_MEMORY, name) for name, values in self._given.items()]
        return arranged(IN_MEMORY, stored, self.settings.target)

    def _loaded(self, stored: StoredArray) -> Array:
        assert stored.member is not None
        return self._given[stored.member]

    def for_task(self, task: TaskName | None) -> Dataset:
        """The same arrays, with targets as a search's ``task`` asks where their settings leave that open."""
        return varied(GivenArrays(self._given, self.settings.for_task(task)), 0)


class OpenArrays:
    """Arrays that may be data for some tasks, and have not been told yet for which. To all that is asked of a data set
    before it answers with the ``fault`` that they have without a task."""

    def __init__(self, arrays: Mapping[str, Any], settings: Arrays, fault: RunError) -> None:
        self._arrays, self._settings, self._fault = arrays, settings, fault

    def __getattr__(self, part: str) -> Any:
        if part in _PARTS:
            raise RunError(self._fault.diagnostics)
        raise AttributeError(part)

    def for_task(self, task: TaskName | None) -> Dataset:
        """Raises RunError where they are none for this task."""
        return varied(GivenArrays(self._arrays, self._settings.for_task(task)), 0)


class NotData(RunError, TypeError):
    """Something that a program gave is no data."""

    def __init__(self, fault: str, advice: str = _WAYS) -> None:
        super().__init__([DataSetOdd(None, THIS_RUN, fault, advice)])
        self.fault = fault


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
            except NotData as error:
                if self._found is None:
                    raise
                raise RunError([ExternNotLoaded(None, THIS_RUN, self._found, error.fault, "data")]) from error
        return self._made[task]

    @property
    def settings(self) -> Given:
        """What stands in place of the data of a search."""
        return Given.taken_by(lambda task: schema_of(self.dataset(task)))


def as_dataset(data: Any, task: TaskName | None = None) -> Dataset:
    """``data`` as a data set: one itself, or a ``torch.utils.data.Dataset``, or one for each split (`train`, `test`,
    …); a mapping of arrays by name (`x`, `y`, or `train_x`, …), or a pair of them. ``task``: of the search, for what
    the targets of arrays, and of what gives samples, are.

    Raises NotData for what is none of these, and RunError for arrays that do not go together.
    """
    sets = list(map(is_indexed, data.values())) if isinstance(data, Mapping) else []
    if any(sets):
        if not all(sets):
            raise NotData("it maps splits to data sets, or names to arrays, not some to these and some to those")
        return _indexed(data, task)
    if isinstance(data, Mapping):
        return GivenArrays(data, given_settings({}).for_task(task))
    if isinstance(data, tuple | list) and len(data) == 2:
        return GivenArrays({"x": data[0], "y": data[1]}, given_settings({}).for_task(task))
    if isinstance(data, np.ndarray | torch.Tensor):
        raise NotData("it is one array, and there are inputs and targets")
    inner = data.dataset if isinstance(data, Augmented) else data
    if isinstance(inner, GivenArrays | OpenArrays):
        return inner.for_task(task)
    missing = missing_parts(data)
    if missing and is_indexed(data):
        return _indexed({TRAIN: data}, task)
    if len(missing) == len(_PARTS):
        raise NotData(f"it is {type(data).__name__}{_which(data)}", _ways_from(data))
    if missing:
        raise NotData(f"a data set has `{'`, `'.join(missing)}` too; {type(data).__name__} has not")
    return cast(Dataset, data) if of_this_package(data) else OwnDataset(data)


def _which(data: Any) -> str:
    """What is the matter with something that is no data, as far as can be said."""
    if isinstance(data, list | tuple):
        return f" of {len(data)}, and a pair has an array of inputs and one of targets"
    if hasattr(type(data), "__iter__"):
        return ", which can be gone through from its beginning, and samples are asked for by their number"
    return ""


def _ways_from(data: Any) -> str:
    """What to give in place of something that is no data."""
    if isinstance(data, torch.utils.data.DataLoader):
        return "give the data set that it draws from (`loader.dataset`): batches are made by the recipe of the search"
    return _WAYS


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
    settings = given_settings({})
    strange = [split for split in sets if split not in ("train", "valid", "val", "test")]
    if strange or TRAIN not in sets:
        words = ", ".join(map(repr, sets))
        raise NotData(
            f"it maps {words} to data sets", "splits are `train`, `valid` and `test`, with `train` among them"
        )
    with reading("given", None):
        spoken = named_splits(list(sets), IN_MEMORY)
    dense = task is not None and named(task)[0].dense
    own = {split: sets[word] for split, word in spoken.items()}
    return IndexedDataset(own, settings.shares, asked=settings.for_task(task).targets, dense=dense)


def given_arrays(arrays: Mapping[str, Any], settings: Mapping[str, Any]) -> Dataset:
    """Arrays in memory, by name, as ``arrays`` of a search takes them from a file; where the task of a search has yet
    to say what their targets are, :class:`OpenArrays`. Raises RunError where they, or the settings, do not go together,
    TypeError for settings of files."""
    own = given_settings(settings)
    arrays = {name: _kept(values) for name, values in arrays.items()}
    try:
        return varied(GivenArrays(arrays, own), 0)
    except RunError as error:
        if own.targets is not None or not isinstance(error.__cause__, TargetsOpen):
            raise
        return cast(Dataset, OpenArrays(arrays, own, error))


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
    """What a search says of a data set that is at hand. Raises RunError where it has nothing to train on, samples that
    no network takes, or such that chance changes."""
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
    changing = (
        changing_sample(Checked(dataset, "the data")) if isinstance(dataset, OwnDataset | IndexedDataset) else None
    )
    if changing is not None:
        split, place = changing
        fault = f"sample {place} of the split `{split}` is another one when it is asked for again"
        raise RunError([DataSetOdd(None, "the data", fault, _CHANCE)])
    return Given(changes=dataset.varies("train")).knowing(Found(tuple(inputs), targets_of(dataset).signature, sizes))


def not_at_hand(settings: Given, seed: int, folder: Path, place: Span | None) -> Dataset:
    """Raises RunError: what a program gave cannot be found without it, or without leave to load its code."""
    if settings.origin is not None:
        raise RunError([ExternNotAllowed(place, THIS_RUN, settings.origin)])
    raise RunError([DataNotGiven(place)])


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name or not encodable(name):
        raise FileDamaged(IN_MEMORY, f"an array is called {name!r}, and names are texts")
    return name


def _array(name: str, values: Any) -> Array:
    """An array of a kind that files may hold."""
    try:
        return array_of(values)
    except NotAnArray as fault:
        raise FileDamaged(IN_MEMORY, f"`{name}` {fault}") from fault


def _kept(values: Any) -> Any:
    """A copy of an array, which stays when the program writes into its own; of one that is mapped from a file, which
    may be larger than the memory, itself."""
    try:
        array = array_of(values)
    except NotAnArray:
        return values  # which is told of with its name
    owner: Any = array
    while isinstance(owner, np.ndarray):
        owner = owner.base
    return array if isinstance(owner, mmap) else array.copy()


def _header(name: str, values: Array) -> Header:
    if values.dtype.kind not in "biufU":
        raise FileDamaged(IN_MEMORY, f"`{name}` holds `{values.dtype}`, and numbers or texts are read")
    return Header(values.dtype.kind, values.dtype.itemsize, values.dtype.byteorder == ">", values.shape, 0)
