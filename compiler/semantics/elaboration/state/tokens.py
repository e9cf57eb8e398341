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

    def key(self, token: int) -> Key:
        """What a token was made for."""
        return self._keys[token]


class Moved:
    """From an elaboration to an equal one elsewhere. ``before`` and ``after``: its token and the path of its
    decisions. ``tokens`` and ``there``: the tokens of the one and of the other."""

    def __init__(
        self, tokens: Tokens, there: Tokens, before: tuple[Hashable, str], after: tuple[Hashable, str]
    ) -> None:
        self._from, self._to = tokens, there
        self._tokens: dict[Hashable, Hashable] = {before[0]: after[0]}
        self._inside = {before[0]}
        self._before, self._after = before[1], after[1]

    def token(self, token: Hashable) -> Hashable:
        """The token that ``token`` is there."""
        if type(token) is not int:
            return token
        found = self._tokens.get(token)
        if found is None:
            kind, within, path, text = self._from.key(token)
            there = tuple(map(self.token, within))
            inside = not self._inside.isdisjoint(within)
            if inside:
                self._inside.add(token)
            path = rebased(path, self._before, self._after) if inside and path is not None else path
            found = self._tokens[token] = self._to.token(kind, there, path, *text)
        return found

    def instance(self, token: Hashable, path: str) -> tuple[Hashable, str]:
        """The token and the path there of what decides."""
        there = self.token(token)
        return there, rebased(path, self._before, self._after) if token in self._inside else path

    def inside(self, token: Hashable) -> bool:
        """Whether a token that was asked for is one of what is made in the elaboration."""
        return token in self._inside
