"""Searches of separate trainings: what is proposed, what came of it, and what a proposal may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.schemas.hyper import Value


@dataclass(frozen=True)
class Spec:
    """A training that a search asks for. ``number`` counts the trials of a search from 0.

    ``steps``: its length; None: that of the strategy's `fitness`. ``start``: the number of an earlier trial that it
    goes on from, with that one's checkpoint. ``parents``: the trials that its architecture was made from; the first
    ones have none. ``settings``: values of the strategy's open settings, by their keys; a trial that goes on has those
    of the one that it goes on from.
    """

    number: int
    architecture: Architecture
    steps: int | None = None
    start: int | None = None
    parents: tuple[int, ...] = ()
    settings: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What came of the trial ``number``: its metrics by name. None at all where it ``failed`` for good, with the reason
    there; such a trial counts as the worst."""

    number: int
    values: Mapping[str, float] = field(default_factory=dict)
    failed: str = ""


class Wait:
    """Instead of a training: there is none to propose until more is seen."""


WAIT = Wait()


class Proposer(Protocol):
    """What decides which training comes next.

    ``ask`` is pure: what it proposes depends on its arguments alone (and on settings and seed, which the proposer was
    made with). So a search is a function of its text and its seed as long as the arguments are, whatever finishes when.
    """

    def ask(self, number: int, specs: Sequence[Spec], seen: Sequence[Outcome]) -> Spec | Wait | None:
        """The trial ``number``; None where there is nothing more to propose, :data:`WAIT` where there is nothing until
        more is seen of the trials under way.

        ``specs``: all earlier trials by their numbers, those under way too (so that none is proposed twice). ``seen``:
        the outcomes that it may know, in the order in which they became visible.
        """
        ...
