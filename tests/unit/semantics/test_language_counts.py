"""The table of counts of the language reference from text, and the counts of published spaces."""

from __future__ import annotations

import math
import re

import pytest

import stdsl
from stdsl.compiler.analysis.count import decided
from stdsl.compiler.checks.opening import load_space, load_text
from stdsl.compiler.semantics.modules import library_source

UV = "u = x -> choose {a, b}  v = x -> choose {a, b, c}  "
TABLE = {
    "return x -> choose {a, b, deep: choose {c, d, e}}": 5,
    "f = choose {a, b}  return (x -> f) + (x -> f)": 2,
    "return [x, x] -> each choose {a, b} -> sum": 4,
    "return [x, x, x] -> each choose {a, b} -> keep any -> sum": 26,
    "return [x, x, x] -> each choose {a, b} -> keep 2 -> sum": 12,
    "return [x, x, x] -> each choose {a, b} -> keep 0..1 -> sum": 7,
    "return [x, x, x] -> each choose {a, b} -> keep 0..3 -> sum": 27,
    "return [x, x, x] -> each choose {a, b} -> keep all -> sum": 8,
    "return [x, x, x] -> each choose {a, b} -> keep 3 -> sum": 8,
    "return [x, x, x] -> each choose {a, b} -> keep 0 -> sum": 1,
    "return [x, x, x] -> each choose {a, b} -> keep 2..3 -> mean": 20,
    "return x -> maybe (choose {a, b, c})": 4,
    "return x -> repeat choose 1..3 { choose {a, b} }": 14,
    "return x -> repeat choose 0..2 { choose {a, b} }": 7,
    "return x -> tied repeat choose 1..3 { choose {a, b} }": 6,
    "n = choose 1..3 as width  for i in 1..n { y[i] = x -> choose {a, b} }  return y -> sum": 14,
    "n = choose 1..3 as width  y = [x -> choose {a, b} for i in 1..n]  return y -> sum": 14,
    "n = choose 1..2 as n  for i in 1..n { y[i] = x -> choose {a, b} }  return y -> keep 1 -> sum": 6,
    UV + "return choose {u, both: u + v}": 8,
    UV + "return [u, v, u + v] -> keep any -> sum": 35,
    UV + "return [u, v, u + v] -> keep 2 -> p": 6 + 6 + 6,
}


@pytest.mark.parametrize("body", TABLE)
def test_counts(make, body):
    found = make(body, "cell p on l, r { return l + r }")
    assert found.count == str(TABLE[body])
    assert found.listed == TABLE[body]


def test_nas_bench_201(make):
    declared = """
    op unit(k) = relu -> conv(same, k) -> bn
    ops edges = {none: zero, skip, conv1: unit(1x1), conv3: unit(3x3), avg: avg_pool(3x3)}
    tied cell node on x {
      y[0] = x
      for i in 1..3 { y[i] = [x, *y[<i]] -> each choose edges as kind -> sum }
      return y[3]
    }"""
    assert str(decided(make.graph("return x -> repeat 3 { node }", declared))) == "15625"


def darts(nodes=4, kept="2", candidates="o2d", tied="tied "):
    text = library_source("darts").text
    text = text.replace("for i in 1..4", f"for i in 1..{nodes}").replace("keep 2 as", f"keep {kept} as")
    text = re.sub(r"candidates = o2d", f"candidates = {candidates}", text)
    return text.replace("tied cell", f"{tied}cell")


FEWER = "\nops three(stride = 1) = {skip(stride), max_pool(3x3, stride), avg_pool(3x3, stride)}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (darts(), 1_076_746_950_455_072_400),
        (darts(nodes=3), (3 * 6 * 7**6) ** 2),
        (darts(nodes=2, kept="1"), ((2 * 7) * (3 * 7)) ** 2),
        (darts(nodes=2, kept="any"), ((8**2 - 1) * (8**3 - 1)) ** 2),
        (darts(nodes=2, kept="all"), (7**2 * 7**3) ** 2),
        (darts(candidates="three") + FEWER, (3 * 6 * 10 * 3**8) ** 2),
        (darts(nodes=2, tied=""), (3 * 7**4) ** 8),
    ],
)
def test_darts(make, text, expected):
    assert str(decided(make.text(text, "darts_cifar"))) == str(expected)


