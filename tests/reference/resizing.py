"""The resize of images and clips, written down with NumPy: bilinear, half-pixel centres, antialiased, to the bit.

Each output pixel is a weighted mean of the pixels around its centre in the input. The weights are a triangle of the
width of an output pixel (of an input pixel, where the image grows). Along rows first, then along columns, each rounded
to 8 bits; weights are whole numbers of 1/2²².
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
_BITS = 22


def resized(pixels: Pixels, height: int, width: int) -> Pixels:
    """(…, H, W) → (…, height, width)."""
    across = pixels if pixels.shape[-1] == width else _along(pixels, width)
    if pixels.shape[-2] == height:
        return across
    return np.swapaxes(_along(np.swapaxes(across, -1, -2), height), -1, -2)


def weights(inside: int, outside: int) -> list[tuple[int, npt.NDArray[np.int64]]]:
    """By output pixel: the first input pixel that has a part in it, and the weights of it and those behind it."""
    scale = inside / outside
    reach = max(scale, 1.0)
    found = []
    for i in range(outside):
        centre = (i + 0.5) * scale
        first = max(0, int(centre - reach + 0.5))
        last = min(inside, int(centre + reach + 0.5))
        shares = [max(0.0, 1 - abs((x - centre + 0.5) / reach)) for x in range(first, last)]
        whole = sum(shares)
        found.append((first, np.array([int(0.5 + share / whole * (1 << _BITS)) for share in shares], np.int64)))
    return found


def _along(pixels: Pixels, size: int) -> Pixels:
    columns = []
    for first, shares in weights(pixels.shape[-1], size):
        part = pixels[..., first : first + len(shares)].astype(np.int64)
        columns.append(((part * shares).sum(-1) + (1 << (_BITS - 1))) >> _BITS)
    return np.stack(columns, -1).clip(0, 255).astype(np.uint8)
