"""Small numbers for identities, so that nested ones stay cheap to compare."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from ..context import Context, rebased

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
    """From an elaboration in the context ``before`` to an equal one in ``after``. ``tokens`` and ``there``: the tokens
    of the one and of the other.

    What is moved is made inside the elaboration, or by tied cells within what it is tied in: a tied cell in a tied cell
    decides where both are tied.
    """

    def __init__(self, tokens: Tokens, there: Tokens, before: Context, after: Context) -> None:
        self._from, self._to = tokens, there
        self._tokens: dict[Hashable, Hashable] = {before.token: after.token}
        self._inside = {before.token}
        (self._tied, self._before, _), (self._tied_there, self._after, _) = before.tie, after.tie

    def token(self, token: Hashable) -> Hashable:
        """The token that ``token`` is there."""
        if type(token) is not int:
            return token
        found = self._tokens.get(token)
        if found is None:
            kind, within, path, text = self._from.key(token)
            tied = kind == "tied" and within == (self._tied,)
            there = (self._tied_there,) if tied else tuple(map(self.token, within))
            inside = tied or not self._inside.isdisjoint(within)
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
