"""Evaluations under a decider, and what a number depends on."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .places import Key, Place


class SpaceError(Exception):
    """What the documentation calls an error. ``code`` is the diagnostic's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SpaceError) and (self.code, self.message) == (other.code, other.message)

    __hash__ = Exception.__hash__


class TooMany(Exception):
    """There are more architectures, or more values of one space, than are looked at."""


MUCH = 5_000_000
"""Values of a space that are asked for before this interpreter gives up: some texts take it for ever."""


class Made(dict[Any, Any]):
    """What was elaborated, for all evaluations of a space. ``work``: how many values they asked for."""

    work = 0


class Unsupported(Exception):
    """A text that this interpreter does not know, or that the documentation says nothing about."""


@dataclass(frozen=True, eq=False)
class Decision:
    """A decision as it is asked. ``meaning`` says what an alternative comes to: a number, a tuple, an operator, …"""

    key: Key
    path: str
    kind: str
    options: tuple[Any, ...]
    label: str | None
    scopes: tuple[Key, ...]
    meaning: Callable[[Run, Any], Any] | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Decision) and (self.key, self.options) == (other.key, other.options)

    def __hash__(self) -> int:
        return hash(self.key)


class Undecided(Exception):
    def __init__(self, decision: Decision) -> None:
        self.decision = decision


@dataclass(frozen=True)
class Asks:
    """A decision tree: a decision, and what follows from each option."""

    decision: Decision
    branches: tuple[Any, ...]


@dataclass
class Run:
    """One evaluation.

    ``fixed`` are answers that are known from the start, ``decide`` gives the others. ``made`` is what was elaborated,
    for all evaluations of a space: the same text, at one place and under the same answers, is one.
    """

    decide: Callable[[Decision], Any]
    fixed: Mapping[Key, Any] = field(default_factory=dict)
    made: Made = field(default_factory=Made)
    answers: dict[Key, Any] = field(default_factory=dict)
    asked: dict[Key, Decision] = field(default_factory=dict)
    sites: dict[Key, tuple[Decision, int]] = field(default_factory=dict)
    values: dict[Any, tuple[Any, dict[Key, Any]]] = field(default_factory=dict)
    nodes: dict[Any, Any] = field(default_factory=dict)
    frames: list[dict[Key, Any]] = field(default_factory=lambda: [{}])
    contexts: list[Mapping[Key, Any]] = field(default_factory=lambda: [{}])
    active: set[Any] = field(default_factory=set)

    def ask(self, decision: Decision) -> Any:
        key = decision.key
        if key not in self.answers:
            self.answers[key] = self.fixed[key] if key in self.fixed else self.decide(decision)
            self.asked[key] = decision
        answer = self.answers[key]
        if decision.options != self.asked[key].options:
            raise SpaceError("E0306", f"{decision.path} has other options here")
        self.frames[-1][key] = answer
        return answer

    def context(self) -> dict[Key, Any]:
        """The answers that led to what is being evaluated now: what is made here is fixed to them."""
        return {**self.contexts[-1], **self.frames[-1]}

    def elaborate(self, make: Callable[[], Any], *what: Hashable) -> Any:
        """What a text makes here under the answers that led to it, the same each time. Making it asks for nothing."""
        key = (what, frozenset(self.context().items()))
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]

    def once(self, thing: Hashable, context: Mapping[Key, Any], compute: Callable[[], Any]) -> Any:
        """The value of a thing, computed at its first use; later uses ask for the same decisions."""
        self.made.work += 1
        if self.made.work > MUCH:
            raise TooMany(f"more than {MUCH} values")
        if thing not in self.values:
            if thing in self.active:
                raise SpaceError("E0223", "a value refers to itself")
            self.active.add(thing)
            self.frames.append({})
            self.contexts.append(context)
            try:
                value = compute()
            finally:
                frame = self.frames.pop()
                self.contexts.pop()
                self.active.discard(thing)
            self.values[thing] = (value, frame)
        value, frame = self.values[thing]
        self.frames[-1].update(frame)
        return value

    def read(self, trees: dict[Any, Any], what: Any, compute: Callable[[Run], Any], context: Mapping[Key, Any]) -> Any:
        """A value of which only what it depends on is asked for. ``trees`` remembers the trees of one thing."""
        if what not in trees:
            trees[what] = tree_of(compute, context, self.made)
        tree = trees[what]
        while isinstance(tree, Asks):
            answer = self.ask(tree.decision)
            tree = tree.branches[tree.decision.options.index(answer)]
        if isinstance(tree, SpaceError):
            raise tree
        return tree


def undecided(decision: Decision) -> Any:
    raise Undecided(decision)


def tree_of(compute: Callable[[Run], Any], fixed: Mapping[Key, Any], made: Made) -> Any:
    """All values that a computation may have, as a tree of the decisions they depend on, in the order of asking."""
    try:
        return compute(Run(undecided, fixed, made))
    except Undecided as stopped:
        decision = stopped.decision
    except SpaceError as error:
        return error
    branches = tuple(tree_of(compute, {**fixed, decision.key: option}, made) for option in decision.options)
    # Where answers leave no value there is nothing to read: whoever asks for the value itself hears of it.
    values = [b for b in branches if not isinstance(b, SpaceError)]
    if not values:
        return branches[0]
    if all(b == values[0] for b in values):
        return values[0]
    return Asks(decision, branches)


def leaves(tree: Any) -> list[Any]:
    if not isinstance(tree, Asks):
        return [tree]
    return [leaf for branch in tree.branches for leaf in leaves(branch)]


def decisions_of(tree: Any) -> list[Decision]:
    if not isinstance(tree, Asks):
        return []
    return [tree.decision, *(d for branch in tree.branches for d in decisions_of(branch))]


def decision(
    place: Place,
    mark: Any,
    kind: str,
    options: tuple[Any, ...],
    label: str | None,
    meaning: Callable[[Run, Any], Any] | None = None,
) -> Decision:
    named = label or {"choose": "choice", "keep": "keep", "gate": "gate", "count": "count"}[kind]
    path = ".".join((*place.path, named))
    return Decision(place.key.of(mark), path, kind, options, label, place.scopes, meaning)
