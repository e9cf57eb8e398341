"""Memory for what one kernel writes and the next reads, used again and again: fresh memory costs a page fault every
4 KB, which is more than to fill it."""

from __future__ import annotations

import threading
from functools import cache
from math import prod

import torch
from torch import Tensor


class _Kept(threading.local):
    """``known``: the memory for each purpose and type; ``views``: tensors of the shapes asked for, in it."""

    def __init__(self) -> None:
        self.known: dict[object, Tensor] = {}
        self.views: dict[tuple[object, tuple[int, ...]], Tensor] = {}


_KEPT = _Kept()
LARGE = 2**25 - 2**14
"""Bytes, a little below the most that glibc takes from its heap."""
MOST = 1000
"""Shapes that are remembered; those of one network are a few hundred."""


@cache
def hold_heap() -> None:
    """Have the allocator keep the memory that a step frees for the next one. glibc maps large blocks, and hands the
    free end of its heap back, unless a larger block was freed before; then each step would fault all pages in again.
    No page of the block is touched here. On other systems it does nothing."""
    torch.empty(LARGE, dtype=torch.uint8)


def scratch(purpose: str, like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A tensor of any content, on the device and of the type of ``like``. The next call in this thread for the same
    purpose may give out the same memory: use it before that, and keep no view of it. Other devices than CPUs have
    allocators that do as well."""
    if not like.is_cpu:
        return like.new_empty(shape)
    # What is made in inference mode must not be written to outside it.
    key = purpose, like.dtype, torch.is_inference_mode_enabled()
    view = _KEPT.views.get((key, shape))
    return _made(key, like, shape) if view is None else view


def _made(key: object, like: Tensor, shape: tuple[int, ...]) -> Tensor:
    views, known, size = _KEPT.views, _KEPT.known, prod(shape)
    found = known.get(key)
    if found is None or found.numel() < size:
        found = known[key] = like.new_empty(size)
        for old in [k for k in views if k[0] == key]:
            del views[old]
    if len(views) >= MOST:
        views.clear()
    view = views[key, shape] = found[:size].view(shape)
    return view


def laid_out(x: Tensor, space: str | None) -> Tensor:
    """``x``, contiguous: itself where it is, and else a copy, in :func:`scratch` memory for the purpose ``space``."""
    if space is None or x.is_contiguous():
        return x.contiguous()
    return scratch(space, x, tuple(x.shape)).copy_(x)
