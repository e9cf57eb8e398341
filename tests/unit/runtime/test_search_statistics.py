"""How far searches lean to operations without weights, and when that is a collapse."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.derivation.weightless import weightless
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.strategies.statistics import leaning


def test_skips_and_pools_are_without_weights() -> None:
    graph = load_job("darts", "sdas_b").graph
    found = weightless(graph)
    edge = graph.by_path["normal.x[2][1].kind"]
    assert {edge.options[i] for i in found[edge.path]} == {"max_pool", "avg_pool", "skip"}
    halved = graph.by_path["reduction.halved[1][1].kind"]  # a skip with a stride is a convolution
    assert {halved.options[i] for i in found[halved.path]} == {"max_pool", "avg_pool"}
    assert len(found) == 28


def test_leaning() -> None:
    options = {"a": frozenset({0}), "b": frozenset({0}), "c": frozenset({1})}
    even = leaning({path: [0.25] * 4 for path in options}, options)
    assert even is not None
    assert (even.weight, even.even, even.chooses) == (0.25, 0.25, 3)
    skips = {"a": [0.7, 0.1, 0.1, 0.1], "b": [0.4, 0.2, 0.2, 0.2], "c": [0.1, 0.6, 0.2, 0.1]}
    lean = leaning(skips, options)
    assert lean is not None
    assert (lean.likeliest, lean.collapsed) == (3, True)
    assert lean.weight == pytest.approx((0.7 + 0.4 + 0.6) / 3)
    learnt = leaning({path: [0.1, 0.1, 0.7, 0.1] for path in options}, options)
    assert learnt is not None
    assert not learnt.collapsed
    assert leaning({}, options) is None
