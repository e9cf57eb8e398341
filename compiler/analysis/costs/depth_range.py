"""How deep the networks of a space are at least, at most and on average.

Where one path is the longest whatever is chosen, the depth is a sum as other costs are. Else it is a maximum over
paths: the bounds that are computed without an architecture are what no network goes beyond, and mostly some comes that
far. Whether one does is seen in architectures: all of a small space, else some that are drawn, what one longest path
needs, and with patience what a search finds at these ends.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from fractions import Fraction

from ...diagnostics.model import SpaceError
from ...ir.graph import CostConstraint, SpaceGraph
from ..architecture import answers_of, of_answers
from ..circuits.of_space import circuits
from ..circuits.patience import AT_LENGTH, Patience
from .additive import ADDITIVE
from .deepest import deepest
from .depth import depth_bounds, depth_bounds_under
from .depth_sum import depth_sum
from .listing import listed
from .measures import Measure
from .of_architecture import cost_constraints
from .space_bounds import extreme, within_costs
from .space_costs import CostRange, cost_range, drawn_within
from .table import Table

ENDS = 8
"""So many depths are looked for at each end."""

MADE = 6_000
"""In a space of more nodes it takes some tenths of a second to make what tells many depths, which needs patience."""

LOOKS = 600_000
"""And so many nodes are looked at for each: a second or two."""

STEPS = 200_000
"""In small spaces so many steps at most, of which bounds of depths take ten each."""


def depth_range(graph: SpaceGraph, patience: Patience = AT_LENGTH) -> CostRange | None:
    """The range of the depth over the architectures within all constraints; None where an extern operator does not
    state it. Exact in spaces of up to :data:`.listing.LISTED` architectures, and as other costs are where it is a sum;
    else the mean is estimated, or None, and ends are bounds unless an architecture is known that comes that far. There
    is an architecture within the constraints."""
    if graph.not_stated("depth"):
        return None
    every = _of_all(graph)
    if every is not None:
        return every
    summed = cost_range(graph, "depth", patience) if depth_sum(graph) is not None else None
    if summed is not None and summed.exact:
        return summed
    low, high = depth_bounds(graph) if summed is None else (summed.min, summed.max)
    for constraint in cost_constraints(graph):
        if constraint.metric == "depth" and constraint.other is None:
            low = low if constraint.low is None else max(low, math.ceil(constraint.low))
            high = high if constraint.high is None else min(high, math.floor(constraint.high))
    if not patience.at_length and len(graph.nodes) > MADE:
        return CostRange(low, high, low if low == high else None, low == high, low == high)
    drawn = drawn_within(graph, patience)
    ends = [deepest(graph), *(extreme(graph, Measure(metric), sign)[1] for metric in ADDITIVE for sign in (1, -1))]
    rows = [*drawn, *(answers_of(graph, arch) for arch in ends if arch is not None and within_costs(graph, arch))]
    depths = [int(depth) for depth in Table.of_answers(graph, rows).depth()] if rows else []
    known = dict(zip(depths, rows, strict=True))
    if patience.at_length:
        low, high = (_end(graph, known, end, sign) for end, sign in ((low, 1), (high, -1)))
    mean = float(Fraction(sum(depths[: len(drawn)]), len(drawn))) if drawn else None
    first, last = (of_answers(graph, known[end]) if end in known else None for end in (low, high))
    exact = low == high or (first is not None and last is not None)
    return CostRange(low, high, low if low == high else mean, exact, low == high, first, last)


def _of_all(graph: SpaceGraph) -> CostRange | None:
    """By all architectures, where they are few; None where they are not, or nothing is within the constraints."""
    whole = circuits(graph).whole
    if whole is None or not whole.count:
        return None
    within = listed(graph, whole, cost_constraints(graph))
    if within is None or not within.count:
        return None
    depths = within.table.depth()[within.places]
    least, greatest = int(depths.argmin()), int(depths.argmax())
    ends = (of_answers(graph, within.unrank(place)) for place in (least, greatest))
    mean = float(Fraction(int(depths.sum()), within.count))
    return CostRange(int(depths[least]), int(depths[greatest]), mean, True, True, *ends)


def _end(graph: SpaceGraph, known: dict[int, Mapping[int, int]], end: int, sign: int) -> int:
    """The end that is nearest to ``end`` from inside, for what nothing comes to is no end; what is found goes to
    ``known``."""
    from ..derivation.walk import DEPTH_SHARE, Walk  # which reads costs itself

    limit = min(STEPS, DEPTH_SHARE * LOOKS // len(graph.nodes))
    for _ in range(ENDS):
        if end in known:
            break
        low, high = (None, end) if sign > 0 else (end, None)
        wanted = CostConstraint("depth", low, high, graph.span)
        try:
            landed = Walk(graph, (*cost_constraints(graph), wanted)).find(random.Random(0), limit=limit)
        except SpaceError:
            end += sign  # bounds of the costs exclude it
            continue
        if landed.answers is not None:
            known[depth_bounds_under(graph, landed.answers)[0]] = landed.answers
        elif landed.all:
            end += sign
        else:
            break
    return end
