"""Whether a circuit of costs has too many nodes, which is seen before they are made."""

from __future__ import annotations

import math
import random

import pytest

from stdsl.compiler.analysis.circuits.cost_circuit import _Bounded
from stdsl.compiler.analysis.circuits.cost_states import DEAD, CostStates, Step
from stdsl.compiler.analysis.costs.measures import METRICS, Measure


def drawn(rng: random.Random, costs: int, least: int) -> CostStates:
    """Some states in a row, of which each may lead to any before it; answers add ``least`` or more."""
    steps: list[Step | None] = [None]
    for state in range(1, rng.randint(3, 9)):
        followers = []
        for _ in range(rng.randint(1, 4)):
            after = DEAD if rng.random() < 0.1 else rng.choice((state - 1, rng.randrange(state)))
            followers.append((after, tuple(rng.randint(least, 9) for _ in range(costs))))
        steps.append(Step(state, tuple(followers)))
    base = tuple(rng.randint(least, 4) for _ in range(costs))
    return CostStates(tuple(map(Measure, METRICS[:costs])), base, tuple(steps), len(steps) - 1)


def nodes(made: _Bounded) -> int:
    """How many there are, one by one."""
    found = set()
    root = made._follow(made.states.base, (made.states.start, (0,) * len(made.states.base)))
    todo = [] if root is None else [root]
    while todo:
        key = todo.pop()
        if key in found:
            continue
        found.add(key)
        step = made.states.steps[key[0]]
        after = [] if step is None else [made._follow(key[1], follower) for follower in step.followers]
        todo += [one for one in after if one is not None]
    return len(found)


@pytest.mark.parametrize("least", [0, -4])
@pytest.mark.parametrize("costs", [1, 2, 3])
def test_too_many_nodes_are_seen_exactly(costs: int, least: int) -> None:
    """Bounds from below and above, open ones, and such that exclude each other; costs on the way below 0, too."""
    several = 0
    for seed in range(150):
        rng = random.Random(seed)
        states = drawn(rng, costs, least)
        ends = [(rng.randint(-5, 50), rng.randint(-5, 50)) for _ in range(costs)]
        bounds = [
            rng.choice(((-math.inf, high), (low, math.inf), (low, high), (-math.inf, math.inf))) for low, high in ends
        ]
        made = _Bounded(states, bounds, 0)
        count = nodes(made)
        several += count > 3
        for limit in (count - 1, count):
            made.limit = limit
            assert made._surely_too_many() == (count > limit)
    assert several > 20
