"""Features of all samples of a split as files that several processes read, mapped into memory.

One NumPy file a value, ``SPLIT-DIGEST.npy``, samples first; they are never read as a whole, so memory is what the
system has to spare for its file cache. A file that is there is complete.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...tracking.files import open_own

Array = npt.NDArray[Any]

_SHARE = 0.5
"""Files may take up so much of the free space of the disk."""
_LAST = ".last"
"""Marks arrays with the channels behind the other axes, as channels-last tensors have them in memory."""


class TooLarge(Exception):
    """The features would take more of the disk than they may."""


class FeatureFiles:
    """``identity``: a hash of what the samples depend on."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.folder, self.identity = folder, identity
        self._open: dict[tuple[str, str], Array] = {}
        self._last: dict[str, bool] = {}
        folder.mkdir(parents=True, exist_ok=True)

    @contextmanager
    def locked(self, split: str) -> Iterator[None]:
        """Only one process at a time computes the features of a split; others wait, and find them there."""
        with os.fdopen(open_own(self.folder / f".{split}.lock"), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def has(self, split: str, digest: str) -> bool:
        return self._path(split, digest) is not None

    def has_targets(self, split: str) -> bool:
        return os.path.exists(self._target_path(split))

    def open(self, split: str, digests: Sequence[str]) -> None:
        """Map the files of a split; raises OSError where one is missing."""
        for digest in digests:
            path = self._path(split, digest)
            if path is None:
                raise FileNotFoundError(2, "a file of features is gone", str(self.folder))
            self._open[split, digest] = np.load(path, mmap_mode="r", allow_pickle=False)
            self._last[digest] = path.stem.endswith(_LAST)
        self._open[split, ""] = np.load(self._target_path(split), allow_pickle=False)

    def read(self, split: str, digest: str, indices: npt.NDArray[np.int64]) -> Tensor:
        """A value of some samples, (N, C, …)."""
        rows = torch.from_numpy(self._open[split, digest][indices])
        return rows.movedim(-1, 1) if self._last[digest] else rows

    def targets(self, split: str) -> Array:
        return self._open[split, ""]

    def is_channels_last(self, digest: str) -> bool:
        return self._last[digest]

    @contextmanager
    def writing(self, split: str, samples: int) -> Iterator[Writer]:
        """Files come into being when the block ends without an exception."""
        with ExitStack() as stack:
            writer = Writer(self, split, samples, stack)
            for left in self.folder.glob(f".{split}-*.tmp"):  # of processes that were killed: the split is locked
                left.unlink(missing_ok=True)
            try:
                yield writer
                writer.finish()
            finally:
                for path in writer.temporary.values():
                    path.unlink(missing_ok=True)

    def name(self, split: str, digest: str, last: bool) -> str:
        return f"{split}-{self.identity[:12]}-{digest[:24]}{_LAST if last else ''}.npy"

    def _path(self, split: str, digest: str) -> Path | None:
        names = (self.name(split, digest, last) for last in (False, True))
        return next((self.folder / name for name in names if os.path.exists(self.folder / name)), None)

    def _target_path(self, split: str) -> Path:
        return self.folder / f"{split}-{self.identity[:12]}-targets.npy"


class Writer:
    """Takes the samples of a split in order, some at a time. ``bytes``: what its files hold so far."""

    def __init__(self, files: FeatureFiles, split: str, samples: int, stack: ExitStack) -> None:
        self._files, self._split, self._samples, self._stack = files, split, samples, stack
        self._open: dict[str, BinaryIO] = {}
        self._targets: list[Array] = []
        self.temporary: dict[str, Path] = {}
        self.bytes = 0

    def add(self, values: Mapping[str, Tensor], targets: Tensor) -> None:
        """Raises TooLarge at the first samples, OSError when the disk is full all the same."""
        rows = {digest: _rows(value) for digest, value in values.items()}
        if not self._targets:
            self._begin(rows)
        for digest, (array, last) in rows.items():
            array.tofile(self._open[self._files.name(self._split, digest, last)])
            self.bytes += array.nbytes
        self._targets.append(targets.cpu().numpy())

    def _begin(self, rows: Mapping[str, tuple[Array, bool]]) -> None:
        count = len(next(iter(rows.values()))[0]) if rows else 1
        wanted = sum(array.nbytes for array, _ in rows.values()) * self._samples // count
        free = shutil.disk_usage(self._files.folder).free
        if wanted > _SHARE * free:
            raise TooLarge(f"they would take {wanted / 1e9:.1f} GB of disk, and {free / 1e9:.1f} GB are free")
        for digest, (array, last) in rows.items():
            name = self._files.name(self._split, digest, last)
            self.temporary[name] = self._files.folder / f".{name}.{os.getpid()}.tmp"
            self._open[name] = self._stack.enter_context(self.temporary[name].open("wb"))
            shape = (self._samples, *array.shape[1:])
            header = {"descr": np.lib.format.dtype_to_descr(array.dtype), "fortran_order": False, "shape": shape}
            np.lib.format.write_array_header_1_0(self._open[name], header)

    def finish(self) -> None:
        """Give the files their names."""
        for name, file in self._open.items():
            file.flush()
            os.fsync(file.fileno())
            os.replace(self.temporary[name], self._files.folder / name)
        target = self._files._target_path(self._split)
        temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        with temporary.open("wb") as file:
            np.save(file, np.concatenate(self._targets), allow_pickle=False)
        os.replace(temporary, target)


def _rows(value: Tensor) -> tuple[Array, bool]:
    """A tensor (N, C, …) as an array in the order that it has in memory, and whether that is channels-last."""
    last = value.dim() > 2 and not value.is_contiguous() and value.movedim(1, -1).is_contiguous()
    array: Array = (value.movedim(1, -1) if last else value.contiguous()).cpu().numpy()
    return array, last
