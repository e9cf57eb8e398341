"""Names and what they stand for: values that are computed when something asks for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import syntax as s
from .places import Place
from .runs import Run


@dataclass(eq=False)
class Thunk:
    """Something to be computed at most once in a run. ``context`` are the answers under which it was made, ``texts``
    the places and texts that it comes from."""

    compute: Callable[[Run], Any]
    context: Mapping[Any, Any]
    is_operator: Callable[[], bool] = lambda: False
    texts: tuple[tuple[Any, s.Node], ...] = ()
    trees: dict[Any, Any] = field(default_factory=dict)

    def force(self, run: Run) -> Any:
        return run.once(self, self.context, lambda: self.compute(run))

    def read(self, run: Run, what: Any, view: Callable[[Any, Run], Any]) -> Any:
        """What a view of the value says, asking only for what that depends on."""
        return run.read(self.trees, what, lambda r: view(self.force(r), r), self.context)


@dataclass(eq=False)
class Env:
    """The names that a text sees, where it is elaborated, and what `same` means."""

    file: Any
    place: Place
    context: Mapping[Any, Any]
    names: dict[str, Any] = field(default_factory=dict)
    parent: Env | None = None
    same: Callable[[Run], Any] | None = None
    thunks: dict[Any, Thunk] = field(default_factory=dict)
    envs: dict[Any, Env] = field(default_factory=dict)
    applied: dict[Any, Thunk] = field(default_factory=dict)

    def child(
        self, place: Place | None = None, run: Run | None = None, same: Callable[[Run], Any] | None = None
    ) -> Env:
        context = run.context() if run else self.context
        return Env(self.file, place or self.place, context, {}, self, same or self.same)

    def lookup(self, name: str) -> Any:
        env: Env | None = self
        while env is not None:
            if name in env.names:
                return env.names[name]
            env = env.parent
        return self.file.lookup(name)

    def thunk(self, node: s.Node) -> Thunk:
        """The value of an expression that stands here once."""
        if node not in self.thunks:
            from .evaluate import evaluate, is_operator

            self.thunks[node] = Thunk(
                lambda run: evaluate(node, self, run),
                self.context,
                lambda: is_operator(node, self),
                ((self.place.key, node),),
            )
        return self.thunks[node]


def constant(value: Any) -> Thunk:
    return Thunk(lambda run: value, {})


@dataclass(eq=False)
class ListBinding:
    """A list that statements fill: single ones (`x[1] = e`) and loops, in the order of the text."""

    name: str
    parts: list[tuple[s.Node, Env]] = field(default_factory=list)


def bind(statements: tuple[s.Node, ...], env: Env) -> None:
    """Puts what the statements of one block bind into its environment."""
    for statement in statements:
        if isinstance(statement, s.Bind) and statement.place is None:
            inside = env.child(env.place.bound(statement.name, None))
            env.names[statement.name] = inside.thunk(statement.value)
        elif isinstance(statement, s.Bind):
            listed(statement.name, statement, env)
        elif isinstance(statement, s.For):
            for inner in statement.body:
                if isinstance(inner, s.Bind) and inner.place is not None:
                    listed(inner.name, statement, env)


def listed(name: str, part: s.Node, env: Env) -> None:
    binding = env.names.setdefault(name, ListBinding(name))
    if (part, env) not in binding.parts:
        binding.parts.append((part, env))
