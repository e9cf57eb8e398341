"""Where an expression is elaborated: names in sight, the path of decisions, the scope of nodes."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from ...diagnostics.source import Span
from ...frontend import ast
from ...ir.diagram import Guard
from ...record import record
from .values import Value

if TYPE_CHECKING:
    from ..modules import Module

Scopes: TypeAlias = tuple[Hashable, ...]


@record
class Context:
    """``path`` names decisions, ``place`` names instances (inside a tied cell they differ).

    ``token`` is the identity of the elaboration that the text belongs to: a decision is the same when text, path and
    token are. ``tie``: the token of the nearest untied cell (or the meta), within which tied cells decide alike, its
    path, and its scopes. ``scopes`` are the instances and iterations around, outermost first: what `where` takes
    decisions together in. ``condition``: what is known to hold of the decisions here. ``constant``: the name of the
    `let` that the text belongs to, which holds no decision. ``site``: where an operator is being applied, so that
    templates in it are made anew there.
    """

    path: str
    place: str
    token: Hashable
    tie: tuple[Hashable, str, Scopes]
    scope: int
    frozen: bool = False
    condition: Guard = True
    depth: int = 0
    constant: Span | None = None
    site: Hashable = None
    scopes: Scopes = ()

    def segment(self, name: str) -> Context:
        """The context of what is bound to ``name``."""
        return self._at(
            f"{self.path}.{name}" if self.path else name,
            f"{self.place}.{name}" if self.place else name,
        )

    def index(self, i: int, text: ast.Node) -> Context:
        """The context of element ``i`` of an `each`, a `repeat` or a comprehension ``text``."""
        return self._at(f"{self.path}[{i}]", f"{self.place}[{i}]", (*self.scopes, (id(text), i)))

    def iteration(self, i: int, text: ast.Node) -> Context:
        """The context of iteration ``i`` of a `for`: what it binds has the index in its name."""
        return self._at(self.path, self.place, (*self.scopes, (id(text), i)))

    def owned(self, token: Hashable) -> Context:
        """The context of a value whose elaboration is another one's."""
        return self._at(self.path, self.place, token=token)

    def applied(self, site: Hashable) -> Context:
        """The context of an application of its own."""
        return self._at(self.path, self.place, site=site)

    def standing(self, place: str, around: Context) -> Context:
        """The same text where nodes are made at ``place``, in the scope of ``around`` and frozen as it is."""
        return self._at(self.path, place, scope=around.scope, frozen=around.frozen)

    def scoped(self, scope: int) -> Context:
        """The same text where nodes are made in another scope."""
        return self._at(self.path, self.place, scope=scope)

    def _at(
        self,
        path: str,
        place: str,
        scopes: Scopes | None = None,
        token: Hashable = None,
        site: Hashable = None,
        scope: int | None = None,
        frozen: bool | None = None,
    ) -> Context:
        # Several times as fast as `dataclasses.replace`, which showed.
        return Context(
            path,
            place,
            self.token if token is None else token,
            self.tie,
            self.scope if scope is None else scope,
            self.frozen if frozen is None else frozen,
            self.condition,
            self.depth,
            self.constant,
            self.site if site is None else site,
            self.scopes if scopes is None else scopes,
        )


def rebased(path: str, before: str, after: str) -> str:
    """The path below ``after`` of what stands at ``path`` below ``before``."""
    if before and after:
        return after + path[len(before) :]
    rest = path[len(before) :].removeprefix(".")
    return f"{after}.{rest}" if after and rest and rest[0] != "[" else after + rest


@dataclass(slots=True)
class Env:
    """Names in sight: a chain of blocks up to the module. ``indices``: those of the enclosing loops, for paths."""

    module: Module
    context: Context
    values: dict[str, Value] = field(default_factory=dict)
    parent: Env | None = None
    indices: str = ""
    same: Value = None
    """What `same` is here; None where it is not known before application."""

    def find(self, name: str) -> tuple[bool, Value]:
        env: Env | None = self
        while env is not None:
            if name in env.values:
                return True, env.values[name]
            env = env.parent
        return False, None

    def local_names(self) -> tuple[str, ...]:
        env: Env | None = self
        found: dict[str, None] = {}
        while env is not None:
            found.update(dict.fromkeys(env.values))
            env = env.parent
        return tuple(found)

    def within(self, context: Context) -> Env:
        """The same names, elaborated in another context."""
        return Env(self.module, context, self.values, self.parent, self.indices, self.same)

    def assuming(self, condition: Guard) -> Env:
        """The same names where ``condition`` is known to hold."""
        return self.within(replace(self.context, condition=condition))

    def child(self, context: Context | None = None, indices: str | None = None) -> Env:
        """A block inside this one."""
        return Env(
            self.module, context or self.context, {}, self, self.indices if indices is None else indices, self.same
        )
