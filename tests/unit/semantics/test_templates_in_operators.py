"""A template is made anew each time it is applied: by its name, as an alternative, and as a part of an operator."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.diagnostics.decisions import EqualPaths
from stdsl.compiler.diagnostics.model import SpaceError

HEAD = """stdsl 1
op u on x = x -> choose {relu, gelu} as k
"""
ONE_BINDING = """meta m on x: image(3, 8, 8) {
  f = choose {a: u, silu} as f
  v = (x -> f) + (x -> f)
  return v -> global_avg_pool -> linear(2)
}
space one_binding = m
"""
TWO_BINDINGS = """meta m2 on x: image(3, 8, 8) {
  f = choose {a: u, silu} as f
  v = x -> f
  w = x -> f
  return v + w -> global_avg_pool -> linear(2)
}
space two_bindings = m2
"""


def test_a_template_in_a_bound_choose():
    two = stdsl.loads(HEAD + TWO_BINDINGS)
    assert two.count() == len(list(two.architectures())) == 2 * 2 + 1
    assert {d.path for d in two.decisions} == {"f.f", "v.a.k", "w.a.k"}
    with pytest.raises(SpaceError) as raised:
        stdsl.loads(HEAD + ONE_BINDING)
    (found,) = raised.value.diagnostics
    assert isinstance(found, EqualPaths)
    assert found.path == "v.a.k"
    assert [label.span.text for label in found.secondary] == ["f", "f"]
    assert len({label.span.start for label in found.secondary}) == 2


DECLARED = "op u = choose {a, b} as k\nops O = {u, c}\ncell twice(f) on x { v = x -> f  w = x -> f  return v + w }\n"

# An operator with a template in it: how many decisions it makes each time it is applied, and what it is applied to.
OPERATORS = [
    ("u", 1, "x"),
    ("u -> relu", 1, "x"),
    ("relu -> u", 1, "x"),
    ("u + relu", 1, "x"),
    ("repeat 2 { u }", 2, "x"),
    ("tied repeat 2 { u }", 1, "x"),
    ("repeat 2 { relu -> u }", 2, "x"),
    ("frozen u", 1, "x"),
    ("(if true then u else relu)", 1, "x"),
    ("each u -> sum", 2, "[x, x]"),
    ("each (u -> relu) -> mean", 2, "[x, x]"),
    ("each repeat 2 { u } -> sum", 4, "[x, x]"),
]


@pytest.mark.parametrize(("operator", "decided", "on"), OPERATORS)
def test_two_applications_decide_twice(make, operator, decided, on):
    one = make(f"f = {operator}  v = {on} -> f  return v", DECLARED)
    two = make(f"f = {operator}  v = {on} -> f  w = {on} -> f  return v + w", DECLARED)
    assert (one.listed, two.listed) == (2**decided, 4**decided)
    assert one.count == str(one.listed)
    assert two.count == str(two.listed)
    assert all(path.startswith(("v.", "v[", "w.", "w[")) for path in two.paths)


@pytest.mark.parametrize(("operator", "decided", "on"), OPERATORS)
def test_two_applications_in_one_statement_are_told_of(make, operator, decided, on):
    assert set(make.codes(f"f = {operator}  return ({on} -> f) + ({on} -> f)", DECLARED)) == {"E0301"}


@pytest.mark.parametrize(("operator", "decided", "on"), [row for row in OPERATORS if row[2] == "x"])
def test_a_template_that_is_a_parameter(make, operator, decided, on):
    found = make(f"return x -> twice({operator})", DECLARED)
    assert (found.count, found.listed) == (str(4**decided), 4**decided)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("f = u  return x -> (f + f)", ["E0301"]),
        ("f = u  g = f -> f  return x -> g", ["E0301"]),
        ("return x -> (u + u)", ["E0301"]),
        ("f = u()  return (x -> f) + (x -> f)", []),
        ("f = choose {a, b} as k  return (x -> f) + (x -> f)", []),
        ("f = repeat 2 { choose {a, b} as k }  return (x -> f) + (x -> f)", []),
        ("f = each choose {a, b} as k  return ([x, x] -> f -> sum) + ([x, x] -> f -> sum)", []),
    ],
)
def test_what_has_one_path(make, body, codes):
    assert make.codes(body, DECLARED) == codes


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("f = u()  v = x -> f  w = x -> f  return v + w", 2),
        ("f = repeat 2 { choose {a, b} as k }  v = x -> f  w = x -> f  return v + w", 4),
        ("f = each choose {a, b} as k  v = [x, x] -> f -> sum  w = [x, x] -> f -> sum  return v + w", 4),
        ("f = each u() -> sum  v = [x, x] -> f  w = [x, x] -> f  return v + w", 4),
        ("f = choose O as f  v = x -> f  w = x -> f  return v + w", 5),
        ("f = maybe u as g  v = x -> f  w = x -> f  return v + w", 1 + 4),
        ("f = if (choose {true, false} as p) then u else c  v = x -> f  w = x -> f  return v + w", 5),
    ],
)
def test_what_the_text_decides_is_decided_once(make, body, count):
    found = make(body, DECLARED)
    assert (found.count, found.listed) == (str(count), count)
