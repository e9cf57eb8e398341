"""Data sets of files in a folder for each class: splits, damaged files, scale, crops."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from stdsl.compiler.datafiles.forms import Kind
from stdsl.compiler.datafiles.matched_files import MatchedFiles
from stdsl.compiler.datafiles.splits import TRAIN
from stdsl.compiler.diagnostics.data import TooManyDamaged
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_folders import Folder
from stdsl.compiler.schemas.tasks.targets import TargetSignature

from ...randomness import key, keys, permutation, uniform
from ..batch import Batch, Normalisation
from ..loading.division import divided
from ..loading.rand_augment import DRAWN, changed, drawn
from ..loading.statistics import input_statistics
from ..opening import check_regular, reading
from ..scale import Scale
from ..targets import Targets
from ..views import Side, Spaced, Views
from .image_files import Pixels, check_sides

S = TypeVar("S", bound=Folder)
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Of ITU-R BT.601, as Pillow has it."""
Uniform = npt.NDArray[np.float64]
Values = npt.NDArray[np.float32]
_BEGINNING = 2**24
"""So many bytes of a file are compared; of longer ones the size too."""
_VARIED = 7
"""So many random numbers a sample takes: down, to the right, mirrored, along, brightness, contrast, saturation."""


class FolderDataset(ABC, Generic[S]):
    """Samples (N, C, …, S, S) with values standardised per channel by samples to train on, at the centre crop.

    The files are listed when the data set is opened, in the order of their names, and decoded when they are asked for.
    A sample is a function of the seed, the epoch and its file; where that cannot be decoded, the next one of the split
    takes its place.
    """

    measured: ClassVar[int]
    """So many samples to train on, drawn once, are measured for the scale of the channels."""

    def __init__(self, settings: S, seed: int, folder: Path, place: Span | None) -> None:
        self.settings, self.seed, self._place = settings, seed, place
        with reading(settings.kind, place):
            settings.look(folder)  # all that can be wrong with the folders
            there = settings.files(folder)
            files = {
                split: [(label, name) for label in range(len(there.classes)) for name in there.samples(split, label)]
                for split in there.splits
            }
            self._beside: dict[Path, tuple[Path | None, ...]] = {}
            if isinstance(there, MatchedFiles):
                for split, own in files.items():
                    beside = {there.splits[split] / name: there.beside(split, name) for _, name in own}
                    self._beside |= beside
        self._there = there
        ranks = np.array([_rank(settings.seed, name) for _, name in files[TRAIN]], np.uint64)
        labels = {split: np.array([label for label, _ in own], np.int64) for split, own in files.items()}
        parts = divided(labels[TRAIN], ranks, settings.shares.beside(files))
        told = labels
        if there.sets is not None:
            told = {split: np.array(own, np.float32) for split, own in there.sets.items()}
        self._files = {split: [there.splits[split] / name for _, name in own] for split, own in files.items()}
        self._targets: dict[str, npt.NDArray[Any]] = dict(told)
        for split, chosen in parts.items():
            if split == TRAIN or split not in files:
                self._files[split] = [there.splits[TRAIN] / files[TRAIN][i][1] for i in chosen]
                self._targets[split] = told[TRAIN][chosen]
        self._damaged: dict[Path, str] = {}
        self._lock = threading.Lock()
        self._views = Views()

    @abstractmethod
    def decoded(self, paths: Sequence[Path], along: float | Spaced | None) -> tuple[Pixels, ...]:
        """(C, …, H, W) of a file for each input before the crop. ``along``: a random number in [0, 1) for what is
        chosen in them; None for a sample that is not varied; or which of several clips it is. Raises ValueError where
        they cannot be decoded, the same one at any time."""

    @abstractmethod
    def details(self, place: int) -> Iterator[str]:
        """What is to be told of the files of an input, from their headers."""

    @contextmanager
    def told_of(self, place: int) -> Iterator[None]:
        """What is wrong with a file is told with its input, where there are several."""
        try:
            yield
        except ValueError as error:
            if len(self.inputs) == 1:
                raise
            raise ValueError(f"`{self.inputs[place]}`: {error}") from error

    @property
    def classes(self) -> tuple[str, ...]:
        return self._there.classes

    @property
    def targets(self) -> Targets:
        kind: Kind = "classes" if self._there.sets is None else "labels"
        return Targets(TargetSignature(kind, len(self.classes), self.classes, ()))

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(found.name for found in self.settings.given)

    @cached_property
    def normalisation(self) -> Normalisation:
        order = permutation(key(self.settings.seed, "measured", self.settings.kind), self.size(TRAIN))[: self.measured]
        samples = (self._sample(TRAIN, int(i), None)[0] for i in order)
        crops = ([pixels[None] / np.float32(255) for pixels in sample] for sample in samples)
        each = [Normalisation(mean=mean, std=std) for mean, std in input_statistics(crops, len(self.inputs))]
        return each[0] if len(each) == 1 else Normalisation(each=tuple(zip(self.inputs, each, strict=True)))

    def scaled_as(self, scale: Scale) -> Self:
        """The same files in other units."""
        twin = copy(self)
        twin.normalisation = scale.normalisation
        return twin

    @property
    def views(self) -> int:
        return self._views.many

    def seen_in(self, views: Views) -> Self:
        """The same files, with each sample of the split `test` once in each view, one after the other."""
        twin = copy(self)
        twin._views = views
        return twin

    @property
    def damaged(self) -> Mapping[str, str]:
        """The files that could not be decoded so far, relative to the root, with the reason."""
        found = {os.path.relpath(path, self._there.root): reason for path, reason in self._damaged.items()}
        return dict(sorted(found.items()))

    def files(self, place: int = 0) -> Iterator[Path]:
        """All of an input that are there, split by split."""
        for path in (path for files in self._files.values() for path in files):
            own = (path, *self._beside.get(path, ()))[place]
            if own is not None:
                yield own

    def remarks(self) -> tuple[str, ...]:
        """What the headers of files tell, and which are left out for their names."""
        several = len(self.inputs) > 1
        told = [
            f"{f'`{name}`: ' if several else ''}{line}"
            for place, name in enumerate(self.inputs)
            for line in self.details(place)
        ]
        others = list(self._there.others())
        linked = [path for path in others if os.path.isdir(path)]
        endings = f"for names that do not end like those of {self.settings.given[0].layout}s"
        for left, why in (
            ([path for path in others if path not in linked], endings),
            (linked, "that are links to folders which are read otherwise"),
        ):
            if left:
                names = [os.path.relpath(path, self._there.root) for path in left[:10]]
                shown = ", ".join(names) + (", …" if len(left) > 10 else "")
                told.append(f"{len(left):,} left out {why}: {shown}")
        alone = list(self._there.alone()) if isinstance(self._there, MatchedFiles) else []
        if alone:
            shown = ", ".join(f"{path} (`{name}`)" for name, path in alone[:10]) + (", …" if len(alone) > 10 else "")
            told.append(f"{len(alone):,} left out, which `{self.inputs[0]}` has not: {shown}")
        return tuple(told)

    def size(self, split: str) -> int:
        return len(self._targets[split]) * self._seen(split).many

    def varies(self, split: str) -> bool:
        return split != "test" and self.settings.varies()

    def split_targets(self, split: str) -> npt.NDArray[Any]:
        """The classes, or labels, of all samples of a split; one whose file is damaged counts as what it was."""
        return self._targets[split].repeat(self._seen(split).many, 0)

    def _seen(self, split: str) -> Views:
        return self._views if split == "test" else Views()

    def sample_names(self, split: str) -> list[str]:
        """The files of a split, from the root on."""
        return [os.path.relpath(path, self._there.root) for path in self._files[split]]

    def in_whole(self, split: str, index: int) -> str:
        """Which file it is, from the root on."""
        return os.path.relpath(self._files[split][index // self._seen(split).many], self._there.root)

    def content(self, split: str, place: int) -> bytes:
        """The beginning of the files of a sample as they are on the disk, folders of frames by what they hold, with
        the size of each; nothing of one that cannot be read."""
        path = self._files[split][place]
        return b"".join(_content(own) for own in (path, *self._beside.get(path, ())) if own is not None)

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        varied: list[Uniform | None] = [None] * len(indices)
        if split != "test":
            numbers = _VARIED + DRAWN * self.settings.randaugment
            varied = list(uniform(keys(key(self.seed, "augmentation", split, epoch), indices), numbers))
        found = [self._sample(split, int(index), u) for index, u in zip(indices, varied, strict=True)]
        values = (self._values(place, [own[place] for own, _ in found], varied) for place in range(len(self.inputs)))
        own = self._targets[split]
        targets = np.array([told for _, told in found], own.dtype).reshape(len(found), *own.shape[1:])
        return Batch(tuple(map(torch.from_numpy, values)), torch.from_numpy(targets))

    def _values(self, place: int, found: Sequence[Pixels], varied: Sequence[Uniform | None]) -> Values:
        """A batch of an input, as a network takes it."""
        shape = tuple(n or 0 for n in self.settings.given[place].shape)
        values = np.divide(np.stack(found) if found else np.zeros((0, *shape), np.uint8), 255, dtype=np.float32)
        if self.settings.colour and self.settings.coloured[place]:
            for own, u in zip(values, varied, strict=True):
                if u is not None:
                    own[:] = recoloured(own, 1 + self.settings.colour * (2 * u[4:_VARIED] - 1))
        return self.normalisation.of(self.inputs[place]).applied(values)

    def _sample(self, split: str, index: int, u: Uniform | None) -> tuple[tuple[Pixels, ...], Any]:
        """The inputs of the sample at a place of a split, or of the next that can be decoded, with its class or labels.
        ``u``: random numbers in [0, 1) for what is varied, in all inputs alike."""
        files, targets = self._files[split], self._targets[split]
        index, view = divmod(index, self._seen(split).many)
        clip, side = self._seen(split).at(view)
        for ahead in range(len(files)):
            place = (index + ahead) % len(files)
            try:
                decoded = self.decoded(self._paths(files[place]), clip if u is None else float(u[3]))
                check_sides(decoded, self.inputs)
            except ValueError as error:
                self._note(files[place], str(error))
                continue
            crops = [self._cropped(own, u, name, side) for own, name in zip(decoded, self.inputs, strict=True)]
            return tuple(crops if u is None else self._augmented(crops, u)), targets[place]
        raise self._too_many()

    def _paths(self, first: Path) -> list[Path]:
        """The file of each input. Raises ValueError where one has none."""
        paths = [first]
        for name, path in zip(self.inputs[1:], self._beside.get(first, ()), strict=True):
            if path is None:
                raise ValueError(f"`{name}` has nothing with this path")
            paths.append(path)
        return paths

    def _augmented(self, crops: Sequence[Pixels], u: Uniform) -> Sequence[Pixels]:
        settings = self.settings
        if not settings.randaugment:
            return crops
        changes = drawn(settings.randaugment, settings.magnitude, u[_VARIED:])
        own = zip(crops, settings.coloured, self.inputs, strict=True)
        return [changed(pixels, changes, coloured, flow=name in settings.flow) for pixels, coloured, name in own]

    def _note(self, path: Path, reason: str) -> None:
        """Remembers a damaged file. Raises RunError where there are too many."""
        with self._lock:
            self._damaged.setdefault(path, reason)
            if len(self._damaged) > self.settings.damaged * self._whole:
                raise self._too_many()

    def _too_many(self) -> RunError:
        settings = self.settings
        facts = (tuple(self.damaged), len(self._damaged), self._whole, settings.damaged)
        return RunError([TooManyDamaged(self._place, settings.kind, *facts)])

    @property
    def _whole(self) -> int:
        return sum(map(len, self._files.values()))

    def _cropped(self, pixels: Pixels, u: Uniform | None, name: str, side: Side) -> Pixels:
        settings, size = self.settings, self.settings.size
        if u is not None and settings.pad:
            around = [(0, 0)] * (pixels.ndim - 2) + [(settings.pad, settings.pad)] * 2
            pixels = np.pad(pixels, around, mode="reflect")
        below, beside = pixels.shape[-2] - size, pixels.shape[-1] - size
        top, left = below // 2, beside // 2
        if side != "middle" and beside >= below:
            left = 0 if side == "first" else beside
        elif side != "middle":
            top = 0 if side == "first" else below
        if u is not None and settings.crop:
            top, left = int(u[0] * (below + 1)), int(u[1] * (beside + 1))
        pixels = pixels[..., top : top + size, left : left + size]
        if u is None or not settings.flip or u[2] >= 0.5:
            return pixels
        mirrored = pixels[..., ::-1]
        return np.concatenate([~mirrored[:1], mirrored[1:]]) if name in settings.flow else mirrored


def recoloured(values: npt.NDArray[np.float32], factors: Uniform) -> npt.NDArray[np.float32]:
    """(C, …, H, W) in 0…1, all its frames alike. ``factors``: of brightness; of contrast, around the mean of its grey;
    of saturation, around the grey of each pixel."""
    brightness, contrast, saturation = factors.astype(np.float32)
    values = values * brightness
    grey = values if len(values) == 1 else np.tensordot(_GREY, values, 1)[None]
    mean = grey.mean()
    values = grey + (values - grey) * saturation
    changed: npt.NDArray[np.float32] = np.clip(mean + (values - mean) * contrast, 0, 1, dtype=np.float32)
    return changed


def _content(path: Path) -> bytes:
    try:
        if path.is_dir():
            inside = sorted(own for own in path.iterdir() if not (own.is_symlink() and own.is_dir()))
            return b"".join(map(_content, inside))
        check_regular(path)  # a pipe would be waited for
        with path.open("rb") as file:
            return b"%d %b" % (os.fstat(file.fileno()).st_size, file.read(_BEGINNING))
    except (OSError, ValueError):
        return b""


def _rank(seed: int, name: str) -> int:
    """The place of a file in the division, by its name alone, whatever bytes that is."""
    return key(seed, "split", os.fsencode(name).decode("latin-1"))
