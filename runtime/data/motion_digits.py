"""``motion_digits``: handwritten digits that move on a torus; the label is the motion (or the digit, or both).

Real handwriting, synthetic motion. The start is uniform on the torus and the angle is centred on the middle of the
clip, so that a single frame says next to nothing about the motion: a network must look across frames. The three
splits show different digit images: 0–599 `train`, 600–1199 `valid`, 1200–1796 `test`.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas.data_motion import MOTIONS, MotionDigits

from ..randomness import Keys, Reals, key, keys, normal, uniform
from .batch import Batch, Normalisation
from .digits import COUNT, digits
from .modalities import flow, mask

DIGIT_IMAGES = {"train": (0, 600), "valid": (600, 1200), "test": (1200, COUNT)}
_VECTORS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1))
_CHUNK = 128


def motion_digits(settings: MotionDigits, seed: int, folder: Path, place: Span | None) -> MotionDigitsDataset:
    """As a search asks for it; it comes with stdsl, so there is no folder to look in."""
    return MotionDigitsDataset(settings, seed)


class MotionDigitsDataset:
    """All clips of a split are made once, when the split is first asked for, and stay in memory ((N, C, T, S, S)
    float32, one tensor for each modality).

    Clip i of a split is a pure function of the seed, the split and i; it is the same in all epochs.
    """

    def __init__(self, settings: MotionDigits, seed: int) -> None:
        self.settings = settings
        self.seed = settings.seed if settings.seed is not None else seed
        self._splits: dict[str, Batch] = {}

    @property
    def classes(self) -> tuple[str, ...]:
        return self.settings.class_names

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.settings.modalities

    @property
    def normalisation(self) -> Normalisation:
        return Normalisation(per_sample=True, only=() if self.inputs == ("frames",) else ("frames",))

    def varies(self, split: str) -> bool:
        return self.settings.varies()

    def size(self, split: str) -> int:
        return {"train": self.settings.train, "valid": self.settings.valid, "test": self.settings.test}[split]

    def samples(self, split: str, indices: npt.NDArray[np.int64], epoch: int) -> Batch:
        if split not in self._splits:
            places = np.arange(self.size(split))
            pieces = [
                clips(self.settings, self.seed, split, places[i : i + _CHUNK]) for i in range(0, len(places), _CHUNK)
            ]
            inputs = tuple(torch.cat(tensors) for tensors in zip(*(piece.inputs for piece in pieces), strict=True))
            self._splits[split] = Batch(inputs, torch.cat([piece.targets for piece in pieces]))
        whole = self._splits[split]
        chosen = torch.from_numpy(indices)
        return Batch(tuple(tensor[chosen] for tensor in whole.inputs), whole.targets[chosen])


def clips(settings: MotionDigits, seed: int, split: str, indices: npt.NDArray[np.int64]) -> Batch:
    """Clips ``indices`` of a split: inputs (N, C, T, S, S) in the order of the modalities; the frames of each clip are
    standardised to mean 0 and deviation 1."""
    own = keys(key(seed, "motion_digits", split), indices)
    frames, size = settings.frames, settings.size
    images, names = digits()
    low, high = DIGIT_IMAGES[split]
    shown = low + np.nonzero(names[low:high] < settings.digits)[0]

    u = uniform(own, 9)
    image = shown[(u[:, 0] * len(shown)).astype(np.int64)]
    motion = (u[:, 1] * settings.motions).astype(np.int64)

    x, y, angle, half = _trajectories(settings, own, u, motion)
    clip = _draw(images[image], x, y, angle, half, size)
    for number in range(settings.distractors):
        still = _distractor(settings, _stream(own, f"distractor {number}"), (low, high))
        clip = torch.maximum(clip, still * 0.6)
    if settings.background:
        clip = clip + settings.background * _texture(_stream(own, "background"), size)[:, None]
    if settings.noise:
        grain = normal(_stream(own, "noise"), frames * size * size)
        clip = clip + settings.noise * torch.from_numpy(grain.astype(np.float32)).view_as(clip)
    flat = clip.flatten(1)
    flat = (flat - flat.mean(1, keepdim=True)) / flat.std(1, correction=0, keepdim=True).clamp_min(1e-6)
    seen = flat.view_as(clip)
    makers = {
        "frames": lambda: seen[:, None].repeat(1, settings.channels, 1, 1, 1),
        "flow": lambda: flow(seen),
        "mask": lambda: mask(seen),
    }
    targets = {"motion": motion, "digit": names[image], "both": settings.digits * motion + names[image]}[settings.label]
    return Batch(tuple(makers[modality]() for modality in settings.modalities), torch.from_numpy(targets))


def _stream(own: Keys, purpose: str) -> Keys:
    """Keys of another stream of numbers for the same samples."""
    return own ^ np.uint64(key(purpose))


def _trajectories(settings: MotionDigits, own: Keys, u: Reals, motion: npt.NDArray[np.int64]) -> tuple[Reals, ...]:
    """Centre x and y in pixels, angle in radians and half size in pixels, each (N, T)."""
    size = settings.size
    t = np.arange(settings.frames)[None, :]
    mid = t - (settings.frames - 1) / 2
    speed = settings.speed * (0.8 + 0.8 * u[:, 2]) * size / 24
    turn = settings.speed * (0.10 + 0.10 * u[:, 3])
    zoom = settings.speed * (0.05 + 0.04 * u[:, 4])
    vectors = np.array([(dx / math.hypot(dx, dy), dy / math.hypot(dx, dy)) for dx, dy in _VECTORS] + [(0.0, 0.0)] * 5)
    turns = np.array([0.0] * 8 + [1.0, -1.0, 0.0, 0.0, 0.0])
    zooms = np.array([0.0] * 10 + [1.0, -1.0, 0.0])
    x = u[:, 5:6] * size + vectors[motion, 0:1] * speed[:, None] * t
    y = u[:, 6:7] * size + vectors[motion, 1:2] * speed[:, None] * t
    if settings.jitter:
        steps = normal(_stream(own, "jitter"), 2 * settings.frames) * settings.jitter
        x = x + np.cumsum(steps[:, : settings.frames], axis=1)
        y = y + np.cumsum(steps[:, settings.frames :], axis=1)
    angle = (u[:, 7:8] - 0.5) * 0.6 + turns[motion, None] * turn[:, None] * mid
    half = (0.20 + 0.10 * u[:, 8:9]) * size * np.exp(zooms[motion, None] * zoom[:, None] * mid)
    return x, y, angle, half


def _draw(
    images: npt.NDArray[np.float32],
    x: Reals,
    y: Reals,
    angle: Reals,
    half: Reals,
    size: int,
) -> Tensor:
    """Digits (N, 8, 8) placed on a torus of ``size`` pixels: (N, T, S, S), by one bilinear ``grid_sample``."""
    n, frames = x.shape
    pixel = np.arange(size)
    # The shortest way round the torus from the digit's centre to each pixel.
    dx = (pixel - x[:, :, None] + size / 2) % size - size / 2
    dy = (pixel - y[:, :, None] + size / 2) % size - size / 2
    cos, sin = (np.cos(angle) / half)[:, :, None, None], (np.sin(angle) / half)[:, :, None, None]
    dx, dy = dx[:, :, None, :], dy[:, :, :, None]
    grid = np.stack([cos * dx + sin * dy, cos * dy - sin * dx], axis=-1).astype(np.float32)
    glyphs = torch.from_numpy(images)[:, None].repeat_interleave(frames, 0)
    drawn = F.grid_sample(glyphs, torch.from_numpy(grid).flatten(0, 1), align_corners=False, padding_mode="zeros")
    return drawn.view(n, frames, size, size)


def _distractor(settings: MotionDigits, own: Keys, images: tuple[int, int]) -> Tensor:
    u = uniform(own, 9)
    low, high = images
    image = low + (u[:, 0] * (high - low)).astype(np.int64)
    still = np.full(len(own), MOTIONS.index("still"))
    calm = MotionDigits(frames=settings.frames, size=settings.size, jitter=0.0)
    x, y, angle, half = _trajectories(calm, own, u, still)
    return _draw(digits()[0][image], x, y, angle, half, settings.size)


def _texture(own: Keys, size: int) -> Tensor:
    """A smooth random texture (N, S, S) on the torus with values of deviation about 0.5: 4 × 4 normal numbers,
    enlarged.
    """
    cells = torch.from_numpy(normal(own, 16).astype(np.float32)).view(-1, 1, 4, 4)
    wrapped = F.pad(cells, (1, 1, 1, 1), mode="circular")
    scale = -(-size // 4)
    large = F.interpolate(wrapped, scale_factor=scale, mode="bilinear", align_corners=False)
    return 0.5 * large[:, 0, scale : scale + size, scale : scale + size]
