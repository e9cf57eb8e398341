"""Source text and places in it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import field
from functools import cached_property
from pathlib import Path

from ..record import record
from ..text.quoting import visible


@record
class Position:
    """A place for people: ``line`` and ``column`` count from 1; ``column`` counts code points."""

    line: int
    column: int


@record(slots=False)
class Source:
    """One text that was read: a file, standard input or a string.

    ``name`` is what messages print; ``path`` is the file it came from, if any (imports are relative to its folder).
    """

    name: str
    text: str = field(repr=False)
    path: Path | None = None

    @property
    def ending(self) -> str:
        """What is behind the last character, in the words of messages."""
        return "the end of the file"

    @cached_property
    def _line_starts(self) -> list[int]:
        starts = [0]
        starts.extend(i + 1 for i, char in enumerate(self.text) if char == "\n")
        return starts

    def position(self, offset: int) -> Position:
        """The line and column of a character offset (the end of the text is a valid offset)."""
        line = bisect_right(self._line_starts, offset)
        return Position(line, offset - self._line_starts[line - 1] + 1)

    def line(self, number: int, most: int | None = None, skip: int = 0) -> str:
        """Line ``number`` (from 1) without its end and first ``skip`` characters, or the first ``most`` of the rest."""
        start = self._line_starts[number - 1]
        end = self._line_starts[number] - 1 if number < len(self._line_starts) else len(self.text)
        start = min(start + skip, end)
        if most is not None:
            end = min(end, start + most)
        return self.text[start:end].rstrip("\r")

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


@record
class Span:
    """The half-open range of characters ``[start, end)`` of a source."""

    source: Source
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.source.text[self.start : self.end]

    def to(self, other: Span) -> Span:
        """The span from the start of this one to the end of ``other`` (of the same source)."""
        return Span(self.source, min(self.start, other.start), max(self.end, other.end))

    def __str__(self) -> str:
        place = self.source.position(self.start)
        return f"{visible(self.source.name)}:{place.line}:{place.column}"
