"""Features of frozen parts, computed once: a data set as the half of a network behind its frozen parts takes it.

Frozen parts give a sample the same features in every step, as long as the sample itself looks the same. So the features
of all samples are computed when the first batch is asked for, written to the run directory, and read from there; the
frozen parts do not run again. The result of a training is the same, bit for bit, wherever convolutions give a sample
the same bits in batches of different composition (PyTorch's on the CPU do, from 16 samples on).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from stdsl.compiler.backends.networks.frozen_part import FrozenPart, frozen_part
from stdsl.compiler.text.figures import times

from ...report.reporter import Reporter
from ...training.interruption import Interrupted, Interruption
from ...training.placement import Placement
from ..batch import Batch, Dataset
from ..loading.wrapped import Wrapped
from .feature_files import FeatureFiles, TooLarge

_CHUNK = 32
"""Samples at a time, whatever batches the features are for: so it does not matter who computes them."""


@dataclass(frozen=True)
class Making:
    """What computing features takes. ``identity``: a hash of what the samples depend on."""

    folder: Path
    identity: str
    placement: Placement
    reporter: Reporter
    interruption: Interruption


def hindrance(varies: bool, placement: Placement) -> str | None:
    """Why features are not kept, or None. ``varies``: samples look different in every epoch."""
    if varies:
        return "samples look different in every epoch"
    if placement.bfloat16:
        return "activations are bfloat16"
    return "networks are compiled" if placement.compile else None


@dataclass
class Features(Wrapped):
    """``dataset``, until a network is attached that starts with frozen parts: from then on what these make of the
    samples of ``splits``. ``altered``: the samples are changed after they leave here (cutout).
    """

    dataset: Dataset
    splits: tuple[str, ...]
    making: Making
    altered: bool = False
    _model: nn.Module | None = None
    _frozen: FrozenPart | None = None
    _files: FeatureFiles | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def attach(self, model: nn.Module) -> None:
        """``model`` is what batches from now on are for: it must be called with nothing else. Its weights may still
        change until the first batch is asked for."""
        usable = hindrance(self.altered or any(map(self.varies, self.splits)), self.making.placement) is None
        with self._lock:
            self._model, self._frozen, self._files = model if usable else None, None, None

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        with self._lock:
            if self._model is not None:
                self._prepare(self._model)
                self._model = None
        if self._frozen is None or self._files is None:
            return self.dataset.samples(split, indices, epoch)
        found = [self._files.read(split, digest, indices) for digest in self._frozen.digests]
        if self._frozen.inputs:
            raw = self.dataset.samples(split, indices, epoch).inputs
            found += [raw[place] for place in self._frozen.inputs]
        targets = self._files.targets(split)[indices]
        return Batch(tuple(found), torch.from_numpy(targets))

    def _prepare(self, model: nn.Module) -> None:
        """Split the network, and compute what is not there yet."""
        part = frozen_part(model, self.dataset.inputs)
        if part is None:
            return
        files = FeatureFiles(self.making.folder, self.making.identity)
        try:
            for split in self.splits:
                with files.locked(split):
                    missing = [i for i, digest in enumerate(part.digests) if not files.has(split, digest)]
                    if missing or not files.has_targets(split):
                        self._compute(part, missing, split, files)
                files.open(split, part.digests)
        except (TooLarge, OSError, ValueError) as error:  # the last: a file that is not what was written
            reason = getattr(error, "strerror", None) or error
            self.making.reporter.say(f"features are computed anew in every step: {reason}")
            return
        self._frozen, self._files = part, files
        # State dicts, modes and parameters stay those of the whole network.
        model.forward = _behind(part, files)

    @torch.no_grad()
    def _compute(self, part: FrozenPart, missing: Sequence[int], split: str, files: FeatureFiles) -> None:
        making, size = self.making, self.dataset.size(split)
        title = f"features of {split}"
        making.reporter.begin(title, size, of=times(size, "sample"))
        with files.writing(split, size) as writer:
            for first in range(0, size, _CHUNK):
                if making.interruption.asked:
                    raise Interrupted
                # The last batch is as large as the others, by samples that were there before.
                past = min(first, max(0, first + _CHUNK - size))
                batch = self.dataset.samples(split, np.arange(first - past, min(first + _CHUNK, size)), 0)
                values = part.features(*making.placement.put(batch).inputs)
                writer.add({part.digests[i]: values[i][past:] for i in missing}, batch.targets[past:])
                making.reporter.advance(title, min(first + _CHUNK, size), {})
        making.reporter.end(title, f"{len(missing)} values of {size:,} samples, {writer.bytes / 1e6:,.0f} MB")


def _behind(part: FrozenPart, files: FeatureFiles) -> Callable[..., object]:
    """The second half, given features that lie in memory as they came out of the first."""
    plain = [not files.is_channels_last(digest) for digest in part.digests]

    def forward(*tensors: Tensor) -> object:
        values = [x.contiguous() if p else x for x, p in zip(tensors, plain, strict=False)]
        return part.rest(*values, *tensors[len(plain) :])

    return forward
