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
SITES = """for i in 1..2 { y[i] = [x, *y[<i]] -> keep any as edges -> sum -> conv(same, 3x3) }
  return [x, *y] -> keep any as edges -> sum"""
FILLED = "l = [x, x -> a] -> keep 2 as l  m = [x, x -> b, x -> c] -> keep any as l  return (l -> two) + (m -> sum)"
TAKEN = "l = [x, x -> a] -> keep 2 as l  m = [x, x -> b, x -> c] -> keep any as l  return l[1] + (m -> sum)"
UNUSED = "l = [x, x -> a] -> keep 2 as l  m = [x, x -> b, x -> c] -> keep any as l  return m -> sum"
EITHER = "return x -> choose {one: g, a}"
G = "cell g on x = [x, x] -> keep 2 as l -> sum"
TWO_INPUTS = "cell two on l, r { return l + r }"
COMPUTED = "z = choose {1, more: choose {2, 3} as q} as z  return x -> conv(4, z)"
NAMED = "z = choose {one: 1, two: 2} as z  return x -> pointwise(z)"
STRINGS = 'z = choose {p: "u", q: "v"} as z  return x -> (if z == "u" then a else b)'
GATE = "y = x -> maybe a as g  return x + y"
RELATIVE = "return x -> conv((choose {whole: same, half: same // 2} as w), 1x1)"
READ = """z = choose {1, more: choose {2, 3} as q} as z  y = x -> pointwise(min(z, 2))
  return x -> pointwise(y.channels)"""
MAYBE = "y = choose {x, q: [x -> a, x -> b] -> keep any as ins -> sum}  return [x, y] -> sum"

CASES = [
    (W, "", "width % heads == 0", 7),
    (W, "", "width <= 4, width in {2, 4}", 6),
    (W, "", '"**.width" % "**.heads" == 0', 7),
    (W, "", '"w.width" == 4', 3),
    (W, "", "width == 4 and heads >= 2", 2),
    (W, "", "width == 4 or heads == 4", 5),
    (W, "", "not (width == 4)", 6),
    (W, "", "params >= 1 and width == 4 and 0 <= flops", 3),
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
    (SITES, "", 'size("**.edges") <= 3', 6),
    (SITES, "", 'size("edges") <= 3', 6),
    (SITES, "", 'size("y[*].edges") <= 2', 2 * 4 + 3),
    (FILLED, TWO_INPUTS, 'size("l") <= 3', 3),
    (TAKEN, "", 'size("l") <= 3', 3),
    (UNUSED, "", 'size("l") <= 3', 7),
    (EITHER, G, 'size("l") <= 1', 1),
    (EITHER, G, 'size("l") >= 2', 1),
    ("n = choose 1..3 as n  return [x -> st for i in 1..n] -> keep all as l -> sum", "", 'size("l") <= 2', 2 + 4),
    ("return [x, x -> a] -> keep 0 as l -> sum", "", 'size("l") == 0', 1),
    (COMPUTED, "", "z != 2", 2),
    (COMPUTED, "", "z == 3", 1),
    (COMPUTED, "", "z in {1, 3}", 2),
    (COMPUTED, "", 'z == "more"', 2),
    (COMPUTED, "", 'z != "more"', 1),
    (COMPUTED, "", 'z in ["more", 1]', 3),
    (COMPUTED, "", "q == 2", 2),
    (COMPUTED, "", "z == q", 3),
    (NAMED, "", 'z == "two"', 1),
    (NAMED, "", 'z not in {"two", 1}', 0),
    (STRINGS, "", 'z == "u"', 1),
    (STRINGS, "", 'z == "q"', 1),
    ("return x -> choose {none: a, b} as z", "", 'z == "none"', 1),
    ("z = choose {none: 1, two: 2, 3} as z  return x -> pointwise(z)", "", 'z in ["none", "two"]', 2),
    (GATE, "", 'g == "on"', 1),
    (GATE, "", "g == true", 1),
    (RELATIVE, "", 'w == "half"', 1),
    (K, "", '"u[1].kind" == "u[2].kind"', 14),
    (K, "", 'kind in {"a"}', 7),
    (READ, "", "z != 2", 2),
    (READ, "", "z > 2", 1),
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
        ("not (flops <= 3 and params <= 3)", "E0410"),
        ('size("**.width") <= 3', "E0410"),
        ("flops", "E0410"),
        ("flops + params <= 3", "E0410"),
        ('flops <= "a"', "E0410"),
        ("width", "E0214"),
        ("width / (width - 4) > 0", "E0222"),
        ('width in {"four"}', "E0414"),
        ('width not in ["4"]', "E0414"),
        ('size("heads") <= 3', "E0410"),
    ],
)
def test_mistakes(make, where, code):
    assert make.codes(W, where=where) == [code]


