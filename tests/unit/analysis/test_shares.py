"""The shares of options, against the list of all architectures."""

from __future__ import annotations

from fractions import Fraction

import pytest

import stdsl
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints, costs
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.shares import shares_of
from stdsl.compiler.text.figures import percent

TEXT = """stdsl 1
meta net on x: image(4, 8, 8) {
  y = x -> choose {none: identity, one: conv(4, 3x3), more: conv(4, choose {1, 3, 5} as size) -> relu} as kind
  z = [x, y, x -> conv(4, 1x1)] -> keep 1..2 as kept -> sum
  return z -> repeat choose 1..2 as times { conv(4, choose {1, 3} as window) }
}
space s = net where """


@pytest.mark.parametrize(
    "where", ["flops <= 20K", "flops in 10K..30K, params <= 400", 'kind == "none"', "kept == 1, depth <= 3"]
)
def test_shares_are_those_of_the_list(where):
    graph = stdsl.loads(TEXT + where).graph
    within = [a for a in architectures(graph) if all(costs(graph, a).within(c) for c in cost_constraints(graph))]
    assert within
    found = shares_of(graph)
    assert found is not None
    for decision in graph.open:
        answers = [arch[decision.path] for arch in within if decision.path in arch]
        assert found[decision.path].asked == Fraction(len(answers), len(within))
        for place, option in enumerate(decision.options):
            own = [place + 1 in answer if isinstance(answer, tuple) else str(answer) == option for answer in answers]
            assert found[decision.path].options[place] == (Fraction(sum(own), len(own)) if own else 0)


def test_percentages_are_rounded_to_none_and_all_only_where_they_are():
    shares = [Fraction(0), Fraction(1, 10**9), Fraction(1, 3), 1 - Fraction(1, 10**9), Fraction(1)]
    assert [percent(share) for share in shares] == ["0%", "<0.1%", "33.3%", ">99.9%", "100%"]
