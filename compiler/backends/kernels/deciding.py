"""What a path has where the condition is too long for a text: its diagram is walked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Step: TypeAlias = tuple[int, "int | None", tuple[tuple[Any, int], ...]]
"""The place of a value; None, or the number of an element whose presence in the value is asked for; answers, each with
where to go on: a step from 0 on, or a result as -1, -2, …. An answer that is not listed is as the last one."""


def decided(steps: Sequence[Step], results: Sequence[Any], values: Sequence[Any]) -> Any:
    """The one of ``results`` to which a walk from step 0 leads. ``values``: those that a path has for the decisions
    that steps ask for; every step asks for another one than those before it on the way."""
    at = 0
    while at >= 0:
        place, element, answers = steps[at]
        value = values[place] if element is None else element in values[place]
        for answer, following in answers:
            at = following
            if answer == value:
                break
    return results[-1 - at]
