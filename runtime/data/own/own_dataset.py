"""A data set of a user's own class: what it says of itself, and what it gives, is held to what data sets are."""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from stdsl.compiler.diagnostics.data import DataSetOdd
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import WrongSample
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.text.quoting import encodable

from ..batch import Batch, Normalisation
from ..loading.balance import read_targets
from ..scale import Scale, check_scale
from ..targets import VOID, Targets, targets_of
from .as_array import NotAnArray, array_of, as_floats

SPLITS = ("train", "valid", "test")
MOST = 10**9
"""So many samples a split may have: an order of them is kept."""
_ASKED = (MemoryError, torch.OutOfMemoryError, RunError)
"""What goes on as it is, whoever raises it."""


def asked(what: str, ask: Callable[[], Any], called: str, place: Span | None) -> Any:
    """What ``ask`` gives of a data set; raises RunError that names ``what`` where the code of the user's raises."""
    try:
        return ask()
    except _ASKED:
        raise
    except Exception as error:
        raise RunError([DataSetOdd(place, called, f"its `{what}` cannot be had: {told(error)}")]) from error


def told(error: BaseException) -> str:
    """An error of the user's code in a line."""
    return f"{type(error).__name__}: {error}".rstrip(": ")


def sample_count(found: Any, what: str, called: str, place: Span | None) -> int:
    """A number of samples that the code of the user's gave as ``what``. Raises RunError for what is none."""
    try:
        count = operator.index(found)
    except TypeError:
        count = -1
    if not 0 <= count <= MOST or isinstance(found, bool):
        fault = f"its `{what}` gives {str(found)[:40]}, and that is a whole number of samples from 0 to {MOST:,}"
        raise RunError([DataSetOdd(place, called, fault)])
    return count


def written(names: Iterable[Any], called: str, place: Span | None) -> tuple[str, ...]:
    """Names as texts. Raises RunError for what no file can hold."""
    found: tuple[str, ...] = asked("names", lambda: tuple(str(name) for name in names), called, place)
    for name in found:
        if not encodable(name):
            raise RunError([DataSetOdd(place, called, f"its name {name!r} is no text that a file can hold")])
    return found


def apart(names: tuple[str, ...], called: str, place: Span | None) -> tuple[str, ...]:
    """Names of classes, labels or numbers. Raises RunError where two are alike: what is told is read by them."""
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        fault = f"it has two of what is told that are called {twice!r}, and each has a name of its own"
        raise RunError([DataSetOdd(place, called, fault)])
    return names


def remedy_of_class(called: str) -> str:
    """What to do about a sample that a class of the user's gives, which is ``called`` so by a search."""
    return "correct the class that gives it" + ("" if called == "the data" else ", or what its block says")


def turn_of(own: Iterable[Any], called: str, place: Span | None) -> AbstractContextManager[Any]:
    """What is held while a data set makes a sample, until that is copied: a class may write every sample into the same
    array, so threads that load data take turns, but where all of ``own`` say ``thread_safe = True``."""
    said = [asked("thread_safe", partial(getattr, one, "thread_safe", None), called, place) for one in own]
    return nullcontext() if all(word is True for word in said) else Lock()


def ignored(own: Any, called: str, place: Span | None) -> int | None:
    """The label of positions without a class that a data set says in `ignore`. Raises RunError for what is no label."""
    found = asked("ignore", lambda: getattr(own, "ignore", None), called, place)
    if found is None or (isinstance(found, int | np.integer) and -(2**63) <= int(found) < 2**63):
        return None if found is None else int(found)
    fault = f"its `ignore` is {str(found)[:40]}, and that is the label of positions without a class, a whole number"
    raise RunError([DataSetOdd(place, called, fault)])


def with_ignored(targets: Targets, ignore: int, called: str, place: Span | None) -> Targets:
    """Targets some of which are left out. Raises RunError where a class has that label, or there are no classes at
    positions."""
    own = targets.signature
    if own.kind != "classes" or not own.positions:
        fault = f"its `ignore` is {ignore}, which is about classes at positions, and its targets are {own}"
    elif 0 <= ignore < (own.count or 0):
        fault = f"its `ignore` is {ignore}, which is one of {own}: a label is left out that no class has"
    else:
        return replace(targets, void=True)
    raise RunError([DataSetOdd(place, called, fault)])


