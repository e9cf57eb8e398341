"""RandAugment: a few random changes of each sample, alike in all its frames and, where they move it, in all its inputs.

E. D. Cubuk, B. Zoph, J. Shlens, Q. V. Le, "RandAugment: Practical automated data augmentation with a reduced search
space", NeurIPS 2020. Which changes is drawn for each sample; how large they are is the same for all. Clips are changed
as one picture: one contrast, one histogram.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]

DRAWN = 2
"""So many random numbers a change takes: which, and to which side."""
_GREY = np.array([0.299, 0.587, 0.114], np.float32)
"""Of ITU-R BT.601."""
_BETWEEN = 128
"""What comes in from outside: grey, and of a flow no movement."""
_STILL = 127.5
"""A flow in bytes is a movement to the left, or up, below it."""
_DEGREES, _SHEAR, _SHIFT, _FACTOR, _BITS = 30.0, 0.3, 0.45, 0.9, 4
"""The largest of each: degrees, slope, share of the side, share of a factor, bits that are dropped."""


@dataclass(frozen=True)
class Change:
    """``strength``: from -1 to 1; what has no sides goes by its size."""

    name: str
    strength: float


def drawn(count: int, magnitude: float, u: npt.NDArray[np.float64]) -> tuple[Change, ...]:
    """So many changes of a sample. ``u``: ``DRAWN`` random numbers in [0, 1) for each."""
    names = tuple(CHANGES)
    pairs = u[: DRAWN * count].reshape(count, DRAWN)
    return tuple(Change(names[int(n * len(names))], magnitude if side < 0.5 else -magnitude) for n, side in pairs)


def changed(pixels: Pixels, changes: Sequence[Change], coloured: bool, flow: bool) -> Pixels:
    """(C, …, H, W), changed one after the other. ``coloured``: whether changes of colour are for this input. ``flow``:
    its channels are movements to the right and down, which turn with the picture."""
    for change in changes:
        move = _MOVES.get(change.name)
        if move is not None:
            pixels = moved(pixels, *move(change.strength, *pixels.shape[-2:]), flow=flow)
        elif coloured:
            pixels = _COLOURS[change.name](pixels, change.strength)
    return pixels


def moved(pixels: Pixels, matrix: Matrix, shift: Sequence[float], flow: bool = False) -> Pixels:
    """(C, …, H, W): what is at p around the middle goes to ``matrix`` p + ``shift``, rows before columns; bilinear,
    grey where nothing was."""
    height, width = pixels.shape[-2:]
    middle = np.array([(height - 1) / 2, (width - 1) / 2])
    back = np.linalg.inv(matrix)
    grid = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), -1)
    source = (grid - middle - np.array(shift)) @ back.T + middle
    low = np.floor(source).astype(np.int64)
    part = source - low
    found = np.zeros(pixels.shape, np.float32)
    covered = np.zeros((height, width), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            y, x = low[..., 0] + down, low[..., 1] + right
            share = np.abs(1 - down - part[..., 0]) * np.abs(1 - right - part[..., 1])
            share = np.where((y >= 0) & (y < height) & (x >= 0) & (x < width), share, 0).astype(np.float32)
            found += share * pixels[..., y.clip(0, height - 1), x.clip(0, width - 1)]
            covered += share
    if flow:
        # Where nothing was, nothing moves; elsewhere movements go the way of what moves.
        found -= _STILL * covered
        across, down_ = found[0].copy(), found[1].copy()
        found[1] = matrix[0, 0] * down_ + matrix[0, 1] * across
        found[0] = matrix[1, 0] * down_ + matrix[1, 1] * across
        found += _STILL
    else:
        found += _BETWEEN * (1 - covered)
    return _bytes(found)


def _bytes(values: Numbers) -> Pixels:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def _grey(pixels: Pixels) -> Numbers:
    """(1, …, H, W)."""
    if len(pixels) != 3:
        return pixels[:1].astype(np.float32)
    grey: Numbers = np.tensordot(_GREY, pixels.astype(np.float32), 1)[None]
    return grey


def _blended(pixels: Pixels, other: Numbers, strength: float) -> Pixels:
    """Away from another picture, or towards it."""
    return _bytes(other + (1 + _FACTOR * strength) * (pixels.astype(np.float32) - other))


def _brightness(pixels: Pixels, strength: float) -> Pixels:
    return _blended(pixels, np.zeros(1, np.float32), strength)


def _contrast(pixels: Pixels, strength: float) -> Pixels:
    return _blended(pixels, np.rint(_grey(pixels).mean(keepdims=True)), strength)


def _colour(pixels: Pixels, strength: float) -> Pixels:
    return _blended(pixels, _grey(pixels), strength) if len(pixels) == 3 else pixels


def _sharpness(pixels: Pixels, strength: float) -> Pixels:
    """Against the mean of nine pixels, the own five times; the border stays."""
    smooth = pixels.astype(np.float32)
    if min(pixels.shape[-2:]) > 2:
        height, width = pixels.shape[-2:]
        around = sum(smooth[..., i : i + height - 2, j : j + width - 2] for i in range(3) for j in range(3))
        smooth[..., 1:-1, 1:-1] = np.rint((around + 4 * smooth[..., 1:-1, 1:-1]) / 13)
    return _blended(pixels, smooth, strength)


def _posterize(pixels: Pixels, strength: float) -> Pixels:
    return pixels & np.uint8(256 - (1 << round(_BITS * abs(strength))))


def _solarize(pixels: Pixels, strength: float) -> Pixels:
    return np.where(pixels >= 256 * (1 - abs(strength)), ~pixels, pixels)


def _autocontrast(pixels: Pixels, strength: float) -> Pixels:
    """The darkest value of each channel becomes 0, the brightest 255."""
    axes = tuple(range(1, pixels.ndim))
    low, high = (bound(pixels, axes, keepdims=True).astype(np.float32) for bound in (np.amin, np.amax))
    stretched = _bytes((pixels - low) * 255 / np.maximum(high - low, 1))
    return np.where(high > low, stretched, pixels)


def _equalize(pixels: Pixels, strength: float) -> Pixels:
    """All values of each channel become as frequent, as Pillow does it."""
    return np.stack([_equalized(channel) for channel in pixels])


def _equalized(channel: Pixels) -> Pixels:
    counts = np.bincount(channel.reshape(-1), minlength=256)
    last = counts[np.flatnonzero(counts)[-1]]
    step = int(channel.size - last) // 255
    if not step:
        return channel
    table = (step // 2 + np.cumsum(counts) - counts) // step
    return table.clip(0, 255).astype(np.uint8)[channel]


def _turned(strength: float, height: int, width: int) -> tuple[Matrix, tuple[float, float]]:
    angle = math.radians(_DEGREES * strength)
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]), (0, 0)


_Move = Callable[[float, int, int], tuple[Matrix, tuple[float, float]]]
_MOVES: dict[str, _Move] = {
    "rotate": _turned,
    "shear_x": lambda strength, height, width: (np.array([[1, 0], [_SHEAR * strength, 1]]), (0, 0)),
    "shear_y": lambda strength, height, width: (np.array([[1, _SHEAR * strength], [0, 1]]), (0, 0)),
    "translate_x": lambda strength, height, width: (np.eye(2), (0, round(_SHIFT * strength * width))),
    "translate_y": lambda strength, height, width: (np.eye(2), (round(_SHIFT * strength * height), 0)),
}
_COLOURS: dict[str, Callable[[Pixels, float], Pixels]] = {
    "identity": lambda pixels, strength: pixels,
    "brightness": _brightness,
    "contrast": _contrast,
    "colour": _colour,
    "sharpness": _sharpness,
    "posterize": _posterize,
    "solarize": _solarize,
    "autocontrast": _autocontrast,
    "equalize": _equalize,
}
CHANGES = (*_MOVES, *_COLOURS)
"""What a change may be."""
