"""Random changes of whole samples: mirrored, and cropped out of a padded frame, alike in all frames and all inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self, cast

import numpy as np
import numpy.typing as npt

from stdsl.compiler.datafiles.shifts import measure, step

from ...randomness import key, keys, uniform
from ..batch import Batch, Dataset
from ..scale import Scale, scaled_as
from .wrapped import Wrapped

Array = npt.NDArray[Any]
Whole = npt.NDArray[np.int64]


class Unscaled(Dataset, Protocol):
    """A data set that gives its samples as they are stored, too."""

    def unscaled(self, split: str, indices: Whole) -> tuple[list[Array], Array]:
        """The inputs (N, C, …) and the targets, in units of the data; bytes are bytes."""
        ...

    def scaled(self, inputs: Sequence[Array], targets: Array) -> Batch:
        """What :meth:`unscaled` gave, as networks take it."""
        ...


@dataclass(frozen=True)
class Augmented(Wrapped):
    """``dataset`` with samples to learn from mirrored half of the time (``flip``) and moved by up to ``pad`` pixels;
    what comes in is the frame reflected at its border. A change depends on the seed, the epoch and the place of the
    sample, and comes before its values are scaled.

    Inputs (N, C, H, W) and (N, C, T, H, W) are changed alike, ``pad`` being pixels of the first of them (along an axis
    of the first that has more than one position there), and with them targets that have a place for each pixel; others
    stay. All are moved by whole pixels of each. ``flow``: inputs whose
    first channel is a movement to the right, which becomes one to the left where a sample is mirrored; ``flow_total``:
    where that of the targets is, what it and its opposite add up to. ``split_targets`` gives targets before changes.
    """

    dataset: Unscaled
    seed: int
    flip: bool
    pad: int
    flow: Sequence[str] = ()
    flow_total: int | None = None

    def scaled_as(self, scale: Scale) -> Self:
        """The same in other units. Raises CannotScale."""
        return replace(self, dataset=cast(Unscaled, scaled_as(self.dataset, scale)))

    def varies(self, split: str) -> bool:
        return split != "test"

    def samples(self, split: str, indices: Whole, epoch: int) -> Batch:
        if not self.varies(split):
            return self.dataset.samples(split, indices, epoch)
        inputs, targets = self.dataset.unscaled(split, indices)
        pictures = [values for values in inputs if values.ndim in (4, 5)]
        # Pixels have two axes at least; frames and tokens have one.
        maps = len(self.targets.signature.positions or ()) > 1
        grids = [values.shape[-2:] for values in (*pictures, *([targets] if maps else []))]
        if pictures:
            u = uniform(keys(key(self.seed, "augmentation", split, epoch), indices), 3)
            rows, columns = ([grid[axis] for grid in grids] for axis in (0, 1))
            size = measure(rows), measure(columns)
            down, right = moves(self.pad, size[0], rows, u[:, 0]), moves(self.pad, size[1], columns, u[:, 1])
            change = _Change(size, down, right, u[:, 2] < 0.5 if self.flip else np.zeros(len(u), bool))
            inputs = [
                change.of(values, name in self.flow) if values.ndim in (4, 5) else values
                for name, values in zip(self.inputs, inputs, strict=True)
            ]
            targets = change.of(targets, self.flow_total is not None, self.flow_total) if maps else targets
        return self.dataset.scaled(inputs, targets)


@dataclass(frozen=True)
class _Change:
    """``down``, ``right`` (N,): pixels of frames of the size ``whole`` that each sample is moved by; ``mirror`` (N,):
    whether it is mirrored."""

    whole: tuple[int, ...]
    down: Whole
    right: Whole
    mirror: npt.NDArray[np.bool_]

    def of(self, values: Array, flow: bool = False, total: int | None = None) -> Array:
        """Values (N, …, H, W); ``flow``: the first channel is a movement to the right, ``total``: which and its
        opposite add up to that; None: as the type of the values says."""
        height, width = values.shape[-2:]
        down, right = shifted(self.down, self.whole[0], height), shifted(self.right, self.whole[1], width)
        changed = mirrored(moved(values, down, right), self.mirror)
        return turned_back(changed, self.mirror, total) if flow and self.mirror.any() else changed


def moves(pad: int, size: int, grids: Iterable[int], u: npt.NDArray[np.float64]) -> Whole:
    """For each ``u`` (N,) in [0, 1) one of the moves within -pad…pad, in pixels of an axis of ``size``, that are whole
    on all grids, all as likely: the lesser ``u``, the further down or to the right."""
    by = step(size, grids)
    most = pad // by
    places = (u * (2 * most + 1)).astype(np.int64)
    found: Whole = (most - places) * by
    return found


def shifted(move: Whole, size: int, grid: int) -> Whole:
    """A move in pixels of an axis of ``size``, on another grid."""
    return move * grid // size if grid > 1 else np.zeros_like(move)


def mirrored(values: Array, chosen: npt.NDArray[np.bool_]) -> Array:
    """(N, …, W), those that are ``chosen`` (N,) from right to left."""
    return np.where(chosen.reshape(-1, *(1 for _ in values.shape[1:])), values[..., ::-1], values)


def moved(values: Array, down: Whole, right: Whole) -> Array:
    """(N, …, H, W), each moved by so many pixels (N,) down and to the right. The border is a mirror between pixels, so
    that what comes in is the same on a coarser grid."""
    height, width = values.shape[-2:]
    most = [int(np.abs(by).max(initial=0)) for by in (down, right)]
    if not any(most):
        return values
    padded = np.pad(values, [(0, 0)] * (values.ndim - 2) + [(n, n) for n in most], mode="symmetric")
    starts = zip(padded, most[0] - down, most[1] - right, strict=True)
    return np.stack([own[..., y : y + height, x : x + width] for own, y, x in starts])


def turned_back(values: Array, chosen: npt.NDArray[np.bool_], total: int | None = None) -> Array:
    """(N, C, …), the first channel of those that are ``chosen`` inverted: x becomes ``total`` - x, or where that is
    None -x; of bytes, which hold a movement to the left below the middle of their range and one to the right above,
    255 - x."""
    if total is None and values.dtype.kind in "ub":
        first = ~values[:, 0]
    else:
        values = values.astype(np.result_type(values, np.float32))  # the least whole number has no opposite
        first = (total or 0) - values[:, 0]
    changed = values.copy()
    changed[chosen, 0] = first[chosen]
    return changed
