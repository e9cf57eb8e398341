"""What is within constraints over costs in a space of any size: exactly by a dynamic programme over sums where their
number allows it, else nearly (:mod:`.nearly`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...ir.graph import CostConstraint, SpaceGraph
from ..circuits.cost_states import CostStates
from ..circuits.patience import AT_LENGTH, SOME_TENTHS, WORK, Patience
from ..costs.measures import Measure, Metric, bounds_of, measure_of, measured
from .exactly import Single, Sums
from .jointly.sums import jointly
from .lattice import Bounds, Excess, Lattice, excess, lattice
from .nearly import Nearly, nearly
from .programme import Programme
from .tables import Effort, TooMuch
from .walking.walks import walk

JOINT_WORK = 1_500_000_000
"""And at most so many for several costs at once: whether their beginnings are few shows after some three seconds."""

COARSE = 4_000_000
"""So many numbers the tables of a coarse lattice have."""

BESIDE = 16_000_000
"""And those of a lattice beside another one."""

ROOM = 300_000_000
"""So many bytes of tables are kept at most."""


def within(
    graph: SpaceGraph,
    constraints: Sequence[CostConstraint],
    also: Sequence[Metric] = (),
    patience: Patience = AT_LENGTH,
) -> Sums | Nearly | None:
    """The architectures within all constraints of a space over decisions, and within ``constraints`` over costs. None
    where a cost is no exact sum, or there are too many states on the way (:func:`.walking.walks.walk`). ``also``:
    further costs that the walk adds up, behind those that are bounded. With less ``patience`` than at length None, too,
    where it takes longer, and nothing is counted nearly."""
    known = summed_measures(graph, constraints)
    further = [Measure(metric) for metric in also]
    if not known or not all(exactly_summed(graph, measure) for measure in further):
        return None
    measures = list(dict.fromkeys([*known, *further]))
    states = walk(graph, measures, patience.part)
    if states is None:
        return None
    bounds = tuple(bounds_of(graph, constraints, m) for m in known)
    return within_bounds(states, tuple(range(len(known))), bounds, patience.work, exactly=not patience.at_length)


def within_bounds(
    states: CostStates,
    measures: tuple[int, ...],
    bounds: tuple[Bounds, ...],
    work: int,
    exactly: bool = False,
    beside: bool = False,
) -> Sums | Nearly | None:
    """What is within bounds over the costs at some places among those of the states; None where that is too much.
    ``exactly``: nothing is counted nearly. ``beside``: there are other tables, too, so that those of what is counted
    nearly are small."""
    found = excess(states, measures, bounds)
    places = lattice(found, states.start, tuple(found.factor(i) for i in range(len(measures))), bounds)
    sums = _exactly(states, places, work)
    if sums is not None or exactly:
        return sums
    return _nearly(states, found, measures, bounds, places, BESIDE if beside else None)


def proposals(graph: SpaceGraph, constraints: Sequence[CostConstraint]) -> Nearly | None:
    """What :func:`within` knows nearly, on a lattice so coarse that it takes some tenths of a second: less of what it
    proposes is within ``constraints``, but if it proposes nothing, nothing is. None where that is not known either."""
    known = summed_measures(graph, constraints)
    if not known:
        return None
    states = walk(graph, known, SOME_TENTHS.part)
    if states is None:
        return None
    bounds = tuple(bounds_of(graph, constraints, m) for m in known)
    places = tuple(range(len(known)))
    found = excess(states, places, bounds)
    exactly = lattice(found, states.start, tuple(found.factor(i) for i in places), bounds)
    try:
        return nearly(states, found, places, bounds, exactly, Effort(SOME_TENTHS.work, ROOM), COARSE)
    except TooMuch:
        return None


def _exactly(states: CostStates, places: Lattice, work: int) -> Sums | None:
    try:
        if len(places.units) > 1:
            return jointly(states, places, Effort(min(work, JOINT_WORK), ROOM))
        return Single(states, Programme(states, places, Effort(work, ROOM), False), places.windows)
    except TooMuch:
        return None


def summed_measures(graph: SpaceGraph, constraints: Iterable[CostConstraint]) -> tuple[Measure, ...] | None:
    """The costs that are bounded, each once; None where one of them is no exact sum over the decisions of a space."""
    found = dict.fromkeys(measure_of(graph, constraint) for constraint in constraints)
    known = tuple(measure for measure in found if measure is not None and exactly_summed(graph, measure))
    return known if len(known) == len(found) else None


def exactly_summed(graph: SpaceGraph, measure: Measure) -> bool:
    """Whether a cost is an exact sum over the decisions of a space."""
    cost = measured(graph, measure)
    return cost is not None and cost.exact


def _nearly(
    states: CostStates,
    found: Excess,
    measures: Sequence[int],
    bounds: Sequence[Bounds],
    exactly: Lattice,
    cells: int | None,
) -> Nearly | None:
    try:
        return nearly(states, found, measures, bounds, exactly, Effort(WORK, 2 * ROOM), cells)
    except TooMuch:
        return None
