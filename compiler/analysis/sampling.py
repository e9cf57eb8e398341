"""Drawing architectures of a space, each with the same probability."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from ..diagnostics.budgets import NotFoundWithin, NothingWithin
from ..diagnostics.model import Label, SpaceError
from ..ir.decisions import Decision
from ..ir.diagram import evaluate
from ..ir.graph import CostConstraint, SpaceGraph
from .architecture import Architecture, of_answers, violations
from .circuits.of_space import circuits
from .circuits.patience import AT_LENGTH, Patience
from .costs.limits import Limits
from .costs.measures import trained_in
from .costs.of_architecture import cost_constraints
from .demand import active, next_question
from .derivation.descent import Landed
from .derivation.walk import Walk
from .feasible import found as searched_for
from .sums.nearly import Nearly

ATTEMPTS = 2_000
"""Rejection gives up on finding another architecture within the constraints over costs after this many in a row: about
a second."""

ATTEMPTS_AT_LENGTH = 200
"""The same where the space is too entangled for a circuit, or costs are no sums; each attempt takes longer then."""


@dataclass(frozen=True)
class Sample:
    """``answers``: of each architecture drawn from ``graph``, by variable index; fewer than wished for where drawing
    gave up. ``tried``: how many were drawn to find them. ``uniform``: whether all architectures had the same
    probability. ``within``: of how many architectures they were drawn, constraints over costs included; None where
    these were met by rejection. ``searched``: how many of them, the last ones, were not drawn but looked for, since
    drawing gave up: with every question answered evenly among what lets something follow within the constraints.
    Without an exact count, and without ``searched``, each question is answered evenly, as evaluation asks it.
    ``empty``: it is known that there is nothing to draw. ``steps``: how many answers the search tried."""

    graph: SpaceGraph
    answers: tuple[Mapping[int, int], ...]
    tried: int
    uniform: bool
    within: int | None = None
    searched: int = 0
    empty: bool = False
    steps: int = 0

    @cached_property
    def architectures(self) -> tuple[Architecture, ...]:
        """What was drawn; where only their answers are needed, they are not made."""
        return tuple(of_answers(self.graph, answers) for answers in self.answers)

    @property
    def acceptance(self) -> float:
        """The share of drawn architectures that the constraints over costs let pass; 1 where there are none."""
        return (len(self.answers) - self.searched) / self.tried if self.tried else 1.0


def sample(graph: SpaceGraph, seed: int, n: int = 1) -> list[Architecture]:
    """``n`` architectures, each drawn uniformly from all those within `where`; the same ones for the same seed.

    Where the constraints over costs let hardly any pass, they are searched for instead, and are not uniform
    (:func:`draw` says so). Raises SpaceError where there is none (E0441), or fewer than ``n`` were found (E0442).
    """
    drawn = draw(graph, seed, n)
    if len(drawn.answers) < n:
        raise too_few(graph, drawn)
    return list(drawn.architectures)


def too_few(graph: SpaceGraph, drawn: Sample) -> SpaceError:
    """What to raise where fewer were drawn than are needed."""
    place = next((c.span for c in cost_constraints(graph)), graph.span)
    if drawn.empty:
        others = dict.fromkeys(c.span for c in graph.constraints if c.span != place)
        related = tuple(Label(span, "together with this") for span in others)
        reason = "its constraints exclude each other" if related else "every architecture breaks this one"
        return SpaceError([NothingWithin(place, graph.name, reason, related, trained_in(graph))])
    return SpaceError([NotFoundWithin(place, graph.name, drawn.tried, drawn.steps, trained_in(graph))])


def draw(
    graph: SpaceGraph,
    seed: int,
    n: int,
    extra: tuple[CostConstraint, ...] = (),
    tries: int | None = None,
    all_or_none: bool = False,
    patience: Patience = AT_LENGTH,
) -> Sample:
    """Like :func:`sample`, with what is to be said about it. ``extra``: further constraints over costs; ``tries``: how
    many are drawn at most, after which none are looked for; ``patience``: to count what they are drawn from;
    ``all_or_none``: and only while ``n`` can be reached with them.

    Drawn from all that is within the constraints where that is known exactly, else until one is within those over
    costs; where that takes too long, a search finds them.
    """
    generator = random.Random(seed)
    exact = searched_for(graph, extra, patience)
    if isinstance(exact, Nearly):
        sample = _proposed(graph, exact, generator, n, tries)
        if sample is not None:
            return sample
    elif exact is not None:
        drawn = [exact.draw(generator) for _ in range(n)] if exact.count else []
        return Sample(graph, tuple(drawn), len(drawn), True, exact.count, empty=not exact.count)
    limits = Limits(graph, (*cost_constraints(graph), *extra))
    whole = circuits(graph).whole
    attempts = ATTEMPTS if whole is not None and limits.simple else ATTEMPTS_AT_LENGTH
    found: list[dict[int, int]] = []
    tried = in_a_row = rounds = 0
    while len(found) < n and in_a_row < attempts and (whole is None or whole.count):
        if tries is not None and tries - rounds < (n - len(found) if all_or_none else 1):
            break
        rounds += 1
        answers = _by_question(graph, generator) if whole is None else whole.draw(generator)
        if answers is None:
            in_a_row += 1
            continue
        tried += 1
        in_a_row += 1
        if limits.admit(answers):
            found.append(answers)
            in_a_row = 0
    if tries is not None or len(found) == n:
        return Sample(graph, tuple(found), tried, whole is not None)
    at_random = len(found)
    landed = Landed(None, 0, True)
    with suppress(SpaceError):  # nothing is within the constraints
        walk = Walk(graph, limits.constraints)
        while len(found) < n and (landed := walk.find(generator)).answers is not None:
            found.append(dict(landed.answers))
    searched = len(found) - at_random
    uniform = whole is not None and not searched
    empty = not found and landed.all
    return Sample(graph, tuple(found), tried, uniform, None, searched, empty, landed.steps)


def _proposed(graph: SpaceGraph, known: Nearly, generator: random.Random, n: int, tries: int | None) -> Sample | None:
    """Drawn from what is nearly known; None where hardly any that is proposed is within the constraints."""
    if known.empty:
        return Sample(graph, (), 0, True, 0, empty=True)
    found: list[dict[int, int]] = []
    tried = in_a_row = 0
    while len(found) < n and (tries is None or tried < tries):
        if in_a_row == ATTEMPTS:
            return None
        tried, in_a_row = tried + 1, in_a_row + 1
        answers = known.draw(generator)
        if answers is not None:
            found.append(answers)
            in_a_row = 0
    return Sample(graph, tuple(found), tried, True)


def _by_question(graph: SpaceGraph, generator: random.Random) -> dict[int, int] | None:
    """An architecture with every question answered evenly; None where a constraint over decisions rejects it."""
    answers: dict[int, int] = {}
    while (decision := next_question(graph, answers)) is not None:
        answers |= _evenly(graph, decision, generator)
    return None if violations(graph, answers, active(graph, answers).decisions) else answers


def _evenly(graph: SpaceGraph, decision: Decision, generator: random.Random) -> dict[int, int]:
    if decision.kind != "keep":
        (variable,) = decision.variables
        return {variable.index: generator.randrange(variable.arity)}
    low, high = decision.sizes or (0, len(decision.variables))
    while True:
        # Every subset of an allowed size has the same probability.
        answers = {v.index: generator.randrange(2) for v in decision.variables}
        if low == high:
            kept = set(generator.sample(range(len(decision.variables)), low))
            answers = {v.index: int(i in kept) for i, v in enumerate(decision.variables)}
        if evaluate(decision.valid, answers) is True:
            return answers
