"""The order in which variables are eliminated, against its definition."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

import stdsl
from stdsl.compiler.analysis.diagrams.elimination import ordering
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.ir.diagram import Diagrams


def by_definition(arities: Sequence[int], functions: Sequence[frozenset[int]]) -> list[int]:
    """Always a variable with the fewest cases among those it has to do with; all that it has to do with has to do with
    each other from then on."""
    edges = {frozenset(pair) for f in functions for pair in combinations(sorted(f), 2)}
    used = {v: sum(v in f for f in functions) for v in set().union(*functions)}
    left, order = set(used), []
    while left:
        near = {v: {u for u in left if frozenset((u, v)) in edges} | {v} for v in left}
        best = min(left, key=lambda v: (math.prod(arities[u] for u in near[v]), used[v], v))
        edges |= {frozenset(pair) for pair in combinations(sorted(near[best] - {best}), 2)}
        left.remove(best)
        order.append(best)
    return order


@given(st.data())
def test_as_defined(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 9))
    arities = data.draw(st.lists(st.sampled_from([2, 4, 8, 16]), min_size=n, max_size=n))
    reads = data.draw(st.lists(st.frozensets(st.integers(0, n - 1), min_size=1, max_size=4), min_size=1, max_size=9))
    diagrams = Diagrams()
    variables = [diagrams.variable(i, arity) for i, arity in enumerate(arities)]
    functions = [tuple(diagrams.case(variables[v], range(arities[v])) for v in sorted(read)) for read in reads]
    assert ordering(diagrams, functions) == by_definition(arities, reads)


def test_wide_keeps_are_looked_into() -> None:
    """Of sixty convolutions a level, hardly one may be there."""
    graph = stdsl.loads("""stdsl 1
meta net on x: image(4, 32, 32) {
  h[0] = x
  for i in 1..4 { h[i] = [h[i-1] -> conv(4, 2 * j) for j in 1..60] -> keep any as ins -> sum }
  return h[4] -> global_avg_pool -> linear(10)
}
space s = net where params <= 500, params >= 400
""").graph
    found = satisfiable(graph)
    assert found.architecture is not None
    assert found.diagnostic is None
