"""Which decisions evaluating a space asks for."""

from __future__ import annotations

import pytest

PQ = "p = choose {true, false} as p  q = choose {true, false} as q  "
N = "n = choose 1..2 as n  "
# body: count
CASES = {
    "n = choose 1..3 as n  return x -> pointwise(4)": 1,
    "n = choose 1..3 as n  return x -> pointwise(4 + 0 * n)": 3,
    PQ + "return x -> (if p and q then relu else gelu)": 3,
    PQ + "return x -> (if p or q then relu else gelu)": 3,
    PQ + "return x -> (if q and p then relu else gelu)": 3,
    PQ + "return if p then x -> choose {a, b, c} else x": 4,
    PQ + "return if not p then x -> choose {a, b, c} else x": 4,
    PQ + "n = choose {3, 5} as n  return x -> conv(4, if p then n else 1)": 3,
    PQ + "return if p == q then x else x -> choose {a, b, c}": 2 + 2 * 3,
    "n = choose {4, 8} as n  y = x -> pointwise(n) -> st  return x -> pointwise(y.channels)": 2,
    "n = choose {4, 8} as n  y = x -> pointwise(n)  return y -> pointwise(y.channels // 2) -> pointwise(4)": 2,
    "y = x -> st  return y -> zero": 2,
    "y = x -> choose {a, none: zero}  return y": 2,
    "u = x -> st  v = x -> choose {a, b, c}  n = choose 1..2 as n  xs = [u, v]  return xs[n]": 5,
    "u = x -> st  v = x -> choose {a, b, c}  return last(1, [u, v]) -> sum": 3,
    "u = x -> st  v = [u, x]  return v[2]": 1,
    N + "for i in 1..n { h[i] = x -> st }  return h -> each relu -> sum": 6,
    N + "for i in 1..n { h[i] = x -> st }  return if n == 2 then h[2] else h[1]": 4,
    N + "for i in 1..n { h[i] = x -> st }  return [*h, x] -> concat -> pointwise(4)": 6,
    "n = choose 1..3 as n  return x -> (if n in 1..2 then relu else gelu)": 3,
    "n = choose {3, 5} as n  return x -> repeat n - 3 { st }": 1 + 4,
    "p = choose {true, false} as p  return (if p then [x, x -> st] else [x]) -> sum": 3,
    "k = choose {3, 1x5} as k  return x -> conv(4, k)": 2,
    "k = choose {3x3, 1x5} as k  return x -> conv(4, k[1])": 2,
    "return [x, x -> a, x -> b] -> keep 2 -> two": 3,
    "return [x, x -> st, x -> b] -> keep 2 -> two": 1 + 2 + 2,
    "return [x, x -> a, x -> b] -> keep any -> some": 7,
    "n = choose {2, 3} as n  return x -> pointwise(share(16, n, 1)) -> pointwise(4)": 2,
    "w = choose {2, 3} as w  d = w ** 2 % 4 + min(w, 2) + ceil(w / 2)  return x -> pointwise(d) -> pointwise(4)": 2,
}
CELLS = "cell two on l, r { return l + r }\ncell some on *xs { return xs -> sum }\n"


@pytest.mark.parametrize("body", CASES)
def test_counts(make, body):
    found = make(body, CELLS)
    assert found.count == str(CASES[body])
    assert found.listed == CASES[body]


def test_every_combination_of_values_reaches_its_shape(make):
    graph = make.graph("n = choose {2, 3} as n  m = choose {1, 4} as m  return x -> pointwise(n * m + 1)")
    width = graph.nodes[graph.outputs[0][1]].type.channels
    from stdsl.compiler.ir.diagram import evaluate

    assert {evaluate(width, {0: i, 1: j}) for i in (0, 1) for j in (0, 1)} == {3, 9, 4, 13}


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("return [x, x] -> keep 0..2 -> concat", ["E0228"]),
        ("return [x, x] -> keep 3 -> sum", ["E0304"]),
        (N + "for i in 1..n { h[i] = x }  return h -> keep 2 -> sum", ["E0304"]),
        ("return [x, x] -> keep 1..2 -> two", ["E0310"]),
        ("return x -> maybe pointwise(choose {4, 8})", ["E0307"]),
        (N + "for i in 1..n { h[i] = x }  return h[2]", ["E0220"]),
        (N + "return x -> pointwise(4 // (n - 1))", ["E0222"]),
        ("return x -> conv(4, choose {3, relu})", ["E0309"]),
        (N + "return [x, x -> pointwise(4 * n)] -> sum", ["E0204"]),
        ("s = choose {1, 2} as s  return [x, x -> max_pool(3x3, s)] -> concat", ["E0205"]),
    ],
)
def test_mistakes_of_some_architectures_alone(make, body, codes):
    assert make.codes(body, CELLS) == codes


def test_a_mistake_in_what_nobody_asks_for_does_not_count(make):
    assert make.codes("y = [x, x -> pointwise(8)] -> sum  return x") == []
    assert make.codes(N + "return if n > 2 then x -> pointwise(4 // (n - 1)) else x") == []
