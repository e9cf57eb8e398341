"""Generated small spaces with constraints over costs: what is said of them agrees with looking at all architectures."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from space_texts import space_text

import stdsl
from stdsl.compiler.analysis.architecture import of_answers
from stdsl.compiler.analysis.circuits.cost_circuit import cost_circuit
from stdsl.compiler.analysis.circuits.of_space import circuits
from stdsl.compiler.analysis.costs.additive import ADDITIVE
from stdsl.compiler.analysis.costs.depth import depth_bounds_under
from stdsl.compiler.analysis.costs.depth_sum import depth_sum
from stdsl.compiler.analysis.costs.limits import Limits
from stdsl.compiler.analysis.costs.listing import listed
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.derivation.walk import Walk
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

LIMIT = 400
"""Spaces of more architectures than this are not looked at."""

METRICS = (*ADDITIVE, "depth")


def constraints_of(graph: SpaceGraph, figures, rng: random.Random) -> list[CostConstraint]:
    """Bounds that cut through the space, now and then a little beside a cost that occurs."""
    found = []
    for metric in rng.sample(METRICS, rng.choice((1, 1, 2))):
        low, high = sorted(rng.choice([getattr(f, metric) for f in figures]) for _ in range(2))
        sides = rng.choice(((low, None), (None, high), (low, high), (low + 0.5, high - 0.5)))
        found.append(CostConstraint(metric, *sides, graph.span))
    return found


def looked_for(graph: SpaceGraph, constraints, rng: random.Random):
    """What a search finds within the constraints; None where it says that there is nothing."""
    try:
        landed = Walk(graph, constraints).find(rng, limit=10**6)
    except SpaceError:
        return None
    assert landed.answers is not None or landed.all
    return landed.answers


@settings(max_examples=60, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9))
def test_generated_spaces(seed: int) -> None:
    rng = random.Random(seed)
    made = space_text(rng)
    graph = stdsl.loads(made.text).graph
    whole = circuits(graph).whole
    if whole is None or not 2 <= whole.count <= LIMIT:
        return
    every = [whole.unrank(rank) for rank in range(whole.count)]
    figures = [costs(graph, of_answers(graph, answers)) for answers in every]
    for answers, own in zip(every, figures, strict=True):
        assert depth_bounds_under(graph, answers) == (own.depth, own.depth)
    constraints = constraints_of(graph, figures, rng)
    wanted = [i for i, f in enumerate(figures) if all(f.within(c) for c in constraints)]

    limits = Limits(graph, constraints)
    assert [i for i, answers in enumerate(every) if limits.admit(answers)] == wanted
    searched = looked_for(graph, constraints, rng)
    assert (searched in [every[i] for i in wanted]) if wanted else searched is None

    small = listed(graph, whole, constraints)
    assert small is None or list(small.places) == wanted
    summed = METRICS if depth_sum(graph) is not None else ADDITIVE
    if all(c.metric in summed for c in constraints):
        large = cost_circuit(graph, whole, constraints, summed)
        assert large is None or [large.circuit.unrank(r) for r in range(large.circuit.count)] == [
            every[i] for i in wanted
        ]
        for metric in summed if large is not None and wanted else ():
            values = [getattr(figures[i], metric) for i in wanted]
            found = large.extremes(metric)
            assert (found.least, found.greatest) == (min(values), max(values))
            assert found.mean == Fraction(sum(values), len(values))
            assert getattr(costs(graph, of_answers(graph, found.dearest)), metric) == max(values)

    space = stdsl.Space(replace(graph, constraints=(*graph.constraints, *constraints)))
    assert space.count() == len(wanted)
    architectures = list(space.architectures())
    assert architectures == [of_answers(graph, every[i]) for i in wanted]
    for rank in {0, len(wanted) // 2, len(wanted) - 1} if wanted else ():
        assert space.rank(architectures[rank]) == rank
        assert space.unrank(rank) == architectures[rank]
    for path, marginal in space.marginals().items() if wanted else ():
        assert marginal.active == Fraction(sum(path in a for a in architectures), len(wanted))
    outside = [i for i in range(len(every)) if i not in set(wanted)]
    if outside and wanted:
        with pytest.raises(stdsl.ArchitectureError, match="E0605"):
            space.rank(of_answers(graph, every[outside[0]]))


TEXT = """stdsl 1
meta net on x: image(3, 8, 8) {
  y = x -> choose {
    plain: conv(8, 1x1),
    deep: repeat choose 1..3 as n { choose {small: conv(8, 3x3), large: conv(8, 5x5), tiny: conv(8, 1x1)} as kind },
  } as top
  z = y -> conv((choose {4, 8, 16} as width), 1x1)
  return z -> global_avg_pool -> linear(2)
}
"""


@pytest.mark.parametrize("limit", [20_000, 0])
def test_every_architecture_within_the_costs_is_equally_likely(limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from stdsl.compiler.analysis.costs import listing

    monkeypatch.setattr(listing, "LISTED", limit)  # 0: as large spaces are counted
    space = stdsl.loads(TEXT + "space s = net where flops in 15K..60K")
    architectures = list(space.architectures())
    n = len(architectures)
    assert 20 < n < 100
    drawn = Counter(space.samples(60 * n, seed=1))
    assert set(drawn) <= set(architectures)
    statistic = sum((drawn[a] - 60) ** 2 / 60 for a in architectures)
    # Chi-square with n - 1 degrees of freedom: its mean is n - 1, its variance twice that.
    assert abs(statistic - (n - 1)) < 4 * (2 * (n - 1)) ** 0.5
