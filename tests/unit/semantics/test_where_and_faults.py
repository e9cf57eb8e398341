"""A mistake counts only in architectures that `where` leaves."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

NET = """stdsl 1
meta net on image: image(6, 8, 8) {
  g = choose {1, 2, 4, 3} as groups
  y = image -> conv(6 * (choose {1, 2} as width), 3x3, groups = g)
  return y -> global_avg_pool -> linear(10)
}
"""


def diagnostics(where: str, net: str = NET):
    return check_text(Source("t", f"{net}space s = net{where}"))


@pytest.mark.parametrize(
    "where",
    [
        " where 6 * width % groups == 0, groups != 4",
        " where groups <= 3",
        ' where pin("**.groups", "2")',
        " where groups < 4, flops >= 0",
    ],
)
def test_what_is_excluded_is_no_mistake(where: str) -> None:
    assert diagnostics(where) == ()


def test_what_is_left_is() -> None:
    (found,) = diagnostics(" where groups >= 3")
    assert found.code == "E0215"
    assert "groups = 4" in found.message
    (found,) = diagnostics(" where groups >= 3, width == 2")
    assert "groups = 4" in found.message
    assert "width = 1" not in found.message


def test_a_constraint_binds_only_where_its_decision_is_asked_for() -> None:
    net = """stdsl 1
meta net on image: image(6, 8, 8) {
  y = choose {plain: image, grouped: image -> conv(6, 3x3, groups = (choose {2, 4} as groups))}
  z = image -> pointwise(choose {6, 7} as width)
  return [y, z] -> sum -> global_avg_pool -> linear(10)
}
"""
    # Where `y` is plain nobody asks for `groups`, so that the constraint leaves 7 channels there.
    found = diagnostics(" where groups == 2 and width == 6", net)
    assert [(d.code, "width = 7" in d.message) for d in found] == [("E0204", True)]


@pytest.mark.parametrize(
    "wrong", ["group_norm(4)", "conv(4, 3, groups = 4)", "max_pool(9, pad = none)", "conv(4, 2, dilation = 0) -> relu"]
)
def test_what_is_refused_whatever_is_chosen_costs_nothing_where_it_is_left_out(wrong: str) -> None:
    text = (
        "stdsl 1\nmeta net on x: image(6, 8, 8) {\n"
        f"  y = x -> choose {{a: conv(4, 1), b: {wrong}}} as kind\n  return y -> global_avg_pool -> linear(2)\n}}\n"
        'space s = net where kind == "a"\n'
    )
    space = stdsl.loads(text)
    assert space.count() == 1
    found = space.costs(space.sample(0))
    assert (found.params, found.flops) == (6 * 4 + 4 * 2 + 2, 64 * 24 + 8)
    ranges = space.costs()
    assert ranges.params is not None
    assert (ranges.params.min, ranges.params.max) == (found.params, found.params)
