"""Data sets that give one sample after the other by index, as ``torch.utils.data.Dataset`` does, in splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
import torch

from stdsl.compiler.datafiles.forms import Kind
from stdsl.compiler.datafiles.labels import hardly_a_class
from stdsl.compiler.datafiles.splits import TRAIN, Shares
from stdsl.compiler.diagnostics.data import DataSetOdd
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import WrongSample
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_arrays import number_names
from stdsl.compiler.schemas.tasks.targets import UNKNOWN, TargetSignature, class_targets

from ...randomness import key, keys
from ..batch import Batch, Normalisation
from ..loading.division import divided
from ..scale import Scale
from ..targets import VOID, Targets
from .as_array import NotAnArray, array_of, as_floats
from .indexed_targets import NAME, Array, WrongTarget, form_of, target_in
from .own_dataset import apart, asked, ignored, remedy_of_class, sample_count, turn_of, with_ignored, written

Values = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]
_LABELS = ("targets", "labels")
"""What the labels of all samples are called, where a set has them at hand."""


class Indexed(Protocol):
    """``len(set)`` samples; ``set[i]`` is inputs and a target: `(x, y)`, `(rgb, flow, y)`, or `({"rgb": …}, y)`."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> Any: ...


class IndexedDataset:
    """``sets`` by split, `train` among them; what is not given of the others is a share of it, of each class alike
    where the set has all its labels at hand.

    Samples and numbers to be told are taken as they are, but bytes of inputs are scaled to 0…1. A sample depends on its
    index alone. ``names``: of the inputs, in order; None: those of the first sample, or `x`. ``stated``: what targets
    are, and how many classes, labels or numbers there are; where it says nothing they are what the first of them is, or
    what they are ``asked`` for as, at each position where that is ``dense``, and there are as many classes as the set
    names, or as its labels are. What classes, labels and numbers are called is what is stated, else what the set says
    in `classes`, where these are as many. ``ignore``: the label of positions without a class; None: what the
    set to train on says in `ignore`.
    """

    def __init__(
        self,
        sets: Mapping[str, Indexed],
        shares: Shares,
        names: Sequence[str] | None = None,
        stated: TargetSignature = UNKNOWN,
        asked: Kind | None = None,
        dense: bool = False,
        called: str = "the data",
        place: Span | None = None,
        ignore: int | None = None,
    ) -> None:
        self._sets, self._called, self._place = sets, called, place
        self._turn = turn_of(sets.values(), called, place)
        self._scale = Normalisation()
        self._shapes: dict[str, tuple[int, ...]] = {}
        first = sets[TRAIN]
        self._ignore = ignored(first, called, place) if ignore is None else ignore
        lengths = {split: self._length(found, split) for split, found in sets.items()}
        self._names = tuple(names) if names is not None else self._names_in(first, lengths[TRAIN])
        self._form = stated if stated.kind is not None else self._form_in(first, lengths[TRAIN], asked, dense)
        labels = None
        if self._form.kind == "classes":
            labels = None if self._form.positions else self._labels_at_hand(first, lengths[TRAIN])
            self._told, labels = self._classes_of(first, lengths[TRAIN], labels)
        else:
            count, names = self._form.count or 1, self._class_names(first)
            fits = names is not None and len(names) == count
            self._told = self._form.names or (names if names and fits else number_names(NAME, count))
        self.targets = Targets(TargetSignature(self._form.kind, len(self._told), self._told, self._form.positions))
        if self._ignore is not None:
            self.targets = with_ignored(self.targets, self._ignore, called, place)
        self._labels = labels
        targets = labels if labels is not None else np.zeros(lengths[TRAIN], np.int64)
        ranks = keys(key(0, "split", "indexed"), np.arange(lengths[TRAIN]))
        parts = divided(targets, ranks, shares.beside(sets))
        whole = {split: np.arange(length) for split, length in lengths.items()}
        self._places = {split: chosen for split, chosen in parts.items() if split not in sets}
        self._places = whole | self._places | {TRAIN: parts[TRAIN]}

    @property
    def origin(self) -> Any:
        """What the set says of how it is found again, where it is alone."""
        return self._said(self._sets[TRAIN], "origin") if len(self._sets) == 1 else None

    @property
    def remedy(self) -> str:
        """What to do about a sample that is wrong."""
        return remedy_of_class(self._called)

    def in_whole(self, split: str, index: int) -> str:
        """Which sample of the set it is; "" where that is the same, or not yet divided."""
        places = getattr(self, "_places", {}).get(split)
        if places is None or (split in self._sets and len(places) == len(self._sets[split])):
            return ""
        return f"sample {int(places[index])} of the set"

    @property
    def classes(self) -> tuple[str, ...]:
        return () if self._form.kind == "numbers" else self._told

    @property
    def inputs(self) -> tuple[str, ...]:
        return self._names

    @cached_property
    def of_bytes(self) -> tuple[str, ...]:
        """The inputs that come as bytes, by the first sample to train on."""
        if not self.size(TRAIN):
            return ()
        inputs, _ = self._parts(TRAIN, 0)
        arrays = [self._array(entry, TRAIN, 0) for entry in inputs]
        return tuple(name for name, array in zip(self._names, arrays, strict=True) if array.dtype == np.uint8)

    @property
    def normalisation(self) -> Normalisation:
        return self._scale

    def scaled_as(self, scale: Scale) -> Self:
        """The same samples in other units."""
        twin = copy(self)
        twin._scale, twin.targets = scale.normalisation, scale.told(self.targets)
        return twin

    def size(self, split: str) -> int:
        return len(self._places[split])

    def varies(self, split: str) -> bool:
        return False

    def targets_at_hand(self, split: str) -> Labels | None:
        """The labels of all samples of a split, as far as the set to train on has said them, or they had to be read."""
        if split in self._sets and split != TRAIN:
            return None
        return None if self._labels is None else self._labels[self._places[split]]

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        found = [self.sample(split, int(index)) for index in indices]
        columns = zip(*(values for values, _ in found), strict=True)
        inputs = []
        for name, column in zip(self._names, columns, strict=True):
            known = self._shapes.setdefault(name, column[0].shape)
            for values, index in zip(column, indices, strict=True):
                if values.shape != known:
                    shown = f"({', '.join(map(str, known))})"
                    fault = f"has `{name}` of {_shape(values)}, and another one of {shown}"
                    raise self._wrong(split, int(index), fault)
            stacked = np.stack(column)
            scaled = self._scale.of(name).applied(stacked, 2 if stacked.ndim == 3 else 1)  # tokens are (N, L, C)
            inputs.append(torch.from_numpy(scaled))
        targets = np.stack([target for _, target in found])
        if self._ignore is not None:
            targets = np.where(targets == self._ignore, VOID, targets)
        return Batch(tuple(inputs), torch.from_numpy(self.targets.scaled(targets)))

    def sample(self, split: str, index: int) -> tuple[tuple[Values, ...], Array]:
        """The inputs and the target of one, copied. Raises RunError where it holds something else."""
        with self._turn:
            inputs, target = self._parts(split, index)
            return tuple(self._values(entry, split, index) for entry in inputs), self._target(target, split, index)

    def _parts(self, split: str, index: int) -> tuple[Sequence[Any], Any]:
        """The inputs and the target of a sample, as the set gives them."""
        owner = self._sets.get(split, self._sets[TRAIN])
        *inputs, target = self._taken(owner, split, index, int(self._places[split][index]))
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            absent = [name for name in self._names if name not in inputs[0]]
            if absent:
                raise self._wrong(split, index, f"has no `{absent[0]}`")
            inputs = [inputs[0][name] for name in self._names]
        if len(inputs) != len(self._names):
            raise self._wrong(split, index, f"has {len(inputs)} inputs, and there are {len(self._names)}")
        return inputs, target

    def _taken(self, owner: Indexed, split: str, index: int, place: int) -> Sequence[Any]:
        """The inputs and the label of sample ``index`` of a split, which is at ``place`` of a set."""
        try:
            sample = owner[place]
        except Exception as error:  # the code of the user's may raise anything
            raise self._wrong(split, index, f"cannot be had: {type(error).__name__}: {error}") from error
        if not isinstance(sample, tuple | list) or len(sample) < 2:
            raise self._wrong(split, index, f"is {type(sample).__name__}, and a sample is inputs and a label")
        return sample

    def _length(self, found: Indexed, split: str) -> int:
        what = f'len("{split}")' if len(self._sets) > 1 else "len()"
        length = asked(what, lambda: len(found), self._called, self._place)
        return sample_count(length, what, self._called, self._place)

    def _names_in(self, found: Indexed, length: int) -> tuple[str, ...]:
        if not length:
            return ("x",)
        *inputs, _ = self._taken(found, TRAIN, 0, 0)
        if len(inputs) == 1 and isinstance(inputs[0], Mapping):
            return written(inputs[0], self._called, self._place)
        return ("x",) if len(inputs) == 1 else tuple(f"x{i}" for i in range(1, len(inputs) + 1))

    def _array(self, entry: Any, split: str, index: int) -> Array:
        try:
            array = array_of(entry)
        except NotAnArray as fault:
            raise self._wrong(split, index, f"has an input that {fault}") from fault
        if array.dtype.kind not in "biuf":
            raise self._wrong(split, index, f"holds {type(entry).__name__}, and numbers are read")
        return array

    def _values(self, entry: Any, split: str, index: int) -> Values:
        array = self._array(entry, split, index)
        try:
            return as_floats(array)
        except MemoryError as error:
            raise self._wrong(split, index, f"has an input of {_shape(array)}, which no memory holds") from error

    def _form_in(self, found: Indexed, length: int, asked: Kind | None, dense: bool) -> TargetSignature:
        if not length:
            return class_targets(None)
        try:
            return form_of(self._taken(found, TRAIN, 0, 0)[-1], asked, dense)
        except WrongTarget as fault:
            raise self._wrong(TRAIN, 0, str(fault)) from fault

    def _classes_of(self, found: Indexed, length: int, labels: Labels | None) -> tuple[tuple[str, ...], Labels | None]:
        """The names of the classes; and the labels of all samples, as far as they were at hand or had to be read."""
        named, count = self._form.names or self._class_names(found), self._form.count
        if named is not None and count in (None, len(named)):
            return named, labels
        if count is not None:
            return tuple(map(str, range(count))), labels
        greatest, place, seen = -1, 0, 0
        if labels is None:
            self._told = ()
            read = []
            for i in range(length):
                target = self._target(self._taken(found, TRAIN, i, i)[-1], TRAIN, i)
                known = target if self._ignore is None else target[target != self._ignore]
                if known.min(initial=0) < 0:
                    labelled = f"has the label {int(known.min()):,}, and classes are numbered from 0"
                    ways = "write `task = regression` for numbers"
                    ways += ", or `ignore` for positions without a class" if self._form.positions else ""
                    raise self._wrong(TRAIN, i, f"{labelled}; {ways}")
                here, seen = int(known.max(initial=-1)), seen + target.size
                greatest, place = max((greatest, place), (here, i), key=lambda known: known[0])
                if not self._form.positions:  # all targets at positions would fill the memory
                    read.append(int(target))
            labels = None if self._form.positions else np.array(read, np.int64)
        elif len(labels):
            place, seen = int(labels.argmax()), len(labels)
            greatest = int(labels[place])
        if self._ignore is not None and greatest < 0 and seen:
            fault = f"no position has a class: all labels are {self._ignore}, which `ignore` leaves out"
            raise RunError([DataSetOdd(self._place, self._called, fault)])
        if hardly_a_class(greatest, seen):
            labelled = f"has the label {greatest:,}, and classes are numbered from 0"
            advice = "write `task = regression` for numbers; so many classes are named by `classes` of the set"
            raise self._wrong(TRAIN, place, f"{labelled}; {advice}, or counted in the block of extern data")
        return tuple(map(str, range(greatest + 1))), labels

    def _target(self, target: Any, split: str, index: int) -> Array:
        try:
            return target_in(target, self._form, self._told)
        except WrongTarget as fault:
            raise self._wrong(split, index, str(fault)) from fault

    def _labels_at_hand(self, found: Indexed, length: int) -> Labels | None:
        for name in _LABELS:
            labels = self._said(found, name)
            try:
                array = array_of(labels) if labels is not None else None
            except NotAnArray:  # boxes of a different number, say: then samples are asked one by one
                continue
            if (
                array is not None
                and array.shape == (length,)
                and array.dtype.kind in "iu"
                and array.min(initial=0) >= 0
            ):
                return array.astype(np.int64)
        return None

    def _class_names(self, found: Indexed) -> tuple[str, ...] | None:
        names = self._said(found, "classes")
        listed = isinstance(names, list | tuple) and len(names) > 0 and all(isinstance(name, str) for name in names)
        if not isinstance(names, list | tuple) or not listed:
            return None
        return apart(written(names, self._called, self._place), self._called, self._place)

    def _said(self, found: Indexed, name: str) -> Any:
        """What a set has of that name; None where it has nothing."""
        return asked(name, lambda: getattr(found, name, None), self._called, self._place)

    def _wrong(self, split: str, index: int, fault: str) -> RunError:
        whole = self.in_whole(split, index)
        return RunError([WrongSample(self._place, self._called, split, index, fault, whole, self.remedy)])


def _shape(values: npt.NDArray[Any]) -> str:
    return f"({', '.join(map(str, values.shape))})"
