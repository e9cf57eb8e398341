"""Which symbol and which box a node of a graph belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.graph import Scope
from ...record import record
from .picture import Box


@record
class Place:
    """``box``: the scope whose box holds it. ``leaf``: the scope that is drawn as one symbol, or None for a primitive
    by itself.
    """

    box: int
    leaf: int | None


class Nesting:
    """Ops are leaves, cells and iterations are boxes; with ``closed`` the outermost cells are leaves too.

    ``within``: only this scope is drawn, as the root.
    """

    def __init__(self, scopes: Sequence[Scope], closed: bool = False, within: int | None = None) -> None:
        self.scopes = scopes
        self.within = within
        self._closed = closed
        self._places: dict[int, Place | None] = {}

    def place(self, scope: int) -> Place | None:
        """Where things of a scope are drawn; None if they are outside."""
        if scope not in self._places:
            self._places[scope] = self._place(scope)
        return self._places[scope]

    def _place(self, scope: int) -> Place | None:
        chain = [self.scopes[scope]]
        while chain[-1].parent is not None:
            chain.append(self.scopes[chain[-1].parent])
        chain.reverse()
        if self.within is not None:
            ids = [s.id for s in chain]
            if self.within not in ids:
                return None
            chain = chain[ids.index(self.within) :]
        box = chain[0].id
        for inner in chain[1:]:
            if inner.kind == "op" or (self._closed and inner.kind == "cell"):
                return Place(box, inner.id)
            box = inner.id
        return Place(box, None)

    def boxes(self) -> dict[int, Box]:
        """Empty boxes by scope, nested."""
        made: dict[int, Box] = {}
        for scope in self.scopes:
            place = self.place(scope.id)
            if place is None or place.box != scope.id or place.leaf is not None:
                continue
            box = made[scope.id] = Box(f"s{scope.id}", self.title(scope))
            if scope.id != self.within and scope.parent is not None and scope.parent in made:
                made[scope.parent].boxes.append(box)
        return made

    def title(self, scope: Scope) -> str:
        """What names a box: its name in its parent, and what it is an instance of."""
        name = self.local(scope)
        return name if name == scope.callee else f"{name} · {scope.callee}" if name else scope.callee

    def local(self, scope: Scope) -> str:
        """A scope's path relative to the one around it."""
        if scope.parent is None:
            return scope.name
        above = self.scopes[scope.parent].path
        added = scope.path.removeprefix(f"{above}.") if above else scope.path
        return scope.name if added == above or not added else added
