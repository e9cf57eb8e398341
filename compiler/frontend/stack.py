"""Room for walks by recursion: a chain of operators is as deep a tree as it is long, a diagram as deep as it has
variables."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

STACK_LIMIT = 20_000
"""The depth of Python's stack in :func:`deep_stack`; pure Python calls need no other stack."""
FRAMES = 8
"""How many calls a walk makes at most to get one step deeper."""

SLOTS = 600_000
"""Room for so many values is asked for by :func:`unbroken`: more than half of eight MiB, the rest of which some
thousand calls get."""

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


def unbroken(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """``function`` of these arguments, all calls in which have their frames in one piece of memory.

    Python takes memory for frames in pieces of 16 KiB, and gives one back when the first frame in it returns. Where a
    loop's calls are the first of a piece, each asks the system for it anew; a fifth of the time of an elaboration went
    there. A frame that is larger than a piece gets one of a power of two, and what it leaves is for the frames above
    it. Memory that nothing is written to costs nothing.
    """
    return function(*args, **kwargs)


unbroken.__code__ = unbroken.__code__.replace(co_stacksize=SLOTS)
