"""Nests the statements of a program into regions, one per scope that holds weights, each computed in one go."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

from .program import Program, Statement


@dataclass(slots=True)
class Region:
    """A scope that becomes a module: its statements and inner regions in an order in which they can be computed.

    ``inputs`` are the statements outside that it reads, ``outputs`` those inside that others read. ``prefixes``:
    where a statement of a dissolved scope keeps its module (``cell.``), ``containers`` the plain modules that hold
    them. A region that ``holds`` only is a scope whose modules are all used from outside.
    """

    scope: int
    callee: str
    path: str
    attribute: str
    is_root: bool
    items: list[Statement | Region] = field(default_factory=list)
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    prefixes: dict[int, str] = field(default_factory=dict)
    containers: list[str] = field(default_factory=list)
    first: int = 0
    height: int = 0
    recompute: bool = False

    @property
    def order(self) -> int:
        """That of its first module."""
        orders = [item.order for item in self.items if isinstance(item, Region) or item.module is not None]
        return min(orders, default=-1)

    @property
    def holds(self) -> bool:
        return all(item.holds if isinstance(item, Region) else item.kind == "held" for item in self.items)

    def below(self) -> Iterator[Region]:
        """All regions inside, inner ones first."""
        for item in self.items:
            if isinstance(item, Region):
                yield from item.below()
                yield item


class _Cycle(Exception):
    """Regions that need each other's values; the scopes to dissolve."""

    def __init__(self, scopes: frozenset[int]) -> None:
        self.scopes = scopes


def regions(program: Program) -> Region:
    """The nesting of a program. Scopes without weights dissolve into the one around them, and so do scopes that
    cannot be computed in one go because something outside stands between two of their parts."""
    parents = {scope.id: scope.parent for scope in program.scopes}
    with_modules: set[int] = set()
    for statement in program.statements:
        scope: int | None = statement.scope if statement.module is not None else None
        while scope is not None and scope not in with_modules:
            with_modules.add(scope)
            scope = parents[scope]
    dissolved: frozenset[int] = frozenset()
    while True:
        try:
            return _Nesting(program, with_modules, dissolved).root
        except _Cycle as cycle:
            dissolved |= cycle.scopes


