"""Options of a command line as texts that places point into."""

from __future__ import annotations

from ..record import record
from .source import Position, Source, Span


@record(eq=False, slots=False)
class OptionText(Source):
    """One option such as `-p c=16`.

    ``text`` is what a parser reads: the value with what makes a file of it around it, and then, as a comment, the
    option as ``shown``. People see the option alone: places in the value and in the comment are places in ``shown``.
    """

    shown: str = ""
    value_start: int = 0
    """Where the value begins in ``text``."""
    head: int = 0
    """Where the value begins in ``shown``."""

    @property
    def ending(self) -> str:
        return "the end of the option"

    @property
    def shown_start(self) -> int:
        """Where the comment repeats the option in ``text``."""
        return len(self.text) - len(self.shown)

    @property
    def value(self) -> Span:
        return Span(self, self.value_start, self.value_start + len(self.shown) - self.head)

    def part(self, start: int, end: int) -> Span:
        """The characters ``[start, end)`` of ``shown``."""
        return Span(self, self.shown_start + start, self.shown_start + end)

    def position(self, offset: int) -> Position:
        if offset >= self.shown_start:
            column = offset - self.shown_start
        else:
            column = self.head + min(max(offset - self.value_start, 0), len(self.shown) - self.head)
        return Position(1, column + 1)

    def line(self, number: int, most: int | None = None, skip: int = 0) -> str:
        return self.shown[skip:] if most is None else self.shown[skip : skip + most]


def option_text(option: str, value: str, before: str = "", after: str = "") -> OptionText:
    """The text of an option: ``option`` is its name and what stands in front of the value (`-p c=`, `--arch `).

    ``before``, ``after``: what makes a file of the value for a parser. Line ends in the value become spaces.
    """
    value = " ".join(value.splitlines())
    shown = option + value
    return OptionText(
        "command line", f"{before}{value}{after}\n# {shown}", None, shown, value_start=len(before), head=len(option)
    )
