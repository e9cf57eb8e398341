"""What makes a decision, how often, and under which path."""

from __future__ import annotations

import pytest

W = "cell w(f) on x { u = x -> f  v = u -> f  return v }"
OPS = "ops oo(s = 1) = {skip(s), deep: choose {a, b, c}}\n"
TIED = "tied cell t on x { u = x -> choose {a, b}  return u }\n"
BY_K = "tied(k) cell t(k) on x { u = x -> conv(4, k) -> choose {a, b}  return u }\n"

# (declarations, body, count, paths)
CASES = {
    "a label": ("", "y = x -> choose {a, b} as kind  return y", 2, "y.kind"),
    "words for kinds": (
        "",
        "y = [x, x] -> keep 1 -> sum  z = maybe y  u = z -> repeat choose 1..2 { relu }  return u -> choose {a, b}",
        (2 + 1) * 2 * 2,
        "y.keep z.gate u.count choice",
    ),
    "labels of all kinds": (
        "",
        "y = [x, x] -> keep 1 as i -> sum  z = maybe y as g  return z -> repeat choose 1..2 as r { relu }",
        6,
        "y.i z.g r",
    ),
    "a value applied twice decides once": ("", "f = st()  return (x -> f) + (x -> f)", 2, "f.kind"),
    "a template applied twice decides twice": ("", "f = st  y = x -> f  z = y -> f  return z", 4, "y.kind z.kind"),
    "a value through a binding": ("", "f = st()  y = x -> f  z = y -> f  return z", 2, "f.kind"),
    "a template as a parameter": (W, "y = x -> w(st)  return y", 4, "y.u.kind y.v.kind"),
    "a value as a parameter": (W, "y = x -> w(st())  return y", 2, "y.kind"),
    "a set template": (
        OPS + W.replace("-> f", "-> choose f"),
        "y = x -> w(oo)  return y",
        16,
        "y.u.choice y.u.deep.choice y.v.choice y.v.deep.choice",
    ),
    "a set value": (
        OPS + W.replace("-> f", "-> choose f"),
        "y = x -> w(oo())  return y",
        10,
        "y.u.choice y.deep.choice y.v.choice",
    ),
    "a set applied to arguments elaborates them once": (
        "op s2(c) = choose {conv, dw: depthwise}((choose {3, 5} as k), 3) as kind",
        "y = x -> s2(4) -> pointwise(4)  return y",
        None,
        "y.k y.kind",
    ),
    "alternatives entered": ("", "y = x -> choose {a, deep: st}  return y", 3, "y.choice y.deep.kind"),
    "each": ("", "y = [x, x] -> each st -> sum  return y", 4, "y[1].kind y[2].kind"),
    "repeat": ("", "y = x -> repeat 2 { st }  return y", 4, "y[1].kind y[2].kind"),
    "tied repeat": ("", "y = x -> tied repeat 3 { st }  return y", 2, "y.kind"),
    "a value under repeat": ("", "f = st()  y = x -> repeat 3 { f }  return y", 2, "f.kind"),
    "a comprehension": ("", "y = [x -> st for _ in 1..2]  return y -> sum", 4, "y[1].kind y[2].kind"),
    "loops": ("", "for i in 1..2 { half = x -> st  h[i] = half }  return h -> sum", 4, "half[1].kind half[2].kind"),
    "loops within loops": (
        "",
        "for i in 1..2 { for j in 1..2 { g = x -> st  y[j] = g }  h[i] = y -> sum }  return h -> sum",
        16,
        "g[1][1].kind g[1][2].kind g[2][1].kind g[2][2].kind",
    ),
    "loops count from where they begin": (
        "",
        "for i in 3..4 { g = x -> st  h[i - 2] = g }  return h -> sum",
        4,
        "g[3].kind g[4].kind",
    ),
    "a seed": ("", "h[0] = x  for i in 1..2 { h[i] = h[i - 1] -> st }  return h[2]", 4, "h[1].kind h[2].kind"),
    "a return adds nothing": ("cell f on x { return x -> st }", "y = x -> f  return y", 2, "y.kind"),
    "calls add nothing": ("op f = g()\nop g = st()", "y = x -> f()  return y", 2, "y.kind"),
    "tied": (TIED, "y = x -> t  z = y -> t  return z", 2, "t.u.choice"),
    "tied by k": (BY_K, "y = x -> t(3)  z = y -> t(5)  w = z -> t(3)  return w", 4, "t(3).u.choice t(5).u.choice"),
    "tied inside untied": (
        TIED + "cell o on x { p = x -> t  q = p -> t  return q }",
        "y = x -> o  z = y -> o  return z",
        4,
        "y.t.u.choice z.t.u.choice",
    ),
    "tied inside tied": (
        TIED + "tied cell o on x { p = x -> t  q = p -> t  return q }",
        "y = x -> o  z = y -> o  return z",
        2,
        "t.u.choice",
    ),
    "pointwise on operators": ("", "y = x -> (choose {a, b} as f) + (choose {a, b} as g)  return y", 4, "y.f y.g"),
    "a number": ("", "n = choose 2..4 as width  return x -> pointwise(n)", 3, "n.width"),
    "several outputs": ("", "u = x -> st  return {logits: u, aux: x -> choose {a, b, c}}", 6, "u.kind choice"),
    "a declaration may bear the name of a primitive": (
        "op relu = choose {gelu, tanh}",
        "y = x -> relu  return y",
        2,
        "y.choice",
    ),
    "frozen": ("", "y = x -> frozen (conv(4, 3) -> st())  return y", 2, "y.kind"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_decisions(make, name):
    declared, body, count, paths = CASES[name]
    found = make(body, declared)
    assert found.paths == set(paths.split())
    if count is not None:
        assert found.count == str(count)
        assert found.listed == count


def test_edits_elsewhere_leave_paths_alone(make):
    before = make("y = x -> st  for i in 1..2 { h[i] = y -> st }  return h -> sum").paths
    after = make(
        "p = x -> conv(4, 3)  q = p -> choose {c, d} as other  y = q -> bn -> st -> relu"
        "  for i in 1..2 { r = y -> maybe bn as r  h[i] = r -> a -> st }  return h -> concat -> pointwise(4)"
    ).paths
    assert before <= after


@pytest.mark.parametrize(
    "body",
    [
        "y = x -> st -> st  return y",
        "return x -> choose {a, b} -> choose {a, b}",
        "y = (x -> st) + (x -> st)  return y",
        "return [x, x] -> keep 1 -> each maybe relu -> keep 1 -> sum",
    ],
)
def test_equal_paths(make, body):
    assert make.codes(body) == ["E0301"]


def test_the_second_of_equal_paths_may_be_told_apart(make):
    assert make("y = x -> choose {a, b} as p -> choose {a, b} as q  return y").paths == {"y.p", "y.q"}


@pytest.mark.parametrize(
    ("declared", "body"),
    [
        (
            "tied cell t(n) on x { for i in 1..n { h[i] = x -> st }  return h -> sum }",
            "y = x -> t(1)  return y -> t(2)",
        ),
        ("tied cell t(k) on x { return x -> choose k }", "y = x -> t({a, b})  return y -> t({a, c})"),
        ("tied cell t(k) on x { return x -> choose k }", "y = x -> t({a, b})  return y -> t({a, b, c})"),
    ],
)
def test_tied_instances_must_have_one_table(make, declared, body):
    assert make.codes(body, declared) == ["E0306"]


def test_sites_are_no_decisions(make):
    found = make("y = [x, x] -> keep all as all_of -> sum  return [y, x] -> keep 2 -> sum")
    assert found.paths == set()
    assert {(d.path, d.trivial) for d in found.graph.decisions} == {("y.all_of", True), ("keep", True)}
