"""Text to the tokens of the grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set

from .tokens import Token


class Scanner:
    """``pattern``: all terminals as named groups, the first that fits being meant. ``words``: of a terminal the texts
    that are another one, such as keywords. ``ignored``: terminals that nobody wants. ``lines``: those that may hold the
    end of a line."""

    def __init__(
        self, pattern: str, words: Mapping[str, Mapping[str, str]], ignored: Set[str], lines: Set[str]
    ) -> None:
        self._match = re.compile(pattern).match
        self._words = words
        self._ignored = ignored
        self._lines = lines

    def tokens(self, text: str) -> Iterator[Token]:
        """The tokens of a text, of which every character must begin a terminal."""
        match, words, ignored, lines = self._match, self._words, self._ignored, self._lines
        at, line, begin = 0, 1, 0  # of the line
        while at < len(text):
            found = match(text, at)
            assert found is not None
            kind, value = found.lastgroup or "", found[0]
            start, column, first = at, at - begin + 1, line
            at = found.end()
            if kind in lines and (ends := value.count("\n")):
                line += ends
                begin = start + value.rindex("\n") + 1
            if kind in ignored:
                continue
            if kind in words:
                kind = words[kind].get(value, kind)
            yield Token(kind, value, start, first, column, line, at - begin + 1, at)
