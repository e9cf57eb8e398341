"""What is certain about how many are within several windows, where it is known which ones of each are certain to be
within it and which ones may be, and how many are within each by itself.

Let the ones that are certain to be within window 1 be c₁ of the n₁ that are, and those that may be p₁. Then of the ones
that may be within 1 and are certain to be within all others, at most p₁ - n₁ are not within all; and of all that are
within all windows at most n₁ - c₁ are not among those certain to be within 1. So what is uncertain near the end of one
window can be counted on that side of the others where less of it is: in all subsets of the windows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

Interval = tuple[int, int]
"""At least and at most so many."""

Possible = tuple[bool, ...]
"""By window whether those that may be within it are counted, or those that are certain to be."""

PARTS_OF_FLOAT = 2e-8
"""Floating-point sums of so many positive numbers, at most 10⁸, are off by less than this, relatively."""


def certain(counts: Mapping[Possible, Interval], margins: Sequence[Interval], alone: Sequence[Interval]) -> Interval:
    """How many are within all windows. ``counts``: some of them, at least one; ``margins``: at least so many are
    certain to be within each window, and at most so many may be, whatever the others are; ``alone``: so many are."""
    lows, highs = zip(*(bounds(key, own, margins, alone) for key, own in counts.items()), strict=True)
    return max(0, *lows), min(highs)


def bounds(key: Possible, count: Interval, margins: Sequence[Interval], alone: Sequence[Interval]) -> Interval:
    """What one of these counts says."""
    low, high = count
    for possible, (surely, perhaps), (least, most) in zip(key, margins, alone, strict=True):
        if possible:
            low -= perhaps - least
        else:
            high += most - surely
    return low, high


def added(terms: Iterable[tuple[int, float]]) -> Interval:
    """At least and at most so much are floating-point numbers in all, each with its sign."""
    known = list(terms)
    total, off = sum(sign * n for sign, n in known), PARTS_OF_FLOAT * sum(n for _, n in known)
    return max(0, math.floor(total - off)), math.ceil(total + off)
