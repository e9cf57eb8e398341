"""What architectures are compared by: one number each, or several objectives by dominance and crowding."""

from __future__ import annotations

import math
from collections.abc import Sequence

Scores = tuple[float, ...]
"""Of each objective, so that the greater is the better; what is not known is -∞."""

Place = tuple[float, float]
"""What orders architectures, the greater the better: the front it is on (0 for the first, then -1, …), and how far it
is from its neighbours there. Of one objective: its score, and 0."""


def places(scores: Sequence[Scores]) -> list[Place]:
    """The place of each; by one objective, or by non-dominated sorting and crowding distances (K. Deb et al., "A fast
    and elitist multiobjective genetic algorithm: NSGA-II", 2002)."""
    if not scores:
        return []
    if len(scores[0]) == 1:
        return [(own[0], 0.0) for own in scores]
    found: list[Place] = [(0.0, 0.0)] * len(scores)
    for rank, front in enumerate(fronts(scores)):
        for index, distance in zip(front, crowding([scores[i] for i in front]), strict=True):
            found[index] = (-float(rank), distance)
    return found


def dominates(a: Scores, b: Scores) -> bool:
    """Whether ``a`` is nowhere worse and somewhere better."""
    return all(x >= y for x, y in zip(a, b, strict=True)) and a != b


def fronts(scores: Sequence[Scores]) -> list[list[int]]:
    """Indices by non-domination: what nothing dominates, what nothing of the rest dominates, and so on. Each in
    order."""
    below: list[list[int]] = [[] for _ in scores]
    above = [0] * len(scores)
    for i, a in enumerate(scores):
        for j in range(i):
            if dominates(a, scores[j]):
                below[i].append(j)
                above[j] += 1
            elif dominates(scores[j], a):
                below[j].append(i)
                above[i] += 1
    found: list[list[int]] = []
    front = [i for i, count in enumerate(above) if count == 0]
    while front:
        found.append(front)
        following = []
        for i in front:
            for j in below[i]:
                above[j] -= 1
                if above[j] == 0:
                    following.append(j)
        front = sorted(following)
    return found


def best(scores: Sequence[Scores]) -> list[int]:
    """Indices of what nothing dominates, of equal ones the first, in order."""
    first: dict[Scores, int] = {}
    for index, own in enumerate(scores):
        first.setdefault(own, index)
    different = list(first)
    return sorted(first[different[i]] for front in fronts(different)[:1] for i in front)


def crowding(front: Sequence[Scores]) -> list[float]:
    """Of each the sum, over objectives, of the distance between its two neighbours as a share of the whole range;
    infinite at the ends. Where an objective is nowhere known, or the same everywhere, it adds nothing."""
    distances = [0.0] * len(front)
    for objective in range(len(front[0])):
        order = sorted(range(len(front)), key=lambda i: front[i][objective])
        low, high = front[order[0]][objective], front[order[-1]][objective]
        if not high > low:
            continue
        distances[order[0]] = distances[order[-1]] = math.inf
        if math.isinf(low) or math.isinf(high):
            continue
        for before, i, after in zip(order, order[1:], order[2:], strict=False):
            distances[i] += (front[after][objective] - front[before][objective]) / (high - low)
    return distances
