"""``image_folder``: a folder a class of images as a data set."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from stdsl.compiler.datafiles.image_folders import image_folders
from stdsl.compiler.datafiles.splits import TRAIN
from stdsl.compiler.diagnostics.data import TooManyDamaged
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.compiler.text.reading import MIB

from ..randomness import key, keys, permutation, uniform
from .batch import Batch, Normalisation
from .bounded_cache import BoundedCache
from .division import divided
from .image_files import Pixels, decoded, need_pillow, size_of
from .opening import reading
from .statistics import channel_statistics

_MEASURED = 2048
"""So many images to train on, drawn once, are measured for the scale of the channels."""


class ImageFolderDataset:
    """Images (N, C, S, S) with values standardised per channel by images to train on, at the centre crop.

    The files are listed when the data set is opened, in the order of their names, and decoded when they are asked for.
    A sample is a function of the seed, the epoch and its file; where that cannot be decoded, the next one of the split
    takes its place.
    """

    def __init__(self, settings: ImageFolder, seed: int, folder: Path, place: Span | None) -> None:
        self.settings, self.seed, self._place = settings, seed, place
        with reading(settings.kind, place):
            settings.look(folder)  # all that can be wrong with the folders
            there = image_folders(folder / settings.root)
            files = {
                split: [(label, name) for label in range(len(there.folders)) for name in there.images(split, label)]
                for split in there.splits
            }
        need_pillow(settings.kind, place)
        self._there = there
        ranks = np.array([_rank(settings.seed, name) for _, name in files[TRAIN]], np.uint64)
        labels = {split: np.array([label for label, _ in own], np.int64) for split, own in files.items()}
        parts = divided(labels[TRAIN], ranks, settings.shares.beside(files))
        self._files = {split: [there.splits[split] / name for _, name in own] for split, own in files.items()}
        self._targets = dict(labels)
        for split, chosen in parts.items():
            if split == TRAIN or split not in files:
                self._files[split] = [there.splits[TRAIN] / files[TRAIN][i][1] for i in chosen]
                self._targets[split] = labels[TRAIN][chosen]
        self._cache = BoundedCache(self._decoded, settings.cache * MIB)
        self._damaged: dict[Path, str] = {}
        self._lock = threading.Lock()

    @property
    def classes(self) -> tuple[str, ...]:
        return self._there.classes

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(found.name for found in self.settings.signature().inputs)

    @cached_property
    def normalisation(self) -> Normalisation:
        order = permutation(key(self.settings.seed, "measured", self.settings.kind), self.size(TRAIN))[:_MEASURED]
        crops = (self._centre(self._image(TRAIN, int(i))[0])[None] / np.float32(255) for i in order)
        mean, std = channel_statistics(crops)
        return Normalisation(mean=mean, std=std)

    @property
    def damaged(self) -> Mapping[str, str]:
        """The files that could not be decoded so far, relative to the root, with the reason."""
        found = {os.path.relpath(path, self._there.root): reason for path, reason in self._damaged.items()}
        return dict(sorted(found.items()))

    def remarks(self) -> tuple[str, ...]:
        """The sizes of the images, and what is left out without being one."""
        sizes = [size for files in self._files.values() for path in files if (size := size_of(path)) is not None]
        told = []
        if sizes:
            (width, height), (wide, high) = (min(sizes, key=math.prod), max(sizes, key=math.prod))
            told.append(f"images of {width} × {height} to {wide} × {high} pixels")
        others = [os.path.relpath(path, self._there.root) for path in self._there.others()]
        if others:
            shown = ", ".join(others[:10]) + (", …" if len(others) > 10 else "")
            told.append(f"{len(others):,} left out for names that do not end like those of images: {shown}")
        return tuple(told)

    def size(self, split: str) -> int:
        return len(self._targets[split])

    def varies(self, split: str) -> bool:
        return split != "test" and self.settings.varies()

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        found = [self._image(split, int(index)) for index in indices]
        if split == "test":
            crops = [self._centre(image) for image, _ in found]
        else:
            u = uniform(keys(key(self.seed, "augmentation", split, epoch), indices), 3)
            crops = [self._augmented(image, *row) for (image, _), row in zip(found, u, strict=True)]
        size = self.settings.size
        pixels = np.stack(crops) if crops else np.zeros((0, self.settings.channels, size, size), np.uint8)
        values = self.normalisation.applied(np.divide(pixels, 255, dtype=np.float32))
        return Batch((torch.from_numpy(values),), torch.tensor([label for _, label in found], dtype=torch.int64))

    def _image(self, split: str, index: int) -> tuple[Pixels, int]:
        """The image at a place of a split, or the next that can be decoded, with its class."""
        files, targets = self._files[split], self._targets[split]
        for ahead in range(len(files)):
            place = (index + ahead) % len(files)
            if files[place] in self._damaged:
                continue
            try:
                return self._cache[files[place]], int(targets[place])
            except ValueError as error:
                self._note(files[place], str(error))
        raise self._too_many()

    def _note(self, path: Path, reason: str) -> None:
        """Remembers a damaged file. Raises RunError where there are too many."""
        with self._lock:
            self._damaged[path] = reason
            if len(self._damaged) > self.settings.damaged * self._whole:
                raise self._too_many()

    def _too_many(self) -> RunError:
        settings = self.settings
        facts = (tuple(self.damaged), len(self._damaged), self._whole, settings.damaged)
        return RunError([TooManyDamaged(self._place, settings.kind, *facts)])

    @property
    def _whole(self) -> int:
        return sum(map(len, self._files.values()))

    def _decoded(self, path: Path) -> Pixels:
        return decoded(path, self.settings.side, self.settings.channels)

    def _centre(self, image: Pixels) -> Pixels:
        size = self.settings.size
        top, left = (image.shape[1] - size) // 2, (image.shape[2] - size) // 2
        return image[:, top : top + size, left : left + size]

    def _augmented(self, image: Pixels, down: float, right: float, mirrored: float) -> Pixels:
        settings, size = self.settings, self.settings.size
        if settings.crop:
            top, left = int(down * (image.shape[1] - size + 1)), int(right * (image.shape[2] - size + 1))
            image = image[:, top : top + size, left : left + size]
        else:
            image = self._centre(image)
        return image[:, :, ::-1] if settings.flip and mirrored < 0.5 else image


def _rank(seed: int, name: str) -> int:
    """The place of a file in the division, by its name alone, whatever bytes that is."""
    return key(seed, "split", os.fsencode(name).decode("latin-1"))
