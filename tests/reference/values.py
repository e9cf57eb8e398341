"""The values that expressions have, beside numbers, strings and tuples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from . import syntax as s
from .environment import Env, Thunk
from .places import Place


@dataclass(eq=False)
class Listed:
    """A list. ``possible`` are all elements that it may hold by their places, ``places`` those that it holds, ``total``
    is how many places there are."""

    possible: dict[int, Thunk]
    places: list[int]
    total: int

    @property
    def elements(self) -> list[Thunk]:
        return [self.possible[place] for place in self.places]

    def only(self, places: list[int]) -> Listed:
        return Listed(self.possible, places, self.total)

    def renumbered(self, among: list[int]) -> Listed:
        """A list that can hold only some of the places: they are counted anew."""
        new = {place: i for i, place in enumerate(among, 1)}
        possible = {new[p]: thunk for p, thunk in self.possible.items() if p in new}
        return Listed(possible, [new[p] for p in self.places if p in new], len(among))

    def moved(self, by: int) -> Listed:
        possible = {p + by: thunk for p, thunk in self.possible.items()}
        return Listed(possible, [p + by for p in self.places], self.total + by)

    def followed(self, by: int) -> Listed:
        """With so many places behind it that it holds nothing at."""
        return Listed(self.possible, self.places, self.total + by)


def listed(elements: list[Thunk]) -> Listed:
    """A list that always holds these."""
    return Listed(dict(enumerate(elements, 1)), list(range(1, len(elements) + 1)), len(elements))


@dataclass(frozen=True)
class Range:
    low: Any
    high: Any


class Alternative:
    """An alternative, made when something asks for it."""

    def __init__(self, make: Callable[[], Thunk]) -> None:
        self.make = make

    @cached_property
    def thunk(self) -> Thunk:
        return self.make()


@dataclass(eq=False)
class SetValue:
    """Alternatives by name."""

    alternatives: dict[str, Alternative]


@dataclass(eq=False)
class Tensor:
    """An operation applied. Shapes and parameters are computed when something asks for them."""

    spec: Any
    parameters: dict[str, Thunk]
    inputs: list[Thunk]
    like: list[Thunk] = field(default_factory=list)
    inside: Any = None


# ---- operators


@dataclass(eq=False)
class Primitive:
    spec: Any
    arguments: tuple[tuple[str | None, s.Node], ...]
    env: Env


@dataclass(eq=False)
class Declared:
    """A declared op, cell or ops. Without ``arguments`` it is a template, elaborated where it is applied."""

    text: s.Declared
    file: Any
    called_as: str
    arguments: tuple[tuple[str | None, s.Node], ...] | None = None
    env: Env | None = None
    place: Place | None = None


@dataclass(eq=False)
class Reduction:
    """sum, mean or concat."""

    name: str


@dataclass(eq=False)
class Composed:
    left: Thunk
    right: Thunk


@dataclass(eq=False)
class Pointwise:
    sign: str
    left: Thunk
    right: Thunk


@dataclass(eq=False)
class Opened:
    """An operator that a form of the language makes: choose, maybe, keep, each, repeat or frozen."""

    node: s.Node
    env: Env


OPERATORS = (Primitive, Declared, Reduction, Composed, Pointwise, Opened)
