"""Room for walks by recursion: a chain of operators is as deep a tree as it is long."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

STACK_LIMIT = 20_000
"""The depth of Python's stack in :func:`deep_stack`; pure Python calls need no other stack."""


@contextmanager
def deep_stack() -> Iterator[None]:
    """Inside, functions may call each other as deeply as the longest chains of operators need."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, STACK_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
