"""Random texts of spaces whose architectures are all right; together they show every construct of the language."""

from __future__ import annotations

from random_spaces.registry import constructs
from random_spaces.whole import SHAPES, SpaceText, space_text

CONSTRUCTS = constructs()
"""What texts say they show."""

__all__ = ["CONSTRUCTS", "SHAPES", "SpaceText", "space_text"]
