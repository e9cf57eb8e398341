"""Conditions made simpler by what keeps allow, against all that they allow."""

from __future__ import annotations

import itertools
import random
from collections import Counter

import pytest

import stdsl
from stdsl.compiler.analysis.allowed import Allowed
from stdsl.compiler.analysis.costs.measures import Measure
from stdsl.compiler.analysis.sums.walking.walks import walk
from stdsl.compiler.ir.diagram import Diagrams, Guard, evaluate, inner_nodes

KEEPS = """
stdsl 1
meta net on x: image(4, 8, 8) {
  a = [x -> conv(4, j) for j in 1..4] -> keep 2..3 as ins -> sum
  b = a -> choose {skip, c: conv(4, 3)} as kind
  return [b -> conv(4, j) for j in 1..3] -> keep any as last -> sum -> global_avg_pool -> linear(2)
}
space s = net
"""


def test_the_same_for_all_that_is_allowed() -> None:
    graph = stdsl.loads(KEEPS).graph
    diagrams, allowed = graph.diagrams, Allowed(graph)
    variables = [v for d in graph.open for v in d.variables]
    rows = [
        dict(zip((v.index for v in variables), answers, strict=True))
        for answers in itertools.product(*(range(v.arity) for v in variables))
    ]
    rows = [row for row in rows if all(evaluate(d.valid, row) is True for d in graph.open)]
    rng = random.Random(0)
    shorter = settled = 0
    for _ in range(300):
        joint = rng.choice([(diagrams.both,), (diagrams.either,), (diagrams.both, diagrams.either)])
        guard: Guard = joint[0] == diagrams.both
        for v in rng.choices(rng.choice([variables, variables[:4]]), k=rng.randint(1, 7)):
            guard = rng.choice(joint)(guard, diagrams.test(v, rng.randrange(v.arity)))
        simple = allowed.simplified(guard)
        values = {evaluate(guard, row) for row in rows}
        assert all(evaluate(simple, row) is evaluate(guard, row) for row in rows)
        assert len(values) == 2 or simple in values, "what never changes is no question"
        settled += len(values) == 1 and not isinstance(guard, bool)
        shorter += len(list(inner_nodes(simple))) < len(list(inner_nodes(guard)))
    assert settled > 5
    assert shorter > 10


def keeps(levels: int, elements: int, where: str) -> str:
    """Levels of sums of some of several convolutions each."""
    return f"""stdsl 1
meta net on x: image(4, 32, 32) {{
  h[0] = x
  for i in 1..{levels} {{ h[i] = [h[i-1] -> conv(4, j) for j in 1..{elements}] -> keep any as ins -> sum }}
  return h[{levels}] -> global_avg_pool -> linear(10)
}}
space s = net where {where}
"""


def test_levels_of_keeps_are_a_knapsack() -> None:
    """Convolutions with windows of 1 to 8: 4 × 4 × j² × 1024 FLOPs each; the last layer has 40."""
    one = Counter(
        sum(16 * j * j * 1024 for j in chosen) for k in range(1, 9) for chosen in itertools.combinations(range(1, 9), k)
    )
    sums = Counter({40: 1})
    for _ in range(3):
        sums = _plus(sums, one)
    right = sum(n for flops, n in sums.items() if flops <= 5_013_504)
    space = stdsl.loads(keeps(3, 8, "flops <= 5013504"))
    assert space.count() == right == 8_163_264
    costs = space.costs().flops
    assert costs.exact
    assert costs.max == max(flops for flops in sums if flops <= 5_013_504)


def _plus(a: Counter[int], b: Counter[int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for x, n in a.items():
        for y, m in b.items():
            found[x + y] += n * m
    return found


def test_what_is_remembered_does_not_double_with_each_element() -> None:
    states = []
    for elements in (8, 12):
        graph = stdsl.loads(keeps(2, elements, "flops <= 5M")).graph
        found = walk(graph, [Measure("flops")])
        assert found is not None
        states.append(len(found.steps))
    assert states[1] < 2 * states[0]


def test_elements_that_are_passed_over_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the condition of each of 30 elements those before it were joined anew: a check of 120 took minutes."""
    text = "meta m on x: image(3, 8, 8) = [x -> relu for i in 1..30] -> keep 0..8 as k -> sum"
    graph = stdsl.loads(f"stdsl 1\n{text}\nspace s = m\n").graph
    variables = graph.open[0].variables
    elements = [graph.diagrams.test(variable, 1) for variable in variables]
    allowed, joined = Allowed(graph), Counter[str]()
    either = Diagrams.either

    def counted(diagrams: Diagrams, a: Guard, b: Guard) -> Guard:
        joined["either"] += 1
        return either(diagrams, a, b)

    monkeypatch.setattr(Diagrams, "either", counted)
    assert [allowed.simplified(element) for element in elements] == elements
    assert joined["either"] < len(variables)
