"""What is remembered of a graph goes with it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest

import stdsl
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.checks.where.satisfiable import satisfiable

TEXT = """stdsl 1
meta tower(n) on x: image(3, 8, 8) {
  return x -> repeat n { conv((choose {7, 12, 19} as width), (choose {1, 3} as k)) } -> global_avg_pool -> linear(4)
}
space s = tower"""


@pytest.mark.parametrize("where", ["(3)", "(3) where flops <= 100K", "(8) where flops <= 800K", "(8) where depth <= 9"])
def test_a_graph_is_let_go(where: str) -> None:
    space = stdsl.loads(f"{TEXT}{where}\n")
    space.count()
    space.costs()
    space.costs(space.samples(40))
    space.architecture(dict(space.sample(1)))
    satisfiable(space.graph)
    relaxable(space.graph)
    graph = weakref.ref(space.graph)
    del space
    gc.collect()
    assert graph() is None


def test_a_changed_graph_remembers_nothing_of_the_one_before() -> None:
    graph = stdsl.loads(f"{TEXT}(3)\n").graph
    assert count(graph).low == 6**3
    assert graph.remembered
    assert not replace(graph, name="other").remembered
