"""Constraints over decisions and costs, in what is counted, listed and sampled."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.ir.graph import CostConstraint

W = "w = choose {2, 4, 6} as width  k = choose {1, 2, 4} as heads  y = x -> pointwise(w) -> pointwise(4 * k)  return y"
K = "y = [x, x -> a, x -> b] -> keep any as ins -> sum  u = [x, y] -> each st -> sum  return u"
TWO = "for i in 1..2 { c[i] = x -> m2 }  return c -> sum"
M2 = """cell m2 on x {
  w = choose {2, 4} as width
  h = choose {1, 2} as heads
  return x -> pointwise(w) -> pointwise(h) -> pointwise(4)
}"""
DEEP = """n = choose 1..2 as n
  for i in 1..n { h[i] = x -> choose {a, b, deep: choose {c, d} as inner} as kind }
  return h -> sum"""
MAYBE = "y = choose {x, q: [x -> a, x -> b] -> keep any as ins -> sum}  return [x, y] -> sum"

CASES = [
    (W, "", "width % heads == 0", 7),
    (W, "", "width <= 4, width in {2, 4}", 6),
    (W, "", '"**.width" % "**.heads" == 0', 7),
    (W, "", '"w.width" == 4', 3),
    (W, "", "width == 4 and heads >= 2", 2),
    (W, "", "width == 4 or heads == 4", 5),
    (W, "", "not (width == 4)", 6),
    (W, "", "width not in {4}", 6),
    (W, "", "width in 3..8", 6),
    (W, "", "if width == 4 then heads == 1 else true", 7),
    (W, "", "2 <= 1", 0),
    (W, "", "min(width, heads) == 4", 2),
    (K, "", 'size("**.ins") <= 2', 24),
    (K, "", "ins <= 2", 24),
    (K, "", 'size("**.ins") >= 2, size("**.ins") <= 2', 12),
    (K, "", 'pin("u[1].kind", "a")', 14),
    (K, "", 'pin("**.kind", "a")', 7),
    (K, "", 'kind == "a"', 7),
    (K, "", '"u[1].kind" != "u[2].kind"', 14),
    (DEEP, "", 'inner == "c"', 3 + 9),
    (TWO, M2, "width > heads", 9),
    (TWO, M2, "width != 2 * heads or heads == 2", 9),
    (MAYBE, "", 'size("**.ins") >= 2', 1),
    (MAYBE, "", 'size("**.ins") <= 1', 1 + 2),
    (MAYBE, "", "ins >= 2", 1 + 1),
    ("for i in 1..2 { h[i] = [x, x -> a] -> keep any as ins -> sum }  return h -> sum", "", 'size("**.ins") <= 3', 8),
    ("y = maybe (x -> a) as g  z = maybe (x -> b) as g2  return [x, y, z] -> sum", "", "g or g2", 3),
    ("p = choose {true, false} as p  return x -> (if p then relu else gelu)", "", "p", 1),
]  # fmt: skip


@pytest.mark.parametrize(("body", "declared", "where", "count"), CASES)
def test_counts(make, body, declared, where, count):
    found = make(body, declared, where)
    assert found.count == str(count)
    assert found.listed == count
    if count:
        allowed = set(architectures(found.graph))
        assert set(sample(found.graph, seed=1, n=20)) <= allowed


@pytest.mark.parametrize(
    ("where", "bounds"),
    [
        ("flops <= 600M", ("flops", None, 600_000_000)),
        ("600M >= flops", ("flops", None, 600_000_000)),
        ("params in 3K..6K", ("params", 3000, 6000)),
        ("depth < 4", ("depth", None, 3)),
        ("activations > 4", ("activations", 5, None)),
        ("params == 10", ("params", 10, 10)),
    ],
)
def test_costs(make, where, bounds):
    (constraint,) = make.graph(W, where=where).constraints
    assert isinstance(constraint, CostConstraint)
    assert (constraint.metric, constraint.low, constraint.high) == bounds


def test_parameters_of_the_space_in_constraints(make):
    from stdsl.compiler.analysis.count import decided

    text = """stdsl 1
    meta m(c) on x: image(4, 8, 8) { return x -> pointwise(choose {2, 4, 8} as width) -> pointwise(c) }
    space s(most = 4) = m(3) where width <= most"""
    assert str(decided(make.text(text))) == "2"
    assert str(decided(make.text(text, arguments={"most": 8}))) == "3"


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ("wdith <= 3", "E0411"),
        ('"**.wdith" <= 3', "E0411"),
        ('pin("**.kind", "a")', "E0411"),
        ('pin("**.width", "3")', "E0414"),
        ('width == "4"', "E0414"),
        ("flops in 3..1", "E0410"),
        ("flops <= 3 and params <= 3", "E0410"),
        ('size("**.width") <= 3', "E0410"),
        ("flops", "E0410"),
        ("flops + params <= 3", "E0410"),
        ('flops <= "a"', "E0410"),
        ("width", "E0214"),
        ("width / (width - 4) > 0", "E0222"),
    ],
)
def test_mistakes(make, where, code):
    assert make.codes(W, where=where) == [code]
