"""A search in parts: what a part searches or holds is its own affair, the weights and what was found are common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from stdsl.compiler.analysis.architecture import plain_values, values_of

from ..training.stepped import Event, Facts, Stepped


class PartSearch(Stepped, Protocol):
    """The search of one part."""

    @property
    def supernet(self) -> nn.Module: ...

    @property
    def chosen(self) -> dict[str, list[float]]:
        """What is known of each decision that it searches, by path."""
        ...

    @property
    def held(self) -> dict[str, Any]:
        """The decisions that have a value."""
        ...

    @property
    def measuring(self) -> float:
        """Seconds spent on measuring beside the search."""
        ...

    @property
    def waited(self) -> float:
        """Seconds that steps waited for data."""
        ...


P = TypeVar("P", bound=PartSearch)
Pick = Callable[[int, Mapping[str, Sequence[float]], Mapping[str, Any]], dict[str, Any]]
"""What a part found: its number, the decision weights, and what is fixed already."""


class PhasedSearch(Generic[P]):
    """Steps of one part after the other; a part's schedules, warm-up and optimisers are its own.

    ``lengths``: steps of each part. The network of a part holds what the part needs; weights of what is left out wait
    until a part has it again. ``begin``: the search of a part (from 0) when earlier parts have found these values.
    """

    def __init__(self, lengths: Sequence[int], begin: Callable[[int, Mapping[str, Any]], P], pick: Pick) -> None:
        self.lengths, self.begin, self.pick = tuple(lengths), begin, pick
        self.number = 0
        self.found: dict[str, Any] = {}
        """The values that earlier parts found, by path."""
        self.rows: dict[str, list[float]] = {}
        """The decision weights that earlier parts ended with."""
        self.waiting: dict[str, Tensor] = {}
        """The weights of all networks so far."""
        self.measured = self.waited_before = 0.0
        self.current = begin(0, {})
        self._events: list[Event] = []

    @property
    def total(self) -> int:
        return sum(self.lengths)

    @property
    def start(self) -> int:
        """The first step of the current part."""
        return sum(self.lengths[: self.number])

    def step(self, t: int) -> Facts:
        facts = self.current.step(t - self.start)
        self._events = list(self.current.events(t - self.start))
        return facts

    def notes(self, t: int) -> Mapping[str, Any] | None:
        facts = self.current.notes(t - self.start)
        facts = None if facts is None else {**facts, "part": self.number + 1}
        if t + 1 == self.start + self.lengths[self.number] and self.number + 1 < len(self.lengths):
            self._turn()
        return facts

    def events(self, t: int) -> Sequence[Event]:
        """What happened; at the end of a part but the last, what it found."""
        if t + 1 == self.start + self.lengths[self.number] and self.number + 1 < len(self.lengths):
            found = self._found()
            plain = plain_values(found)
            place = {"part": self.number + 1, "of": len(self.lengths)}
            self._events.append(("part", place | {"found": plain}))
        return self._events

    def _found(self) -> dict[str, Any]:
        return self.pick(self.number, self.chosen, {**self.found, **self.current.held})

    def _turn(self) -> None:
        """Go to the next part."""
        found, rows, weights = self._found(), self.chosen, self.weights()
        self.measured += self.current.measuring
        self.waited_before += self.current.waited
        self.found, self.rows, self.waiting = {**self.found, **found}, rows, weights
        self.number += 1
        self._enter()

    def _enter(self) -> None:
        self.current = self.begin(self.number, self.found)
        own = self.current.supernet.state_dict()
        known = {name: self.waiting[name] for name in own if name in self.waiting}
        self.current.supernet.load_state_dict(own | known)

    def weights(self) -> dict[str, Tensor]:
        """The weights of the current network, and those that wait."""
        own = {name: t.detach().to("cpu", copy=True) for name, t in self.current.supernet.state_dict().items()}
        return self.waiting | own

    @property
    def chosen(self) -> dict[str, list[float]]:
        """The decision weights by path, of each decision as the last part that had it left them."""
        return self.rows | self.current.chosen

    @property
    def held(self) -> dict[str, Any]:
        """The decisions that have a value: those that earlier parts found and this one does not search."""
        return self.current.held

    @property
    def measuring(self) -> float:
        return self.measured + self.current.measuring

    @property
    def waited(self) -> float:
        """Seconds that steps waited for data."""
        return self.waited_before + self.current.waited

    def state(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "found": plain_values(self.found),
            "rows": self.rows,
            "waiting": self.waiting,
            "measured": self.measured,
            "waited": self.waited_before,
            "current": self.current.state(),
        }

    def load(self, state: dict[str, Any]) -> None:
        self.number, self.rows, self.waiting = state["number"], state["rows"], state["waiting"]
        self.found = values_of(state["found"])
        self.measured, self.waited_before = state["measured"], state.get("waited", 0.0)
        with torch.no_grad():
            self._enter()
        self.current.load(state["current"])
