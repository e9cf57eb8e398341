"""Which options are likely within `where`: of those architectures that come to a decision, the share of each option."""

from __future__ import annotations

from fractions import Fraction

from ..ir.graph import SpaceGraph
from ..record import record
from .marginals import marginals


@record
class Share:
    """``asked``: in which share of all architectures a decision is asked. ``options``: of these, the share that comes
    out as each option, or for each element of a keep that keeps it, in order; 0 where it is never asked."""

    asked: Fraction
    options: tuple[Fraction, ...]


def shares_of(graph: SpaceGraph) -> dict[str, Share] | None:
    """Those of every decision by path, within all constraints, when all architectures are equally likely; exact. None
    without an exact count, and where the constraints leave nothing."""
    found = marginals(graph)
    if found is None:
        return None
    shares = {}
    for path, marginal in found.items():
        asked, options = Fraction(marginal.active), tuple(Fraction(option) for option in marginal.options)
        shares[path] = Share(asked, tuple(option / asked if asked else Fraction(0) for option in options))
    return shares