def test_evanet():
    kinds, lengths = 3, 6
    stream = 1 + kinds * lengths + (kinds * lengths) ** 2 + lengths
    module = sum(stream**n for n in range(1, 7))
    assert str(decided(load_space("evanet", "resnet").graph)) == str((6 * module) ** 4)
    # With the stem open, which has two convolutions in either meta-architecture.
    opened = str(decided(stdsl.load("evanet", "resnet", open_stem=True).graph))
    assert opened == "4528402180179585662630995771351462604060664164360421405056400000000"
    assert opened == str((kinds * lengths) ** 2 * (6 * module) ** 4)
    inception = decided(load_space("evanet", "inception_net").graph)
    assert str(inception) == str((kinds * lengths) ** 2 * module**9)
    assert f"{float(str(inception)):.1e}" == "6.8e+139"


def test_fusion_of_space_and_time():
    assert str(decided(load_space("fusion3d", "two_gates").graph)) == str(4**58)
    assert str(decided(load_space("fusion3d", "fusion3d").graph)) == str(5**58)
    assert str(decided(load_space("fusion3d", "connectivity").graph)) == str(2**954)


def test_counts_of_one_cell_type_are_binomial():
    for nodes in (2, 3):
        inputs = math.prod(math.comb(i + 1, 2) for i in range(1, nodes + 1))
        graph = load_text(darts(nodes=nodes), "darts_cifar").graph
        assert str(decided(graph)) == str((inputs * 7 ** (2 * nodes)) ** 2)


def test_ops_that_name_other_ops_are_their_sets() -> None:
    text = (
        "stdsl 1\nops first = {relu, gelu}\nops second = first\nops third = second\n"
        "meta m on x: image(3, 8, 8) = x -> choose third as kind\nspace s = m\n"
    )
    assert decided(load_text(text).graph).low == 2


SLOWLY = pytest.mark.slow


@pytest.mark.parametrize(("elements", "most"), [(120, 30), pytest.param(500, 100, marks=SLOWLY)])
def test_keeps_of_many(elements: int, most: int) -> None:
    """It took minutes, and gigabytes."""
    text = (
        f"stdsl 1\nmeta m on x: image(3, 8, 8) {{\n  y = [x -> relu for i in 1..{elements}]\n"
        f"  return y -> keep 0..{most} as k -> sum -> global_avg_pool -> linear(3)\n}}\nspace s = m\n"
    )
    assert stdsl.loads(text).count() == sum(math.comb(elements, size) for size in range(most + 1))


@pytest.mark.parametrize("blocks", [60, pytest.param(1000, marks=SLOWLY)])
def test_long_repeats(blocks: int) -> None:
    """So did these."""
    text = (
        f"stdsl 1\nmeta m on x: image(3, 32, 32) {{\n  y = x -> conv(16, 3x3)\n"
        f"  z = y -> repeat choose 1..{blocks} as times {{\n"
        "    choose {plain: conv(same, 3x3) -> bn -> relu, wide: conv(same, 5x5) -> bn -> relu} as kind\n  }\n"
        "  return z -> global_avg_pool -> linear(10)\n}\nspace s = m\n"
    )
    assert stdsl.loads(text).count() == 2 ** (blocks + 1) - 2


def test_the_mobile_space_within_its_budget() -> None:
    """Two tied cells, of 145 and 445 different sums: the published space of DARTS at 224 pixels, up to 600 M."""
    text = (
        "stdsl 1\nuse sdas (high_resolution)\nuse std.image (o2d)\n"
        "space mobile(c = 48, k = 4) = high_resolution(k, c // 2, 4 * c, o2d, 224, 1000) where flops <= 600M\n"
    )
    assert stdsl.loads(text).count() == 1_049_283_888_639_731_640
