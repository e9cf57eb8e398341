"""Random changes of whole samples: mirrored, and cropped out of a padded frame, alike in all frames and all inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ..randomness import key, keys, uniform
from .batch import Batch, Dataset, Normalisation
from .scale import Scale, scaled_as
from .wrapped import Wrapped

Array = npt.NDArray[np.generic]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Augmented(Wrapped):
    """``dataset`` with samples to learn from mirrored half of the time (``flip``) and moved by up to ``pad`` pixels;
    what comes in is the frame reflected at its border. A change depends on the seed, the epoch and the place of the
    sample.

    Inputs (N, C, H, W) and (N, C, T, H, W) are changed alike, ``pad`` being pixels of the first of them, and with them
    targets that have a place for each pixel; others stay. ``flow``: inputs whose first channel is a movement to the
    right, which becomes one to the left where a sample is mirrored. ``split_targets`` gives targets before changes.
    """

    dataset: Dataset
    seed: int
    flip: bool
    pad: int
    flow: Sequence[str] = ()

    def scaled_as(self, scale: Scale) -> Self:
        """The same in other units. Raises CannotScale."""
        return replace(self, dataset=scaled_as(self.dataset, scale))

    def varies(self, split: str) -> bool:
        return split != "test"

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        batch = self.dataset.samples(split, indices, epoch)
        if not self.varies(split):
            return batch
        u = uniform(keys(key(self.seed, "augmentation", split, epoch), indices), 3)
        pictures = [values for values in batch.inputs if values.dim() in (4, 5)]
        if not pictures:
            return batch
        height = pictures[0].shape[-2]
        inputs = []
        for name, values in zip(self.inputs, batch.inputs, strict=True):
            still = values.dim() not in (4, 5)
            flow = self.normalisation.of(name) if name in self.flow else None
            inputs.append(values if still else self._changed(values, u, height, flow))
        targets, positions = batch.targets, self.targets.signature.positions or ()
        # Pixels have two axes at least; frames and tokens have one.
        return Batch(tuple(inputs), self._changed(targets, u, height, None) if len(positions) > 1 else targets)

    def _changed(self, values: Tensor, u: Numbers, height: int, flow: Normalisation | None) -> Tensor:
        changed = values.numpy()
        if self.pad:
            changed = moved(changed, round(self.pad * values.shape[-2] / height), u[:, :2])
        if self.flip:
            chosen = u[:, 2] < 0.5
            changed = mirrored(changed, chosen)
            if flow is not None:
                _turn_back(changed, chosen, flow)
        return torch.from_numpy(np.ascontiguousarray(changed))


def mirrored(values: Array, chosen: npt.NDArray[np.bool_]) -> Array:
    """(N, …, W), those that are ``chosen`` (N,) from right to left."""
    return np.where(chosen.reshape(-1, *(1 for _ in values.shape[1:])), values[..., ::-1], values)


def moved(values: Array, pad: int, u: Numbers) -> Array:
    """(N, …, H, W), each moved by -pad…pad pixels down and to the right; ``u`` (N, 2): by how much, in [0, 1)."""
    height, width = values.shape[-2:]
    around = [(0, 0)] * (values.ndim - 2) + [(pad, pad)] * 2
    padded = np.pad(values, around, mode="reflect")
    places = (u * (2 * pad + 1)).astype(int)
    return np.stack([own[..., y : y + height, x : x + width] for own, (y, x) in zip(padded, places, strict=True)])


def _turn_back(values: Array, chosen: npt.NDArray[np.bool_], scale: Normalisation) -> None:
    """Movements to the right as such to the left, in values that are scaled already."""
    shift = 2 * scale.mean[0] / scale.std[0] if scale.mean else 0.0
    values[chosen, 0] = -values[chosen, 0] - np.float32(shift)
