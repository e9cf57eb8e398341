"""The names that mean something without being declared."""

from __future__ import annotations

from typing import Final

from ..ops.registry import PRIMITIVES
from .elaboration.arithmetic import FUNCTIONS

REDUCERS: Final = ("sum", "mean", "concat")
LIST_FUNCTIONS: Final = ("last", "len")
BUILTIN_NAMES: Final[tuple[str, ...]] = (*PRIMITIVES, *REDUCERS, *LIST_FUNCTIONS, *FUNCTIONS, "same")
