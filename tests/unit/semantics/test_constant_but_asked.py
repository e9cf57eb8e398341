"""Conditions, counts, bounds and indices of constant value ask for everything that they are written with."""

from __future__ import annotations

import pytest

import stdsl

CELLS = """cell two on l, r { return [l, r] -> concat -> pointwise(4) }
ops O = {a, b}
cell pick(f) on x = x -> f
"""


def test_counts_in_a_repeat_and_in_a_conv():
    text = """stdsl 1
meta m on x: image(4, 8, 8) {
  n = choose {2, 4} as d
  y = x -> repeat (0 * n + 1) { relu }
  return y -> global_avg_pool -> linear(2)
}
space in_repeat = m
meta m2 on x: image(4, 8, 8) {
  n = choose {2, 4} as d
  return x -> conv(4, 0 * n + 1) -> global_avg_pool -> linear(2)
}
space in_conv = m2
"""
    for name in ("in_repeat", "in_conv"):
        space = stdsl.loads(text, name)
        assert space.count() == len(list(space.architectures())) == 2


ZERO = "0 * n"
TESTED = f"if {ZERO} == 0 then"
ASKING = [
    f"return x -> repeat {ZERO} + 1 {{ relu }}",
    f"return x -> repeat {ZERO} {{ relu }}",
    f"return x -> tied repeat {ZERO} + 2 {{ relu }}",
    f"return x -> ({TESTED} relu else gelu)",
    f"return {TESTED} x else x -> relu",
    f"return x -> conv(4, {TESTED} 3 else 1)",
    f"g = {TESTED} relu else gelu  return x -> g -> tanh",
    f"g = ({TESTED} relu else gelu) -> tanh  return x -> g",
    f"g = ({TESTED} relu else gelu) + tanh  return x -> g",
    f"f = {TESTED} conv else depthwise  return x -> f(4, 3)",
    f"f = {TESTED} repeat 2 {{ relu }} else gelu  return x -> f",
    f"f = {TESTED} each relu else each gelu  return [x, x] -> f -> sum",
    f"return x -> pick({TESTED} relu else gelu)",
    f"return x -> choose {{only: {TESTED} relu else gelu}}",
    f"l = {TESTED} [x, x] else [x]  return l -> sum",
    f"l = {TESTED} [x, x] else [x]  return l[1]",
    f"l = {TESTED} [x, x] else [x]  return [*l, x] -> mean",
    f"l = {TESTED} [x, x] else [x]  return l -> two",
    f"l = {TESTED} [x, x] else [x]  return l -> add",
    f"l = {TESTED} [x, x] else [x]  return l -> each relu -> sum",
    f"l = {TESTED} [x, x] else [x]  return [y -> relu for y in l] -> sum",
    f"l = {TESTED} [x, x] else [x]  return last(1, l) -> sum",
    f"l = {TESTED} [x, x] else [x]  return l[<2] -> sum",
    f"l = {TESTED} [] else [1]  return x -> conv(4, 1 + len(l))",
    f"l = {TESTED} [1, 2] else [1]  return x -> conv(4, if 2 in l then 3 else 1)",
    f"l = {TESTED} [1, 2] else [1]  return x -> conv(4, if 7 not in l then 3 else 1)",
    f"return x -> pointwise(len([i for i in 1..({ZERO} + 3)])) -> pointwise(4)",
    f"return [x for i in 1..({ZERO} + 3)] -> sum",
    f"for i in 1..({ZERO} + 3) {{ y[i] = x -> relu }}  return y -> sum",
    f"for i in 1..({ZERO} + 3) {{ y[i] = x -> relu }}  return x -> pointwise(len(y)) -> pointwise(4)",
    f"for i in 1..({ZERO}) {{ y[i] = x -> relu }}  return [*y, x] -> sum",
    f"return [x, x -> relu][{ZERO} + 1]",
    f"return x -> [relu, gelu][{ZERO} + 1]",
    f"return x -> conv(4, [1, 3][{ZERO} + 1])",
    f"return [[x], [x -> relu]][{ZERO} + 1] -> sum",
    f"return last({ZERO} + 1, [x, x]) -> sum",
    f"return x -> pointwise(len(last({ZERO} + 1, [1, 2]))) -> pointwise(4)",
    f"f = {TESTED} min else max  return x -> conv(4, f(1, 3))",
    f"return x -> conv(4, if {ZERO} + 2 in [1, 2] then 3 else 1)",
    f"return x -> conv(4, if {ZERO} + 2 in 1..3 then 3 else 1)",
    f"return x -> conv(4, if 2 in 1..({ZERO} + 3) then 3 else 1)",
    f"return x -> conv(4, if {ZERO} == 0 and true then 3 else 1)",
    f"return x -> conv(4, if {ZERO} == 1 or true then 3 else 1)",
    f"return x -> conv(4, if not {ZERO} == 1 then 3 else 1)",
    f"return x -> conv({ZERO} + same, 1x1)",
    f"return x -> conv({TESTED} same else 1, 1x1)",
]
CHOOSING = [
    f"return x -> choose ({TESTED} {{a, b}} else {{c}}) as k",
    f"return x -> choose ({TESTED} O else {{c}}) as k",
    f"s = {TESTED} {{conv, depthwise}} else {{conv}}  return x -> choose s(4, 3) as k",
    f"l = {TESTED} [x, x -> relu] else [x]  return l -> keep 1 as k -> sum",
]
LAZY = [
    f"y = x -> repeat {ZERO} + 1 {{ relu }}  return x",
    f"return if true or {ZERO} == 0 then x else x -> relu",
    f"return if false and {ZERO} == 0 then x else x -> relu",
    f"for i in 1..({ZERO} + 3) {{ y[i] = x -> relu }}  return y[2]",
    f"for i in 1..({ZERO} + 3) {{ y[i] = x -> relu }}  return y[<3] -> sum",
]


@pytest.mark.parametrize(
    ("body", "count"),
    [*((body, 2) for body in ASKING), *((body, 4) for body in CHOOSING), *((body, 1) for body in LAZY)],
)
def test_counts(make, body, count):
    found = make(f"n = choose 2..3 as n  {body}", CELLS)
    assert (found.count, found.listed) == (str(count), count)
