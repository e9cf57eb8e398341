"""Distributions over the architectures of a space: what every strategy draws from, learns, or reads its result off."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from ...diagnostics.budgets import NotFoundWithin, NothingWithin
from ...diagnostics.model import SpaceError
from ...ir.graph import SpaceGraph
from ..architecture import Architecture
from ..costs.measures import trained_in
from ..costs.of_architecture import cost_constraints
from ..marginals import Marginal


class Policy(ABC):
    """A distribution over the architectures of ``graph`` within its `where`.

    ``held``: values by path of decisions that are settled; where such a decision is not asked for, its value says
    nothing.
    """

    graph: SpaceGraph
    held: Mapping[str, Any]

    @abstractmethod
    def draw(self, key: int) -> Architecture:
        """An architecture; the same one for the same key. Raises SpaceError: E0441 where there is none, E0442 where
        none was found."""

    @abstractmethod
    def log_prob(self, arch: Mapping[str, Any]) -> float | None:
        """The natural logarithm of the probability of an architecture, over its active decisions; -∞ where it is not
        within `where`. None where what is within `where` has no known probability in all."""

    @abstractmethod
    def marginals(self) -> dict[str, Marginal] | None:
        """For every decision how probable it is that it is active, and how it comes out; None where that is not known
        exactly."""

    def outcomes(self, paths: Sequence[str]) -> dict[tuple[Any, ...], float] | None:
        """How some decisions come out together: the probability of each combination of their values as architectures
        have them, None for one that is not asked for. None where that is not known exactly. The work grows with the
        number of combinations."""
        return None

    @abstractmethod
    def likeliest(self) -> Architecture:
        """The most probable architecture, of equally probable ones the first. Raises SpaceError as :meth:`draw` does,
        where the space has budgets that only a search can keep."""

    def nothing(self) -> SpaceError:
        """E0441: what to raise where no architecture is left."""
        reason = "with what is held" if self.held else "its constraints exclude each other"
        return SpaceError([NothingWithin(self.graph.span, self.graph.name, reason, trained=trained_in(self.graph))])

    def not_found(self, drawn: int, steps: int) -> SpaceError:
        """E0442: what to raise where drawing so many gave up, and so many steps of a search."""
        place = next((c.span for c in cost_constraints(self.graph)), self.graph.span)
        return SpaceError([NotFoundWithin(place, self.graph.name, drawn, steps, trained_in(self.graph))])
