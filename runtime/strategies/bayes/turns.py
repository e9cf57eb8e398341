"""Whose turn it is in brackets of successive halving.

A rung is decided when all of its trials are seen: its best ones go on. While some are not, the next bracket begins, as
it does in S. Falkner et al., "BOHB", 2018.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stdsl.compiler.families.bayes.brackets import Bracket

from ...trials.proposal import WAIT, Spec, Wait


@dataclass(frozen=True)
class Turn:
    """A trial of a ``bracket`` (its place among all), on a ``rung`` from 0; ``start``: the one that it goes on from;
    None: a new candidate."""

    bracket: int
    rung: int
    start: int | None = None


def turn(plan: Sequence[Bracket], specs: Sequence[Spec], scores: Mapping[int, float]) -> Turn | Wait | None:
    """The next one; None where all brackets are over. ``scores``: of the trials that are seen; -∞ for those that
    failed, which never go on."""
    stood = places(plan, specs)
    members: dict[tuple[int, int], list[int]] = {}
    for number, own_place in enumerate(stood):
        members.setdefault(own_place, []).append(number)
    gone = {spec.start for spec in specs}
    waits = False
    for place, bracket in enumerate(plan):
        size = bracket.sizes[0]
        for rung in range(len(bracket.sizes)):
            own = members.get((place, rung), [])
            if rung == 0 and len(own) < size:
                return Turn(place, 0)
            if not all(number in scores for number in own):
                waits = True
                break
            if rung + 1 == len(bracket.sizes):
                break
            fit = sorted((n for n in own if scores[n] > -math.inf), key=lambda number: (-scores[number], number))
            for number in fit[: bracket.sizes[rung + 1]]:
                if number not in gone:
                    return Turn(place, rung + 1, number)
    return WAIT if waits else None


def places(plan: Sequence[Bracket], specs: Sequence[Spec]) -> list[tuple[int, int]]:
    """The bracket and the rung of each trial."""
    found: list[tuple[int, int]] = []
    bracket = begun = 0
    for spec in specs:
        if spec.start is not None:
            own, rung = found[spec.start]
            found.append((own, rung + 1))
            continue
        if begun == plan[bracket].sizes[0]:
            bracket, begun = bracket + 1, 0
        found.append((bracket, 0))
        begun += 1
    return found
