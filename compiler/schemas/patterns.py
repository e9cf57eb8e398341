"""Patterns over decision paths, as `mutate`, `free` and `hold` have them: `"**.length"`, `"x[2].kind"`."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_SEGMENT = re.compile(r"\*\*|[^.\s\[\]\"]*(?:\[(?:\d+|\*)\])*")


def is_pattern(text: str) -> bool:
    """Whether it is well formed: segments between points, each `**`, `*`, or a name with indices."""
    return bool(text) and all(s and _SEGMENT.fullmatch(s) for s in text.split("."))


def _check(text: str) -> str:
    if not is_pattern(text):
        raise PydanticCustomError("pattern", 'it is not a pattern of decision paths, such as "**.kind"')
    return text


Pattern = Annotated[str, AfterValidator(_check)]
