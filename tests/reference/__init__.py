"""An interpreter of the language that was written from its documentation alone, to hold the compiler to.

It is plain and slow: an architecture is a mapping from paths of decisions to answers, and evaluating the outputs of a
space asks a decider for each decision when something demands it. Nothing here comes from the compiler or the runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .costs import Costs, costs
from .enumeration import everything, given, outcomes
from .runs import SpaceError, TooMany, Unsupported
from .spaces import Outcome, Space, load

__all__ = [
    "Costs",
    "Outcome",
    "Space",
    "SpaceError",
    "TooMany",
    "Unsupported",
    "architectures",
    "costs",
    "everything",
    "given",
    "load",
    "outcomes",
]


def architectures(
    text: str, space: str | None = None, limit: int = 10_000, folder: Path | None = None, **parameters: Any
) -> list[dict[str, Any]]:
    """All architectures of a space of a text, within its `where`: what each decision comes out at, by path."""
    return [dict(one.answers) for one in outcomes(load(text, space, folder, **parameters), limit)]


def outcome(
    text: str, answers: Mapping[str, Any], space: str | None = None, folder: Path | None = None, **parameters: Any
) -> Outcome:
    """What one architecture comes to."""
    return given(load(text, space, folder, **parameters), answers)
