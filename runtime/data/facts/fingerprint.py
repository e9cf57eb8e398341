"""By what data is known again: names, sizes and labels of all samples, and what a few of them look like.

It is cheap for large data: labels that a data set has at hand are hashed, and a few samples of each split are read, of
files their bytes.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict

from ..batch import Dataset
from ..loading.wrapped import inside
from ..own.own_dataset import SPLITS

_MOST = 2**28
"""Bytes of labels that are hashed; of more, of labels at positions, those of every n-th sample are."""
_SAMPLES = 16
"""So many samples of each split are looked at, spread evenly over it, the first and the last among them."""
_CLOSE = 1e-5
"""So far a figure of a sample may be apart, beside the sizes of its values: on other machines the last digits of what a
program computes are others."""
_DECODED = 0.02
"""The same of what others decode, whose files are compared byte by byte: two decoders of JPEG differ in the last of 8
bits. So it was for all data in runs of older versions, and for three samples."""
_OLDER = 3


class Fingerprint(BaseModel):
    """``sizes``: of the splits. ``names``, ``labels``: SHA-256 of those of all samples by split; a split is absent
    where the data set has none at hand. ``files``: SHA-256 of the bytes of the files of a few samples, by split, of
    data that is decoded. ``samples``: two figures of each input and target of a few samples, which are ``decoded`` or
    not (None: in a run of an older version)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sizes: dict[str, int]
    names: dict[str, str]
    labels: dict[str, str]
    files: dict[str, str] = {}
    samples: tuple[float, ...]
    decoded: bool | None = None

    @classmethod
    def of(cls, dataset: Dataset, older: bool = False) -> Self:
        """``older``: with as few samples as older versions looked at. Raises RunError where a sample cannot be read."""
        inner = inside(dataset)
        names, labels, files = {}, {}, {}
        places = {split: _spread(dataset.size(split), _OLDER if older else _SAMPLES) for split in SPLITS}
        for split in SPLITS:
            called = inner.sample_names(split) if hasattr(inner, "sample_names") else None
            if called is not None:
                names[split] = hashlib.sha256("\0".join(called).encode("utf-8", "surrogateescape")).hexdigest()
            found = _labels(inner, split)
            if found is not None:
                labels[split] = _hashed(found)
            if hasattr(inner, "content"):
                content = hashlib.sha256()
                for place in places[split]:
                    content.update(hashlib.sha256(inner.content(split, place)).digest())
                files[split] = content.hexdigest()
        sizes = {split: dataset.size(split) for split in SPLITS}
        decoded = None if older else bool(files)
        figures = tuple(_figures(dataset, places))
        return cls(sizes=sizes, names=names, labels=labels, files=files, samples=figures, decoded=decoded)

    def differences(self, now: Fingerprint) -> Iterator[str]:
        """What is otherwise now, in words."""
        for split, size in self.sizes.items():
            if now.sizes.get(split) != size:
                yield f"its split `{split}` had {size:,} samples, and has {now.sizes.get(split, 0):,}"
                return
        others = "are others, or in another order"
        for what, before, after, told in (
            ("files", self.names, now.names, others),
            ("labels", self.labels, now.labels, others),
            ("files", self.files, now.files, "hold something else"),
        ):
            changed = [split for split in before if split in after and before[split] != after[split]]
            if changed:
                yield f"the {what} of its split `{changed[0]}` {told}"
                return
        apart = _CLOSE if self.decoded is False else _DECODED
        pairs = zip(self.samples, now.samples, strict=False)
        if len(self.samples) != len(now.samples) or not all(_near(a, b, apart) for a, b in pairs):
            yield "its samples hold something else"


def _labels(inner: Any, split: str) -> npt.NDArray[Any] | None:
    """The targets of all samples of a split, where they are at hand without reading samples."""
    if hasattr(inner, "targets_at_hand"):
        found: npt.NDArray[Any] | None = inner.targets_at_hand(split)
        return found
    return inner.split_targets(split) if hasattr(inner, "split_targets") else None


def _hashed(labels: npt.NDArray[Any]) -> str:
    kind = "<f8" if labels.dtype.kind == "f" else "<i8"
    every = max(1, math.ceil(labels.size * 8 / _MOST)) if labels.ndim > 1 else 1
    return hashlib.sha256(np.ascontiguousarray(labels[::every], kind).tobytes()).hexdigest()


def _spread(size: int, count: int) -> list[int]:
    """So many places of a split, at most, from the first to the last."""
    if count == _OLDER:
        return sorted({0, size // 2, size - 1} if size else ())
    return sorted({round(i * (size - 1) / (count - 1)) for i in range(count)} if size else ())


def _figures(dataset: Dataset, places: Mapping[str, Sequence[int]]) -> Iterator[float]:
    """Of each tensor of some samples of each split the length, and the sum with signs drawn once for all, as a share of
    the length."""
    for split in SPLITS:
        for index in places[split]:
            batch = dataset.samples(split, np.array([index]), 0)
            for tensor in (*batch.inputs, batch.targets):
                values = tensor.numpy().astype(np.float64).reshape(-1)
                length = float(np.linalg.norm(values))
                yield length
                yield 1 + float(values @ _signs(len(values))) / max(length, 1e-300)


def _signs(count: int) -> npt.NDArray[np.float64]:
    """As many numbers -1 or 1, the same in all versions of NumPy."""
    bits = np.random.PCG64(0).random_raw(-(-count // 64)).astype("<u8").view(np.uint8)
    return np.unpackbits(bits, count=count).astype(np.float64) * 2 - 1


def _near(a: float, b: float, apart: float) -> bool:
    return abs(a - b) <= apart * max(abs(a), abs(b), 1e-300)
