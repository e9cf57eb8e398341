"""Functions of numbers and arrays that become machine code when they are called first; it is kept on disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit
from numba.extending import intrinsic

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Other threads go on while it runs."""
    try:
        found: Function = njit(nogil=True, cache=True)(function)
    except RuntimeError:  # there is no folder to keep it in
        found = njit(nogil=True)(function)
    return found


def instruction(function: Callable[..., Any]) -> Callable[..., Any]:
    """What such a function calls, of its arguments' types: the type of a call, and what writes its code."""
    found: Callable[..., Any] = intrinsic(function)
    return found
