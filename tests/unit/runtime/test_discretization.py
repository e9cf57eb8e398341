"""Which decisions SDAS fixes, when, in which order and to what."""

from __future__ import annotations

import random

import pytest

from stdsl.compiler.analysis.derivation.derive import derive
from stdsl.compiler.analysis.derivation.reading import Reading
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.families.gradient.settings import Discretize
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.strategies.gradient.discretization import Discretization

SCHEDULES = {
    "a": "M * t / T",
    "b": "M * (t / T) ** 4",
    "c": "M * (1 - (1 - t / T) ** 4)",
}


@pytest.fixture(scope="module")
def darts() -> Discretization:
    job = load_job("darts", "sdas_b")
    return Discretization(job.graph, settings("a"), Reading())


def settings(schedule: str, priority: str = "margin") -> Discretize:
    return Discretize.model_validate({"count": SCHEDULES[schedule], "priority": priority})


@pytest.mark.parametrize(
    ("schedule", "quarters"), [("a", [9, 18, 27, 36]), ("b", [0, 2, 11, 36]), ("c", [24, 33, 35, 36])]
)
def test_the_schedules_of_the_paper(darts: Discretization, schedule: str, quarters: list[int]) -> None:
    """M = 28 edges + 8 nodes; M_t of the three schedules at a quarter, a half, three quarters and the end."""
    one = Discretization(darts.graph, settings(schedule), Reading())
    assert one.total == 36
    assert [one.due(t, 1000) for t in (250, 500, 750, 1000)] == quarters
    counts = [one.due(t, 1000) for t in range(1, 1001)]
    assert counts == sorted(counts)


def test_a_schedule_that_stops_short_still_ends_at_all(darts: Discretization) -> None:
    short = Discretization(darts.graph, Discretize.model_validate({"count": "M * t / (2 * T)"}), Reading())
    assert short.due(999, 1000) == 17
    assert short.due(1000, 1000) == 36


def test_the_space_shrinks_from_the_published_size_to_one(darts: Discretization) -> None:
    rng = random.Random(1)
    scores = {d.path: [rng.random() for _ in d.options] for d in darts.graph.decisions}
    one = Discretization(darts.graph, settings("a"), Reading())
    steps = one.advance(36, scores)
    assert [s.exact for s in steps] == [True] * 36
    left = [1_076_746_950_455_072_400, *(s.remaining for s in steps)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 1
    margins = {s.path: s.margin for s in steps}
    order = [s.path for s in steps]
    edges = [p for p in order if p.endswith("kind")]
    assert [margins[p] for p in edges] == sorted((margins[p] for p in edges), reverse=True)
    for cell in ("normal", "reduction"):
        site = order.index(f"{cell}.x[1].inputs")
        mine = [order.index(p) for p in edges if p.startswith(cell) and ("x[1][" in p or "halved[1]" in p)]
        assert site == max(mine) + 1  # a site goes as soon as its edges are decided
    for step in steps:
        decision = darts.graph.by_path[step.path]
        row = scores[step.path]
        if decision.kind == "choose":
            assert step.value == decision.options[row.index(max(row))]
            first, second = sorted(row, reverse=True)[:2]
            assert step.margin == pytest.approx(first - second)
        elif not decision.trivial:
            best = sorted(range(len(row)), key=lambda i: -row[i])
            assert step.value == tuple(sorted(i + 1 for i in best[:2]))
            assert step.margin == pytest.approx(row[best[1]] - row[best[2]])


def test_ties_go_by_path(darts: Discretization) -> None:
    scores = {d.path: [0.5] * len(d.options) for d in darts.graph.decisions}
    one = Discretization(darts.graph, settings("a"), Reading())
    order = [s.path for s in one.advance(2, scores)]
    assert order == sorted(order)


def test_what_was_fixed_can_be_taken_up_again(darts: Discretization) -> None:
    rng = random.Random(2)
    scores = {d.path: [rng.random() for _ in d.options] for d in darts.graph.decisions}
    one, two = (Discretization(darts.graph, settings("a"), Reading()) for _ in range(2))
    one.advance(20, scores)
    two.restore({path: list(v) if isinstance(v, tuple) else v for path, v in one.fixed.items()})
    assert two.fixed == one.fixed
    assert len(two.network.nodes) == len(one.network.nodes)
    assert one.advance(36, scores) == two.advance(36, scores)


WITH_ZEROS = """stdsl 1
ops candidates = {none: zero, skip, frame: conv(same, 1x3x3), time: conv(same, 3x1x1)}
meta net on video: clip(2, 4, 8, 8) {
  for i in 1..2 {
    x[i] = [video, video, *x[<i]] -> each choose candidates as kind -> keep 2 as inputs -> sum
  }
  return x -> concat
}
space s = net
"""


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("priority", ["margin", "entropy", "path"])
def test_no_zero_is_fixed_where_none_is_to_be_derived(seed: int, priority: str) -> None:
    """The operation of an edge is fixed before it is known whether the edge is kept, and a site keeps all of its
    edges: what the steps come to is what is derived from the same weights at once."""
    graph = load_text(WITH_ZEROS).graph
    rng = random.Random(seed)
    scores = {d.path: [rng.random() for _ in d.options] for d in graph.open if d.kind == "choose"}
    scores = {path: [3, *row[1:]] for path, row in scores.items()}
    scores = {path: [weight / sum(row) for weight in row] for path, row in scores.items()}
    for zeros, named in (("never", False), ("allowed", True)):
        one = Discretization(graph, settings("a", priority), Reading("alpha", zeros))  # type: ignore[arg-type]
        steps = one.advance(one.total, scores)
        assert any(step.value == "none" for step in steps) == named
        whole = derive(graph, scores, "alpha", zeros=zeros)  # type: ignore[arg-type]
        assert {path: value for path, value in one.values.items() if path in whole} == dict(whole)
        if zeros == "never":
            for step in steps:
                if step.path.endswith("kind"):
                    first, second = sorted(scores[step.path][1:], reverse=True)[:2]
                    assert step.margin == pytest.approx(first - second)
