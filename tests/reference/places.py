"""Where a text is elaborated: what names its decisions, and what tells them apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class Key:
    """Tells elaborations apart: a chain of marks. Equal chains from one root are one object."""

    __slots__ = ("mark", "next", "parent")

    def __init__(self, parent: Key | None = None, mark: Any = None) -> None:
        self.parent, self.mark, self.next = parent, mark, {}

    def of(self, mark: Any) -> Key:
        if mark not in self.next:
            self.next[mark] = Key(self, mark)
        return self.next[mark]

    def step_from(self, start: Key) -> Any:
        """The mark with which this chain leaves another one; None where it does not come from there."""
        key = self
        while key.parent is not None:
            if key.parent is start:
                return key.mark
            key = key.parent
        return None


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """``path`` are the segments that the paths of decisions here begin with; two decisions are one exactly if their
    keys agree.

    ``scopes`` are the keys of the cells and iterations around, outermost first; ``loops`` the indices of the loops of
    this body; ``base`` the place of the innermost instance of an untied op or cell (else the meta's), inside of which
    tied cells decide alike.
    """

    path: tuple[str, ...]
    key: Key
    scopes: tuple[Key, ...] = ()
    loops: tuple[int, ...] = ()
    base: Place | None = None

    def at(self, mark: Any) -> Place:
        """The same place, told apart by what is applied there."""
        return Place(self.path, self.key.of(mark), self.scopes, self.loops, self.base)

    def bound(self, name: str, index: int | None) -> Place:
        """Inside the statement that binds a name."""
        marks = "".join(f"[{i}]" for i in self.loops)
        if index is not None and not self.loops:
            marks = f"[{index}]"
        return Place((*self.path, name + marks), self.key, self.scopes, (), self.base)

    def entered(self, alternative: str, mark: Any) -> Place:
        key = self.key.of(mark).of(alternative)
        return Place((*self.path, alternative), key, self.scopes, self.loops, self.base)

    def indexed(self, index: int, mark: Any) -> Place:
        """Under ``each``, ``repeat`` or in a comprehension."""
        last = self.path[-1] if self.path else ""
        key = self.key.of(mark).of(index)
        return Place((*self.path[:-1], f"{last}[{index}]"), key, (*self.scopes, key), self.loops, self.base)

    def iteration(self, index: int, mark: Any) -> Place:
        """In a ``for``."""
        key = self.key.of(mark).of(index)
        return Place(self.path, key, (*self.scopes, key), (*self.loops, index), self.base)

    def instance(self, mark: Any) -> Place:
        """The body of an op or a cell, inside of which tied cells decide alike."""
        key = self.key.of(mark)
        inside = Place(self.path, key, (*self.scopes, key), (), self.base)
        return Place(self.path, key, (*self.scopes, key), (), inside)

    def of_set(self, mark: Any) -> Place:
        """The alternatives of an `ops`."""
        key = self.key.of(mark)
        return Place(self.path, key, (*self.scopes, key), (), self.base)

    def tied(self, name: str, mark: Any) -> Place:
        """The body of a tied cell: its path starts anew."""
        base = self.base
        assert base is not None
        key = base.key.of("tied").of(mark)
        return Place((*base.path, name), key, (*base.scopes, key), (), base)


def root() -> Place:
    """The place of a meta, or of a file's constants."""
    key = Key()
    return Place((), key, (), (), Place((), key))
