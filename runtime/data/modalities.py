"""What can be seen in a clip beside its brightness: how it moves, and where something is in front.

Both are *estimated* from the frames as a network gets them, noise and background included, as a real pipeline
estimates flow and poses from video; nothing that is known of how a clip was made goes in. Space is a torus, as in
``motion_digits``. All sums are element by element, so a clip's values do not depend on the clips beside it.
"""

from __future__ import annotations

import torch
from torch import Tensor

FLOW_BOUND = 3.0
"""Flows are cut at so many pixels a frame."""
_WINDOW = 2
"""The least squares of a pixel run over so many pixels in each direction, 5 × 5 in all."""
_DAMPING = 2.0
"""Added to the squares of the gradients: what has no texture gets a flow near 0, not a large random one."""
_FOREGROUND = 0.75
"""How much brighter than its background a pixel is in the foreground, in standard deviations of the clip."""


def flow(frames: Tensor) -> Tensor:
    """Displacements (N, 2, T, S, S) in pixels a frame, right and down, of standardised frames (N, T, S, S).

    Place t is the flow from frame t to t + 1, that of the last frame the one before it again. B. Lucas and T. Kanade,
    "An iterative image registration technique with an application to stereo vision", IJCAI 1981: in a window round
    each pixel the displacement of least squared error under a linear change of brightness, here in one step, damped.
    """
    smooth = _smoothed(frames)
    first, second = smooth[:, :-1], smooth[:, 1:]
    middle = (first + second) / 2
    dx = (torch.roll(middle, -1, 3) - torch.roll(middle, 1, 3)) / 2
    dy = (torch.roll(middle, -1, 2) - torch.roll(middle, 1, 2)) / 2
    dt = second - first
    xx, yy = _summed(dx * dx) + _DAMPING, _summed(dy * dy) + _DAMPING
    xy, xt, yt = _summed(dx * dy), _summed(dx * dt), _summed(dy * dt)
    whole = xx * yy - xy * xy  # at least the damping squared
    right = (xy * yt - yy * xt) / whole
    down = (xy * xt - xx * yt) / whole
    found = torch.stack([right, down], 1).clamp(-FLOW_BOUND, FLOW_BOUND)
    return torch.cat([found, found[:, :, -1:]], 2)


def mask(frames: Tensor) -> Tensor:
    """Zeros and ones (N, 1, T, S, S): where standardised frames (N, T, S, S) are brighter than their background.

    The background of a pixel is its brightness, smoothed, in the darkest of the T frames but T // 4 - 1: what moves
    and is bright leaves it. Something bright that never moves is background.
    """
    smooth = _smoothed(frames)
    background = smooth.sort(1).values[:, max(0, frames.shape[1] // 4 - 1)]
    return (smooth - background[:, None] > _FOREGROUND).float()[:, None]


def _smoothed(x: Tensor) -> Tensor:
    """Binomial windows of 3 × 3 over the last two axes."""
    for axis in (2, 3):
        x = (2 * x + torch.roll(x, 1, axis) + torch.roll(x, -1, axis)) / 4
    return x


def _summed(x: Tensor) -> Tensor:
    """Sums over windows of 5 × 5 of the last two axes."""
    for axis in (2, 3):
        total = x
        for shift in range(1, _WINDOW + 1):
            total = total + torch.roll(x, shift, axis) + torch.roll(x, -shift, axis)
        x = total
    return x
