"""Sums over many independent decisions: as many cases as there are sums, not as there are architectures."""

from __future__ import annotations

import itertools

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.addition import added
from stdsl.compiler.ir.diagram import IMPOSSIBLE, Diagrams, DiagramTooLarge, TooManySteps, evaluate, inner_nodes

SPACE = """stdsl 1
meta net on image: image(3, 8, 8) {{
  for i in 1..40 {{
    y[i] = image -> conv((choose {{{}}} as width), 1x1)
  }}
  return y -> concat -> global_avg_pool -> linear(2)
}}
space s = net
"""


def check(alternatives):
    return [d.code for d in check_text(Source("sums", SPACE.format(alternatives)))]


def test_a_concat_of_many_equal_choices_is_fine():
    assert check("16, 24, 32") == []


def test_a_concat_with_too_many_different_widths_is_reported():
    assert check("a: 8 + i * i * i, b: 8 + i * i") == ["E0225"]


def test_a_sum_of_choices_has_a_node_for_each_sum_on_the_way():
    diagrams = Diagrams()
    variables = [diagrams.variable(i, 3) for i in range(30)]
    total = added(diagrams, [diagrams.case(v, (2, 3, 4)) for v in variables])
    assert sum(1 for _ in inner_nodes(total)) == sum(2 * i + 1 for i in range(30))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::5])
def test_a_sum_is_that_of_its_parts(order):
    diagrams = Diagrams()
    a, b, c = (diagrams.variable(i, 2) for i in range(3))
    parts = [
        diagrams.case(a, (1, 5)),
        diagrams.select(a, (diagrams.case(c, (2, 9)), 3)),
        diagrams.case(b, (1, IMPOSSIBLE)),
        7,
    ]
    total = added(diagrams, [parts[i] for i in order])
    for answers in itertools.product(range(2), repeat=3):
        given = dict(enumerate(answers))
        values = [evaluate(part, given) for part in parts]
        assert evaluate(total, given) == (IMPOSSIBLE if IMPOSSIBLE in values else sum(values))


def test_parts_that_make_up_for_one_another():
    diagrams = Diagrams()
    a, b = (diagrams.variable(i, 2) for i in range(2))
    there, gone = diagrams.case(a, (0, 1)), diagrams.case(a, (1, 0))
    assert added(diagrams, [there, gone]) == 1
    assert added(diagrams, [there, gone, there]) is diagrams.case(a, (1, 2))
    both = added(diagrams, [gone, there, diagrams.case(b, (2, 3)), gone])
    assert [evaluate(both, {0: i, 1: j}) for i in (0, 1) for j in (0, 1)] == [4, 5, 3, 4]


def test_steps_are_counted_over_operations():
    diagrams = Diagrams()
    variables = [diagrams.variable(i, 2) for i in range(10)]
    cases = [diagrams.case(v, (0, 2**i)) for i, v in enumerate(variables)]
    diagrams.steps = 1_500
    total = added(diagrams, cases)
    assert diagrams.steps == 1_500 - (2**10 - 1)
    with pytest.raises(TooManySteps):
        diagrams.apply(lambda v: v + 1, total)
    with pytest.raises(DiagramTooLarge):
        diagrams.ite(diagrams.test(variables[0], 1), total, 0)


def test_parts_that_cancel_out_leave_no_place_behind():
    diagrams = Diagrams()
    a, b = (diagrams.variable(i, 2) for i in range(2))
    parts = [diagrams.case(a, (4, 0)), diagrams.case(a, (0, 4)), diagrams.case(a, (0, 4)), diagrams.case(b, (1, 2))]
    for order in itertools.permutations(parts):
        total = added(diagrams, order)
        for answers in itertools.product(range(2), repeat=2):
            given = dict(enumerate(answers))
            assert evaluate(total, given) == sum(evaluate(part, given) for part in parts)
