"""Reading JSON that may have been changed by hand: what Python reads beyond JSON is none."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


class NoSuchNumber(ValueError):
    """A number that no document of JSON holds: NaN, or one that is infinite as it is kept (``1e999``)."""


def parsed_json(text: str | bytes) -> Any:
    """What a document says. Raises NoSuchNumber, ValueError for other text that is no JSON and for whole numbers of
    thousands of digits, RecursionError for what is nested too deeply."""
    return json.loads(text, parse_float=_finite, parse_constant=_refused)


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise NoSuchNumber(f"the number {text} is too great")
    return value


def _refused(word: str) -> NoReturn:
    raise NoSuchNumber(f"{word} is no number of JSON")
