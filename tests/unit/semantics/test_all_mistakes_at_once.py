"""Mistakes of one part of a file hide none of another's."""

from __future__ import annotations

import itertools

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

BASE = """stdsl 1
meta net(c = 8) on x: image(3, 8, 8) {
  y = [x, x] -> each choose {a: conv(c, 1x1), b: conv(c, 3x3)} as kind -> sum
  return y -> global_avg_pool -> linear(10)
}
"""

PARTS = {
    "syntax": ("meta cut on x: image(3, 8, 8) = x -> conv(4 3x3)\n", "E0101"),
    "name": ("cell part on x = x -> nosuch\n", "E0201"),
    "number": ("let half = 1 / 0\n", "E0222"),
    "shape": (
        "meta odd on x: image(3, 8, 8) = [x -> conv(4, 1x1), x -> conv(5, 1x1)] -> sum -> global_avg_pool\n"
        "space uneven = odd\n",
        "E0204",
    ),
    "costs": ("space costly = net where flops <= 3\n", "E0441"),
    "range": ("space backwards = net where flops in 3..1\n", "E0410"),
    "label": ('space misspelt = net where kinb == "a"\n', "E0411"),
    "strategy": ("strategy slow = gradient { stepz = 3 }\n", "E0501"),
}


@pytest.mark.parametrize("names", list(itertools.combinations(PARTS, 3))[::4])
def test_each_is_reported_once(names):
    for order in (names, names[::-1]):
        found = check_text(Source("several", BASE + "".join(PARTS[name][0] for name in order)))
        assert sorted(d.code for d in found) == sorted(PARTS[name][1] for name in names)


def test_all_together():
    found = check_text(Source("several", BASE + "".join(text for text, _ in PARTS.values())))
    assert sorted(d.code for d in found) == sorted(code for _, code in PARTS.values())


def test_a_wrong_strategy_hides_no_space_of_the_search():
    text = """search s {
      space = nowhere
      strategy = gradient { steps = -1 }
      data = cifar10(root = "data")
      retrain { space = nor_here  steps = 2 }
      compare { spaces = [not_here(c = 3)] }
    }
    """
    codes = [d.code for d in check_text(Source("search", BASE + text))]
    assert codes == ["E0201", "E0505", "E0201", "E0201"]


def test_a_space_with_a_mistake_in_what_it_is_made_of_has_no_costs():
    text = BASE.replace("conv(c, 3x3)", "conv(c 3x3)") + "space costly = net where flops <= 3\n"
    assert [d.code for d in check_text(Source("mistake", text))] == ["E0101"]


def test_a_constant_that_settings_read_is_told_of_once() -> None:
    text = "stdsl 1\nlet rounds = 2 * trials\nstrategy long = gradient { epochs = rounds }\n"
    found = check_text(Source("text.space", text))
    assert [d.code for d in found if d.span is not None and d.span.text == "trials"] == ["E0201"]
