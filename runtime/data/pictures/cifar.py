"""CIFAR-10 and CIFAR-100 from the files of their Python version (A. Krizhevsky, 2009)."""

from __future__ import annotations

import io
import os
import pickle
from copy import copy
from pathlib import Path
from typing import Any, Self, TypeGuard

import numpy as np
import numpy.typing as npt
import torch

from stdsl.compiler.datafiles.class_folders import told_apart
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import DataMissing, DataUnreadable
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_images import Cifar10, Cifar100
from stdsl.compiler.text.reading import MIB, read_file

from ...randomness import key, keys, permutation, uniform
from ..batch import Batch, Normalisation
from ..scale import Scale

_FILES = {
    "cifar10": (
        tuple(f"data_batch_{i}" for i in range(1, 6)),
        ("test_batch",),
        b"labels",
        "batches.meta",
        b"label_names",
    ),
    "cifar100": (("train",), ("test",), b"fine_labels", "meta", b"fine_label_names"),
}
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
}


_AGAIN = "get the file again from its source"


class CifarDataset:
    """Images (N, 3, 32, 32) with values standardised per channel by the training images.

    The training images are divided once, by the seed, into `train` and `valid`. Training samples are cropped from a
    zero-padded image and mirrored at random, by (seed, epoch, index); test samples are as they are.
    """

    def __init__(self, settings: Cifar10 | Cifar100, seed: int, folder: Path, place: Span | None) -> None:
        self.settings, self.seed = settings, seed
        self._others: Normalisation | None = None  # that of other data, in place of its own
        training, testing, labels, meta, names = _FILES[settings.kind]
        root = folder / settings.root
        missing = tuple(name for name in (*training, *testing) if not os.path.isfile(root / name))
        if missing:
            hint = f"download the Python version of {settings.kind.upper()} and unpack it there, or set `root`"
            raise RunError([DataMissing(place, settings.kind, str(root), missing, hint)])
        images, targets = _read_all(root, training, labels, place)
        channels = images.reshape(len(images), 3, -1).astype(np.float64) / 255
        self._mean, self._std = channels.mean((0, 2)), channels.std((0, 2))
        constant = np.ptp(images.reshape(len(images), 3, -1), axis=(0, 2)) == 0
        if constant.any():
            reason = f"channel {int(constant.argmax()) + 1} is the same in all pixels of all training images"
            raise RunError([DataUnreadable(place, str(root), reason, _AGAIN)])
        order = permutation(key(seed, "split", settings.kind), len(images))
        first = len(images) - round(settings.valid * len(images))
        self._images = {"train": images[order[:first]], "valid": images[order[first:]]}
        self._targets = {"train": targets[order[:first]], "valid": targets[order[first:]]}
        self._images["test"], self._targets["test"] = _read_all(root, testing, labels, place)
        self._classes = _class_names(root / meta, names, settings, place)

    @property
    def classes(self) -> tuple[str, ...]:
        return self._classes

    @property
    def inputs(self) -> tuple[str, ...]:
        return tuple(found.name for found in self.settings.signature().inputs)

    @property
    def of_bytes(self) -> tuple[str, ...]:
        """Its images are bytes."""
        return self.inputs

    @property
    def normalisation(self) -> Normalisation:
        return self._others or Normalisation(mean=tuple(self._mean.tolist()), std=tuple(self._std.tolist()))

    def scaled_as(self, scale: Scale) -> Self:
        """The same images in other units."""
        twin = copy(self)
        twin._others = scale.normalisation
        return twin

    def size(self, split: str) -> int:
        return len(self._targets[split])

    def varies(self, split: str) -> bool:
        return split != "test" and self.settings.varies()

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        images: npt.NDArray[Any] = self._images[split][indices].astype(np.float32) / 255
        if self._others is not None:
            images = self._others.applied(images)
        else:
            images = (images - self._mean[:, None, None]) / self._std[:, None, None]
        if split != "test":
            images = self._augmented(images, keys(key(self.seed, "augmentation", split, epoch), indices))
        return Batch((torch.from_numpy(images.astype(np.float32)),), torch.from_numpy(self._targets[split][indices]))

    def _augmented(self, images: npt.NDArray[Any], own: npt.NDArray[np.uint64]) -> npt.NDArray[Any]:
        pad, u = self.settings.pad, uniform(own, 3)
        padded = np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        tops, lefts = (u[:, :2].T * (2 * pad + 1)).astype(int)
        crops = [image[:, t : t + 32, x : x + 32] for image, t, x in zip(padded, tops, lefts, strict=True)]
        mirrored = self.settings.flip & (u[:, 2] < 0.5)
        return np.stack([crop[..., ::-1] if m else crop for crop, m in zip(crops, mirrored, strict=True)])


class _Unpickler(pickle.Unpickler):
    """Knows NumPy arrays and Python's plain values, and nothing else: a data file must not run code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes in protocol 2
            return _latin_1
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}")
        return super().find_class(module, name)


def _latin_1(text: str, encoding: str) -> bytes:
    return text.encode("latin-1")


def read_pickle(path: Path, place: Span | None) -> dict[bytes, Any]:
    """The dict of a Python-2 pickle. Raises RunError when it is damaged or holds more than arrays."""
    try:
        value = _Unpickler(io.BytesIO(read_file(path, 1024 * MIB)), encoding="bytes").load()
    except Exception as error:  # an unpickler may raise anything on damaged bytes
        raise RunError([DataUnreadable(place, str(path), str(error) or type(error).__name__, _AGAIN)]) from error
    if not isinstance(value, dict):
        raise RunError([DataUnreadable(place, str(path), "it holds no table", _AGAIN)])
    return value


def _read_all(
    root: Path, names: tuple[str, ...], labels: bytes, place: Span | None
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Images (N, 3, 32, 32) uint8 and targets (N,) of some files in a row."""
    images, targets = [], []
    for name in names:
        table = read_pickle(root / name, place)
        data, found = table.get(b"data"), table.get(labels)
        if not (_is_images(data) and isinstance(found, list) and len(found) == len(data)):
            reason = f"it holds no images of 3 × 32 × 32 bytes with `{labels.decode()}`"
            raise RunError([DataUnreadable(place, str(root / name), reason, _AGAIN)])
        images.append(data.reshape(-1, 3, 32, 32))
        if not all(isinstance(label, int) and abs(label) < 2**31 for label in found):
            raise RunError([DataUnreadable(place, str(root / name), "its labels are not all whole numbers", _AGAIN)])
        targets.append(np.array(found, dtype=np.int64))
    if not sum(map(len, targets)):
        raise RunError([DataUnreadable(place, str(root / names[0]), "it holds no images", _AGAIN)])
    return np.concatenate(images), np.concatenate(targets)


def _is_images(data: Any) -> TypeGuard[npt.NDArray[np.uint8]]:
    return isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim == 2 and data.shape[1] == 3072


def _class_names(path: Path, names: bytes, settings: Cifar10 | Cifar100, place: Span | None) -> tuple[str, ...]:
    """The names of the classes: from the settings, else from the meta file, else numbers."""
    if settings.class_names is not None:
        return settings.class_names
    if os.path.isfile(path):
        found = read_pickle(path, place).get(names, [])
        if isinstance(found, list) and len(found) == type(settings).classes:
            if not all(isinstance(name, bytes) for name in found):
                raise RunError([DataUnreadable(place, str(path), "its names of classes are no texts", _AGAIN)])
            if len(set(found)) < len(found):
                raise RunError([DataUnreadable(place, str(path), "two of its classes have the same name", _AGAIN)])
            return told_apart(found)
    return tuple(map(str, range(type(settings).classes)))
