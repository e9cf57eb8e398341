"""Where the comments and empty lines of a text belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .tokens import Token

Above = tuple[str, bool]
"""A comment on a line of its own, and whether an empty line comes before it."""


@dataclass(slots=True)
class Notes:
    """The comments at one token."""

    above: list[Above] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)


class Comments:
    """Hands out the comments of a text, each once.

    A comment on the line where a token ends belongs behind that token, any other above the next one; comments between
    an element and its comma belong behind the comma.
    """

    def __init__(self, tokens: Sequence[Token], comments: Sequence[Token]) -> None:
        self.above_end: list[Above] = []
        self._notes: dict[int, Notes] = {}
        self._blank: set[int] = set()
        """Tokens with an empty line between them and what comes before."""
        self._broken: set[int] = set()
        """Tokens that are the last thing on their line."""
        self._attach(tokens, comments)

    def _attach(self, tokens: Sequence[Token], comments: Sequence[Token]) -> None:
        waiting = iter(comments)
        note = next(waiting, None)
        previous: Token | None = None
        line = 0
        for token in [*tokens, None]:
            above: list[Above] = []
            while note is not None and (token is None or _start(note) < _start(token)):
                words = str(note).rstrip()
                if previous is not None and not above and note.line == line:
                    self._at(previous).behind.append(words)
                else:
                    above.append((words, _line(note) > line + 1 and line > 0))
                line = _line(note)
                note = next(waiting, None)
            if token is None:
                self.above_end = above
                return
            if token.type == "COMMA" and previous is not None:
                earlier = self._notes.pop(_start(previous), Notes())
                moved = [*earlier.behind, *(words for words, _ in above)]
                if earlier.above:
                    self._at(previous).above = earlier.above
                if moved:
                    self._at(token).behind = moved
            elif above:
                self._at(token).above = above
            if _line(token) > line + 1 and line > 0:
                self._blank.add(_start(token))
            if previous is not None and _line(token) > _line(previous):
                self._broken.add(_start(previous))
            previous, line = token, token.end_line or 0

    def _at(self, token: Token) -> Notes:
        return self._notes.setdefault(_start(token), Notes())

    def at(self, token: Token) -> bool:
        """Whether there are comments at a token."""
        return _start(token) in self._notes

    def take(self, token: Token) -> Notes | None:
        """The comments at a token, if any."""
        return self._notes.pop(_start(token), None)

    def take_above(self, token: Token) -> list[Above]:
        notes = self._notes.get(_start(token), Notes())
        above, notes.above = notes.above, []
        return above

    def take_behind(self, token: Token) -> list[str]:
        notes = self._notes.get(_start(token), Notes())
        behind, notes.behind = notes.behind, []
        return behind

    def empty_line_before(self, token: Token) -> bool:
        """Whether an empty line comes before a token and the comments above it; ask before they are taken."""
        notes = self._notes.get(_start(token))
        return notes.above[0][1] if notes and notes.above else self.empty_line_at(token)

    def empty_line_at(self, token: Token) -> bool:
        """Whether an empty line comes right before a token (below the comments above it)."""
        return _start(token) in self._blank

    def ends_line(self, token: Token) -> bool:
        """Whether the next token is on a later line."""
        return _start(token) in self._broken


def _start(token: Token) -> int:
    return token.start_pos or 0


def _line(token: Token) -> int:
    return token.line or 0
