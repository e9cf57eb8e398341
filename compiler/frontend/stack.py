"""Room for walks by recursion: a chain of operators is as deep a tree as it is long, a diagram as deep as it has
variables."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

STACK_LIMIT = 20_000
"""The depth of Python's stack in :func:`deep_stack`; pure Python calls need no other stack."""
FRAMES = 8
"""How many calls a walk makes at most to get one step deeper."""

_kept = 0
"""What :func:`room_for` asked for so far."""


@contextmanager
def deep_stack() -> Iterator[None]:
    """Inside, functions may call each other as deeply as the longest chains of operators need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, STACK_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(max(before, _kept))


def room_for(depth: int) -> None:
    """From now on, functions may call each other as deeply as walks through structures of this depth need.

    It stays, since whoever has a space may ask for such a walk at any time."""
    global _kept
    _kept = max(_kept, FRAMES * depth + STACK_LIMIT // 10)
    sys.setrecursionlimit(max(sys.getrecursionlimit(), _kept))
