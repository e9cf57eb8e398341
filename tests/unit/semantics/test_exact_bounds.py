"""Bounds of costs are what is written, however great, and however they are computed."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

import stdsl

WIDTHS = (3_000_000_000, 3_000_000_001, 4_000_000_007)
NET = f"""stdsl 1
meta net on x: image(3, 1, 1) {{
  h[0] = x -> global_avg_pool
  for i in 1..3 {{ h[i] = h[i - 1] -> linear((choose {{{", ".join(map(str, WIDTHS))}}} as width)) }}
  return h[3]
}}
"""
COSTS = sorted(3 * a + a * b + b * c for a, b, c in itertools.product(WIDTHS, repeat=3))
CUT = COSTS[13]


@pytest.mark.parametrize(
    ("bound", "allowed"),
    [
        (f"<= {CUT}.5", lambda cost: cost <= CUT),
        (f"<= {CUT - 1}.5", lambda cost: cost < CUT),
        (f"<= {2 * CUT}/2", lambda cost: cost <= CUT),
        (f"<= ({2 * CUT} - 1)/2", lambda cost: cost < CUT),
        (f"> {2 * CUT}/2", lambda cost: cost > CUT),
        (f">= {CUT}.5 - 0.5", lambda cost: cost >= CUT),
        (f"< {CUT}.5", lambda cost: cost <= CUT),
        (f"in {CUT}.5 .. 1e308 * 10", lambda cost: cost > CUT),
        (f"== {CUT * 10}*0.1", lambda cost: cost == CUT),
    ],
)
def test_beyond_floats(bound: str, allowed: object) -> None:
    space = stdsl.loads(f"{NET}space s = net where flops {bound}")
    right = [cost for cost in COSTS if allowed(cost)]  # type: ignore[operator]
    assert space.count() == len(right)
    costs = space.costs().flops
    assert costs is not None
    assert (costs.min, costs.max) == (right[0], right[-1])
    assert costs.mean == round(Fraction(sum(right), len(right)))


def test_quotients_and_points_of_small_numbers() -> None:
    """In floats, 0.29 * 100 is 28.999999999999996."""
    net = "stdsl 1\nmeta net on x: image(29, 1, 1) = x -> global_avg_pool -> linear(choose {1, 2} as width)\n"
    assert stdsl.loads(f"{net}space s = net where flops <= 0.29 * 100").count() == 1
    assert stdsl.loads(f"{net}space s(part = 0.29) = net where flops <= part * 100").count() == 1
    with pytest.raises(stdsl.SpaceError, match="E0441"):
        stdsl.loads(f"{net}space s = net where flops <= 0.29 * 99.9")


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ("<= 0x20", "not with a tuple"),
        ("<= width", "`width` is decided"),
        ("in 3", "compared with a range of numbers here, not with a number"),
        ("<= 1..2", "not with a range"),
        ('<= "600M"', "not with a string"),
        ("<= 1e308 ** 1 * 1e308 ** 1", "greater than any"),
    ],
)
def test_what_is_no_bound_is_named(bound: str, said: str) -> None:
    with pytest.raises(stdsl.SpaceError) as raised:
        stdsl.loads(f"{NET}space s = net where flops {bound}")
    (found,) = raised.value.diagnostics
    assert found.code == "E0410"
    assert said in found.message
