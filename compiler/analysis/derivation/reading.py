"""How an architecture is read off the decision weights of a search, as settings say it."""

from __future__ import annotations

from typing import Literal

from ...record import record

Score = Literal["alpha", "beta", "product"]
"""What ranks the elements of a keep: the best non-zero operation of its edge, its own weight, or their product."""

Zeros = Literal["never", "allowed"]
"""Whether an exact zero may be what is derived on an edge that a keep, or a site, keeps."""

Method = Literal["search", "exact"]
"""How the best architecture within constraints over costs is found: by a search for it, the most probable ones first,
or by a dynamic programme over sums."""


def usual_zeros(score: Score) -> Zeros:
    """Where edges are ranked by their non-zero operations, one of these is derived on an edge that is kept (Liu et al.,
    DARTS, ICLR 2019, section 2.4); where they are ranked by weights of their own, a zero competes like any other."""
    return "allowed" if score == "beta" else "never"


@record
class Reading:
    """``gate``: the weight above which gates, and elements of keeps of open size, stay; ``method``: see
    :data:`Method`."""

    score: Score = "beta"
    zeros: Zeros = "allowed"
    gate: float = 0.5
    method: Method = "search"
