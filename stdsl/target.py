"""A place in a file: ``FILE::NAME``."""

from __future__ import annotations

from typing import NamedTuple


class Target(NamedTuple):
    """``file``: a path, or the name of a library file such as `darts`. ``name``: a space, search or strategy in it."""

    file: str
    name: str | None = None

    @staticmethod
    def parse(text: str) -> Target:
        """The two parts of ``FILE::NAME``; a text without ``::`` is a file."""
        file, colons, name = text.rpartition("::")
        return Target(file, name or None) if colons else Target(text)
