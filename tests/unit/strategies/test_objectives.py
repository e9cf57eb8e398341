"""Non-dominated sorting and crowding distances, held to their definitions."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from stdsl.runtime.strategies.evolution.objectives import Scores, best, crowding, dominates, fronts, places

SCORES = st.integers(1, 3).flatmap(
    lambda n: st.lists(st.tuples(*[st.integers(0, 4).map(float)] * n), min_size=1, max_size=14)
)


@given(SCORES)
def test_fronts_are_what_nothing_of_the_rest_dominates(scores: list[Scores]) -> None:
    left = list(range(len(scores)))
    for front in fronts(scores):
        assert front == [i for i in left if not any(dominates(scores[j], scores[i]) for j in left)]
        left = [i for i in left if i not in front]
    assert left == []


@given(SCORES)
def test_the_best_are_what_nothing_dominates_each_once(scores: list[Scores]) -> None:
    found = best(scores)
    assert found == sorted(found)
    assert len({scores[i] for i in found}) == len(found)
    assert {scores[i] for i in found} == {a for a in scores if not any(dominates(b, a) for b in scores)}
    assert all(scores.index(scores[i]) == i for i in found)


def test_crowding_is_the_distance_of_neighbours() -> None:
    front = [(0.0, 10.0), (1.0, 8.0), (4.0, 4.0), (10.0, 0.0)]
    assert crowding(front) == [math.inf, (4 - 0) / 10 + (10 - 4) / 10, (10 - 1) / 10 + (8 - 0) / 10, math.inf]
    assert crowding([(1.0, 2.0)]) == [0.0]
    assert crowding([(-math.inf, 0.0), (-math.inf, 1.0), (-math.inf, 2.0)]) == [math.inf, 1.0, math.inf]


def test_of_one_objective_the_score_is_the_place() -> None:
    assert places([(0.5,), (-math.inf,)]) == [(0.5, 0.0), (-math.inf, 0.0)]
    assert places([]) == []


@given(SCORES)
def test_who_dominates_has_the_better_place(scores: list[Scores]) -> None:
    own = places(scores)
    for i, a in enumerate(scores):
        for j, b in enumerate(scores):
            if dominates(a, b):
                assert own[i] > own[j]