class OwnDataset:
    """``own``, an object with the parts of a data set, as a data set. What it says of itself is asked for once.

    ``ignore``: the label of positions without a class; None: what the object says in `ignore`.
    Arrays, and numbers of other types, become the tensors that a ``Batch`` has; bytes are scaled to 0…1. Raises
    RunError where a part is not what it should be, or raises, and later where a batch is not.
    """

    def __init__(
        self, own: Any, called: str = "the data", place: Span | None = None, ignore: int | None = None
    ) -> None:
        self._own, self._called, self._place = own, called, place
        self._turn = turn_of((own,), called, place)
        self.classes = apart(self._names("classes"), called, place)
        self.inputs = self._names("inputs")
        if not self.inputs or len(set(self.inputs)) < len(self.inputs):
            raise self._odd(f"its `inputs` are {self.inputs}, and each has a name of its own")
        self.normalisation = self._normalisation()
        self.targets = self._targets()
        self._ignore = ignored(own, called, place) if ignore is None else ignore
        if self._ignore is not None:
            self.targets = with_ignored(self.targets, self._ignore, called, place)
        self._sizes = {
            split: sample_count(self._asked(f'size("{split}")', own, "size", split), f'size("{split}")', called, place)
            for split in SPLITS
        }
        self._varies = {split: self._said_to_vary(split) for split in SPLITS}
        self._shapes: dict[str, tuple[int, ...]] = {}

    @property
    def remedy(self) -> str:
        """What to do about a sample that is wrong."""
        return remedy_of_class(self._called)

    @property
    def origin(self) -> Any:
        """What it says of how it is found again."""
        return asked("origin", lambda: getattr(self._own, "origin", None), self._called, self._place)

    def size(self, split: str) -> int:
        return self._sizes[split]

    def varies(self, split: str) -> bool:
        return self._varies[split]

    def split_targets(self, split: str) -> npt.NDArray[Any]:
        """The targets of all samples of a split: those that it has at hand, where it has as many."""
        if not self._has("split_targets"):
            return read_targets(self, split)
        found = self._asked(f'split_targets("{split}")', self._own, "split_targets", split)
        try:
            values = self._as_targets(array_of(found), self.size(split))
        except (NotAnArray, _Fault) as fault:
            raise self._odd(f'its `split_targets("{split}")` {fault}') from fault
        return values.numpy()

    def targets_at_hand(self, split: str) -> npt.NDArray[Any] | None:
        """The targets of all samples of a split, where no sample is read for them."""
        return self.split_targets(split) if self._has("split_targets") else None

    def scaled_as(self, scale: Scale) -> OwnDataset:
        """The same samples in other units. Raises CannotScale where it has no method for that."""
        if not self._has("scaled_as"):
            check_scale(self, scale)
            return self
        scaled = self._asked("scaled_as", self._own, "scaled_as", scale)
        return OwnDataset(scaled, self._called, self._place, self._ignore)

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        try:
            with self._turn:  # until its batch is copied
                batch = self._own.samples(split, indices, epoch)  # what it raises is told of by `Checked`
                return self._batch(batch, len(indices))
        except (NotAnArray, _Fault) as fault:
            others = " and those asked for with it" if len(indices) > 1 else ""
            text = f"{others} cannot be taken: {fault}".strip()
            first, advice = int(indices[0]), self.remedy
            raise RunError([WrongSample(self._place, self._called, split, first, text, "", advice)]) from fault

    def _batch(self, batch: Any, count: int) -> Batch:
        if not (hasattr(batch, "inputs") and hasattr(batch, "targets")):
            raise _Fault(f"`samples` gives a `Batch(inputs, targets)`, not {type(batch).__name__}")
        given = batch.inputs
        if not isinstance(given, tuple | list):
            raise _Fault(f"`inputs` of a batch are a tuple with a tensor for each input, not {type(given).__name__}")
        if len(given) != len(self.inputs):
            raise _Fault(f"the batch has {len(given)} inputs, and the data set {len(self.inputs)}: {self.inputs}")
        inputs = tuple(self._as_input(name, values, count) for name, values in zip(self.inputs, given, strict=True))
        try:
            targets = self._as_targets(array_of(batch.targets), count)
        except (NotAnArray, _Fault) as fault:
            raise _Fault(f"what the batch has as `targets` {fault}") from fault
        return Batch(inputs, targets)

    def _as_input(self, name: str, given: Any, count: int) -> Tensor:
        try:
            values = array_of(given)
        except NotAnArray as fault:
            raise _Fault(f"`{name}` {fault}") from fault
        if values.dtype.kind not in "biuf":
            raise _Fault(f"`{name}` holds `{values.dtype}`, and numbers are read")
        if values.ndim < 2 or len(values) != count:
            raise _Fault(f"`{name}` has the shape {values.shape}, and {count} samples are asked for: ({count}, C, …)")
        shape = self._shapes.setdefault(name, values.shape[1:])
        if values.shape[1:] != shape:
            raise _Fault(f"samples of `{name}` have the shape {values.shape[1:]}, and those before {shape}")
        return torch.from_numpy(as_floats(values))

    def _as_targets(self, values: npt.NDArray[Any], count: int) -> Tensor:
        own = self.targets.signature
        classes, positions = own.kind == "classes", own.positions or ()
        shape = (count, *positions) if classes else (count, own.count or 0, *positions)
        if values.dtype.kind not in ("biu" if classes else "biuf"):
            raise _Fault(
                f"holds `{values.dtype}`, and {'classes are whole numbers' if classes else 'numbers are read'}"
            )
        if len(values.shape) == 0 or len(values) != count or values.size != math.prod(shape):
            raise _Fault(f"has the shape {values.shape}, and for {count} samples {shape} is asked for")
        with np.errstate(over="ignore"):
            found = np.array(values, np.int64 if classes else np.float32, order="C").reshape(shape)
        return torch.from_numpy(found if self._ignore is None else np.where(found == self._ignore, VOID, found))

    def _names(self, part: str) -> tuple[str, ...]:
        found = asked(part, lambda: getattr(self._own, part), self._called, self._place)
        if not isinstance(found, Sequence | np.ndarray) or isinstance(found, str | bytes):
            raise self._odd(f"its `{part}` is {type(found).__name__}, and that is a tuple of names")
        return written(found, self._called, self._place)

    def _normalisation(self) -> Normalisation:
        found = asked("normalisation", lambda: self._own.normalisation, self._called, self._place)
        if not isinstance(found, Normalisation):
            kind = type(found).__name__
            raise self._odd(f"its `normalisation` is {kind}; where values are not scaled it is `Normalisation()`")
        try:
            parts = (found, *(own for _, own in found.each))
            shared = {name: found.of(name) for name in self.inputs}
        except (TypeError, ValueError, KeyError) as error:
            raise self._odd("its `normalisation` is not about each of its inputs by name") from error
        for one in (*parts, *shared.values()):
            if not isinstance(one, Normalisation):
                raise self._odd(f"its `normalisation` has {type(one).__name__} for an input")
            for numbers in (one.mean, one.std):
                if not _finite(numbers):
                    raise self._odd("its `normalisation` has a mean or deviation that is no finite number")
            if len(one.mean) != len(one.std) or 0 in one.std:
                raise self._odd("its `normalisation` has not a mean and a deviation (not 0) for each channel")
        return found

    def _targets(self) -> Targets:
        # Others than ours have something else of that name: their labels.
        asked("targets", lambda: getattr(self._own, "targets", None), self._called, self._place)
        found = targets_of(self._own) if isinstance(getattr(self._own, "targets", None), Targets) else targets_of(self)
        own = found.signature
        if not own.known or own.count is None or own.names is None or len(own.names) != own.count:
            raise self._odd("its `targets` do not say what there is to be told, with a name for each")
        apart(own.names, self._called, self._place)
        if not (_finite(found.mean) and _finite(found.std) and len(found.mean) == len(found.std) in (0, own.count)):
            raise self._odd("its `targets` have not a finite mean and deviation for each number")
        return found

    def _said_to_vary(self, split: str) -> bool:
        found = self._asked(f'varies("{split}")', self._own, "varies", split)
        if not isinstance(found, bool | np.bool_):
            raise self._odd(f'its `varies("{split}")` gives {str(found)[:40]}, and that is True or False')
        return bool(found)

    def _has(self, part: str) -> bool:
        return asked(part, lambda: getattr(self._own, part, None), self._called, self._place) is not None

    def _asked(self, what: str, own: Any, method: str, argument: Any) -> Any:
        return asked(what, lambda: getattr(own, method)(argument), self._called, self._place)

    def _odd(self, fault: str) -> RunError:
        return RunError([DataSetOdd(self._place, self._called, fault)])


class _Fault(Exception):
    """What a batch is, and should not be."""


def _finite(numbers: Any) -> bool:
    try:
        return all(math.isfinite(number) for number in _listed(numbers))
    except TypeError:
        return False


def _listed(numbers: Any) -> Iterator[Any]:
    if not isinstance(numbers, tuple | list):
        raise TypeError(type(numbers).__name__)
    return iter(numbers)
