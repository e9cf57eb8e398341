"""What separate trainings tell: the best within budgets of a cost."""

from __future__ import annotations

from typing import Any

import pytest

import stdsl
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.runtime.strategies.separate import ranked, tried_front

TEXT = """\
stdsl 1
meta net on x: image(4, 8, 8) {
  y = x -> conv(choose {2, 4, 8, 16} as width, choose {1, 3} as size)
  return y -> global_avg_pool -> linear(2)
}
space s = net
"""
SPACE = stdsl.loads(TEXT)


def facts(metric: str) -> dict[str, Any]:
    """Trials of all architectures, one of them twice, whose values follow no order."""
    every = [*SPACE.architectures(), SPACE.unrank(3)]
    values = [0.3, 0.8, 0.5, 0.1, 0.9, 0.2, 0.4, 0.7, 0.6]
    trials = [
        {"name": f"trial-{i}", "value": value, "architecture": dict(arch)}
        for i, (arch, value) in enumerate(zip(every, values, strict=True), 1)
    ]
    return {"metric": metric, "trials": trials}


@pytest.mark.parametrize("metric", ["accuracy", "loss"])
@pytest.mark.parametrize("cost", ["params", "flops", "depth"])
@pytest.mark.parametrize("budgets", [[], [0, 200, 5_000, 10**9]])
def test_the_front_is_the_best_trial_within_each_budget(metric: str, cost: Any, budgets: Any) -> None:
    sign = 1 if metric == "accuracy" else -1
    rows = [
        (sign * trial["value"], getattr(costs(SPACE.graph, SPACE.architecture(trial["architecture"])), cost))
        for trial in facts(metric)["trials"]
    ]
    points = tried_front(SPACE.graph, facts(metric), cost, budgets, None)
    assert points
    if not budgets:  # a point for each trial that no cheaper one is as good as, at what it costs
        better = [(v, c) for v, c in rows if not any(w >= v and d <= c and (w, d) != (v, c) for w, d in rows)]
        assert [(point.score, point.cost) for point in points] == sorted(better, key=lambda row: row[1])
        assert [point.budget for point in points] == [point.cost for point in points]
        assert len({point.architecture for point in points}) == len(points)
    for point in points:
        within = [row for row in rows if row[1] <= point.budget]
        assert point.score == (max(within)[0] if within else None)
        assert point.best
        if point.architecture is not None:
            assert (point.score, point.cost) in rows
            assert getattr(costs(SPACE.graph, point.architecture), cost) == point.cost <= point.budget


def test_each_architecture_is_ranked_once() -> None:
    found = ranked(SPACE.graph, facts("accuracy"))
    assert len(found) == len(set(found)) == 8
    assert found[0] == SPACE.unrank(4)
