"""How much architectures differ, and which of several differ most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, TypeVar

_Arch = TypeVar("_Arch", bound=Mapping[str, Any])


def difference(a: Mapping[str, Any], b: Mapping[str, Any]) -> Fraction:
    """The share, from 0 to 1, of the decisions active in one of two architectures (path → value) that are not active
    with the same value in the other; 0 of equal ones."""
    every = a.keys() | b.keys()
    same = sum(1 for path in a.keys() & b.keys() if a[path] == b[path])
    return Fraction(len(every) - same, len(every)) if every else Fraction(0)


def most_different(ranked: Sequence[_Arch], count: int) -> list[_Arch]:
    """The first architecture, then one after the other that which differs most from the nearest of those that are
    chosen, of equal ones the better. ``ranked``: the better first; all of them where there are no more than
    ``count``."""
    chosen, left = list(ranked[:1]), list(ranked[1:])
    nearest = [difference(chosen[0], other) for other in left]
    while left and len(chosen) < count:
        place = max(range(len(left)), key=lambda i: (nearest[i], -i))
        found = left.pop(place)
        nearest.pop(place)
        chosen.append(found)
        nearest = [min(known, difference(found, other)) for known, other in zip(nearest, left, strict=True)]
    return chosen