class _Nesting:
    def __init__(self, program: Program, with_modules: set[int], dissolved: frozenset[int]) -> None:
        self._program = program
        self._parents = {scope.id: scope.parent for scope in program.scopes}
        self._solid = {s for s in with_modules - dissolved if self._parents[s] is not None}
        self._with_modules = with_modules
        root = next(scope.id for scope in program.scopes if scope.parent is None)
        self._chains: dict[int, tuple[int, ...]] = {}
        self._users: dict[int, list[int]] = {s.id: [] for s in program.statements}
        self._held = {s.id for s in program.statements if s.kind == "held"}
        for s in program.statements:
            for i in s.inputs:
                if i not in self._held:
                    self._users[i].append(s.id)
        self._members: dict[int, list[Statement]] = {root: list(program.statements)}
        for s in program.statements:
            for scope in self._chain(s.scope):
                self._members.setdefault(scope, []).append(s)
        self._results = {id for _, id in program.outputs}
        self.root = self._region(root, 0)

    def _chain(self, scope: int) -> tuple[int, ...]:
        """The solid scopes around (and with) a scope, outermost first, without the root."""
        if scope not in self._chains:
            parent = self._parents[scope]
            above = self._chain(parent) if parent is not None else ()
            self._chains[scope] = (*above, scope) if scope in self._solid else above
        return self._chains[scope]

    def _path(self, scope: int, depth: int) -> tuple[str, ...]:
        """Attributes from the region at ``depth`` down to ``scope``: dissolved scopes with weights, then the scope
        itself if solid."""
        names: list[str] = []
        current: int | None = scope
        while current is not None and self._parents[current] is not None:
            if current in self._solid and len(self._chain(current)) <= depth:
                break
            if current in self._with_modules:
                names.append(self._program.scope_names[current])
            current = self._parents[current]
        return tuple(reversed(names))

    def _region(self, scope: int, depth: int) -> Region:
        info = next(s for s in self._program.scopes if s.id == scope)
        members = self._members[scope]
        inside = {s.id for s in members}
        is_root = depth == 0
        region = Region(scope, info.callee, info.path, "", is_root, first=members[0].id if members else 0)
        region.recompute = info.recompute
        owner: dict[int, int | tuple[int]] = {}
        children: dict[int, Region] = {}
        for s in members:
            chain = self._chain(s.scope)
            if len(chain) > depth:
                child = chain[depth]
                owner[s.id] = (child,)
                if child not in children:
                    children[child] = self._region(child, depth + 1)
                    path = self._path(child, depth)
                    children[child].attribute = ".".join(path)
                    self._hold(region, path[:-1])
            else:
                owner[s.id] = s.id
                path = self._path(s.scope, depth) if s.module is not None else ()
                if path:
                    region.prefixes[s.id] = ".".join(path) + "."
                    self._hold(region, path)
        region.items = self._sorted(members, owner, children)
        read: dict[int, None] = {}
        for item in region.items:
            for i in item.inputs:
                if i not in inside and i not in self._held:
                    read.setdefault(i)
        region.inputs = self._program.inputs if is_root else tuple(read)
        if is_root:
            region.outputs = tuple(id for _, id in self._program.outputs)
        else:
            region.outputs = tuple(
                s.id for s in members if s.id in self._results or any(u not in inside for u in self._users[s.id])
            )
        region.height = 1 + max((c.height for c in children.values()), default=0)
        return region

    @staticmethod
    def _hold(region: Region, path: tuple[str, ...]) -> None:
        for i in range(len(path)):
            name = ".".join(path[: i + 1])
            if name not in region.containers:
                region.containers.append(name)

    def _sorted(
        self, members: list[Statement], owner: dict[int, int | tuple[int]], children: dict[int, Region]
    ) -> list[Statement | Region]:
        """Statements and children in topological order, the earliest first where there is a choice."""
        after: dict[int | tuple[int], set[int | tuple[int]]] = {key: set() for key in owner.values()}
        for s in members:
            for i in s.inputs:
                if i in owner and owner[i] != owner[s.id] and i not in self._held:
                    after[owner[s.id]].add(owner[i])
        place: dict[int | tuple[int], int] = {}
        for s in members:
            place[owner[s.id]] = s.id  # a child goes where its last statement stood
        waiting = {key: len(before) for key, before in after.items()}
        followers: dict[int | tuple[int], list[int | tuple[int]]] = {key: [] for key in after}
        for key, before in after.items():
            for b in before:
                followers[b].append(key)
        ready = [(place[key], key) for key, n in waiting.items() if n == 0]
        heapq.heapify(ready)
        items: list[Statement | Region] = []
        while ready:
            _, key = heapq.heappop(ready)
            items.append(children[key[0]] if isinstance(key, tuple) else self._program.statements[key])
            for follower in followers[key]:
                waiting[follower] -= 1
                if waiting[follower] == 0:
                    heapq.heappush(ready, (place[follower], follower))
        if len(items) < len(after):
            stuck = {key for key, n in waiting.items() if n > 0}
            raise _Cycle(_entangled({key: after[key] & stuck for key in stuck}))
        return items


def _entangled(after: dict[int | tuple[int], set[int | tuple[int]]]) -> frozenset[int]:
    """The scopes that stand on a cycle."""
    import networkx

    graph = networkx.DiGraph((before, key) for key, befores in after.items() for before in befores)
    cycles = [part for part in networkx.strongly_connected_components(graph) if len(part) > 1]
    return frozenset(key[0] for part in cycles for key in part if isinstance(key, tuple))