@pytest.mark.parametrize(
    ("body", "where", "code"),
    [
        (K, "kind == 3", "E0222"),
        (K, "kind < 3", "E0222"),
        (K, 'kind in ["a", 3]', "E0222"),
        (K, "kind in 1..3", "E0222"),
        (K, 'kind == "c"', "E0414"),
        (K, 'ins == "1"', "E0414"),
        (K, 'pin("ins", 2)', "E0410"),
        (K, 'pin("**.ins", "2")', "E0410"),
        (RELATIVE, "w <= 2", "E0222"),
        (RELATIVE, "w == 4", "E0222"),
        (GATE, 'g == "yes"', "E0414"),
        ("z = choose {true, false} as z  return x -> (if z then b else c)", 'z == "true"', "E0414"),
        ("z = choose {3x3, 1x1} as z  return x -> conv(4, z)", 'z == "3x3"', "E0414"),
        ("z = choose {1, 2} as z  return x -> repeat z { choose {b, c} as kind }", 'z == "2"', "E0414"),
    ],
)
def test_what_has_no_such_value(make, body, where, code):
    assert make.codes(body, where=where) == [code]


def test_an_alternative_that_is_computed():
    import stdsl

    text = """stdsl 1
meta m on x: image(3, 8, 8) {
  return x -> conv(3, choose {1, more: choose {2, 3} as q} as d) -> global_avg_pool -> linear(2)
}
space s = m where d != 2
"""
    space = stdsl.loads(text)
    assert space.count() == 2
    assert sorted(tuple(arch.values()) for arch in space.architectures()) == [("1",), ("3", "more")]


def test_values_that_differ_between_tied_instances_are_compared_by_name(make):
    declared = "tied cell t(c) on x = x -> pointwise(choose {c, half: c // 2} as w) -> pointwise(4)"
    body = "y = x -> t(4)  return y -> t(8)"
    assert make(body, declared, 'w == "half"').listed == 1
    assert make.codes(body, declared, "w == 4") == ["E0222"]
    assert make("y = x -> t(4)  return y -> t(4)", declared, "w == 4").listed == 1


def test_size_and_sites_of_a_cell():
    import stdsl

    text = """stdsl 1
cell motif on x {
  for i in 1..2 { y[i] = [x, *y[<i]] -> keep any as edges -> sum -> conv(same, 3x3) }
  return [x, *y] -> keep any as edges -> sum
}
meta m on x: image(4, 8, 8) = x -> motif -> global_avg_pool -> linear(2)
space s = m where size("**.edges") <= 3
space every = m
"""
    space, whole = stdsl.loads(text, "s"), stdsl.loads(text, "every")
    assert (space.count(), whole.count()) == (6, 15)

    def edges(arch) -> int:
        last = arch["edges"]
        inner = len(arch["y[2].edges"]) if 3 in last else 0
        return len(last) + inner + (1 if 2 in last or 2 in arch.get("y[2].edges", ()) else 0)

    assert set(space.architectures()) == {arch for arch in whole.architectures() if edges(arch) <= 3}


VALUES = """stdsl 1
meta m on x: image(3, 8, 8) {
  a = [x, x -> relu] -> keep 1..2 as ins -> sum
  z = choose {true, false} as z
  b = a -> conv(choose {few: 4, many: 8} as width, choose {3x3, 5x5} as k) -> choose {relu, tanh} as kind
  d = b -> (if z then relu else tanh) -> repeat choose 1..3 as r { relu }
  return d -> global_avg_pool -> linear(2)
}
"""


@pytest.mark.parametrize(
    ("where", "message", "help"),
    [
        ('k == "3x3"', "`3x3` of `k` is a size, not a name", "write `3x3` without quotes: `k == 3x3`"),
        ('"3x3" != k', "`3x3` of `k` is a size, not a name", "write `3x3` without quotes: `3x3 != k`"),
        ('k in {"3x3", "5x5"}', "`3x3` of `k` is a size, not a name", "write `3x3` without quotes: `k in {3x3, 5x5}`"),
        ("k == text", "`3x3` of `k` is a size, not a name", "write `3x3` without quotes"),
        ('r == "2"', "`2` of `r` is a number, not a name", "write `2` without quotes: `r == 2`"),
        ('ins == "2"', "`2` of `ins` is a number, not a name", "write `2` without quotes: `ins == 2`"),
        ('z == "true"', "`true` of `z` is a value, not a name", "write `true` without quotes: `z == true`"),
        (
            '"b.**" in {"3x3", "relu"}',
            "`3x3` of `b.**` is a size, not a name",
            "some of these decisions have names and no values: compare those alone that have values, as in "
            '`"b.k" in {3x3, "relu"}`',
        ),
        (
            'width == "8"',
            "`width` has no alternative `8`",
            "`8` is the value of an alternative, and its name is `many`: it has few, many",
        ),
        ('width == "5"', "`width` has no alternative `5`", "it has few, many"),
    ],
)
def test_texts_that_are_those_of_values(where, message, help):
    import stdsl
    from stdsl.compiler.diagnostics.model import SpaceError

    with pytest.raises(SpaceError) as caught:
        stdsl.loads(f'{VALUES}space s(text = "3x3") = m where {where}\n').count()
    (found,) = caught.value.diagnostics
    assert (found.code, found.message, found.help) == ("E0414", message, help)
