"""Small numbers for identities, so that nested ones stay cheap to compare."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from ..context import rebased

Key: TypeAlias = tuple[str, tuple[Hashable, ...], str | None, tuple[Hashable, ...]]


class Tokens:
    """What an elaboration is, of which text in which others, as a number."""

    def __init__(self) -> None:
        self._numbers: dict[Key, int] = {}
        self._keys: list[Key] = []

    def token(self, kind: str, within: tuple[Hashable, ...] = (), path: str | None = None, *text: Hashable) -> int:
        """``within``: the tokens of what it is inside of; ``path``: where decisions are made in it; ``text``: what is
        elaborated."""
        key = (kind, within, path, text)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return found

    def moved(self, token: Hashable, way: Moved) -> Hashable:
        """The token that ``token`` would be if what it is inside of were elsewhere."""
        if type(token) is not int:
            return token
        found = way.tokens.get(token)
        if found is None:
            kind, within, path, text = self._keys[token]
            there = tuple([self.moved(part, way) for part in within])
            found = (
                token if there == within else self.token(kind, there, path if path is None else way.path(path), *text)
            )
            way.tokens[token] = found
        return found


class Moved:
    """From an elaboration to an equal one elsewhere. ``before`` and ``after``: its token and the path of its
    decisions."""

    def __init__(self, before: tuple[Hashable, str], after: tuple[Hashable, str]) -> None:
        self.tokens: dict[Hashable, Hashable] = {before[0]: after[0]}
        self._before, self._after = before[1], after[1]

    def path(self, path: str) -> str:
        """Where in the second one stands what stands at ``path`` in the first one."""
        return rebased(path, self._before, self._after)
