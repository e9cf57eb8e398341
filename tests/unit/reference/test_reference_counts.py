"""Architectures of small texts, counted by hand."""

import pytest
from reference import architectures

HEAD = """stdsl 1
op a = conv(3, 1)
op b = conv(3, 3)
op c = conv(3, 5)
op d = conv(3, 7)
op e = conv(3, 9)
"""
U = "u = x -> choose {a, b}  v = x -> choose {a, b, c}"
TABLE = [
    ("return x -> choose {a, b, deep: choose {c, d, e}}", 1 + 1 + 3),
    ("f = choose {a, b}  return (x -> f) + (x -> f)", 2),
    ("return [x, x] -> each choose {a, b} -> sum", 2 * 2),
    ("return [x, x, x] -> each choose {a, b} -> keep any -> sum", 3**3 - 1),
    ("return [x, x, x] -> each choose {a, b} -> keep 2 -> sum", 3 * 2 * 2),
    ("return [x, x, x] -> each choose {a, b} -> keep 0..1 -> sum", 1 + 3 * 2),
    ("return x -> maybe (choose {a, b, c})", 1 + 3),
    ("return x -> repeat choose 1..3 { choose {a, b} }", 2 + 4 + 8),
    ("return x -> tied repeat choose 1..3 { choose {a, b} }", 3 * 2),
    ("n = choose 1..3 as width  for i in 1..n { y[i] = x -> choose {a, b} }  return y -> sum", 2 + 4 + 8),
    (f"{U}  return choose {{u, both: u + v}}", 2 + 2 * 3),
    (f"{U}  return [u, v, u + v] -> keep any -> sum", 2 + 3 + 5 * 6),
    ("n = choose {2, 4}  return x -> conv(3, 0 * n + 1)", 2),
    ("n = choose {2, 4}  return x -> repeat 0 * n + 1 { a }", 2),
    ("y = x -> choose {a, b}  return x -> conv(y.channels, 1)", 1),
    ("y = x -> choose {a, down: max_pool(2, stride = 2)}  return x -> conv(y.height, 1)", 2),
    ("n = choose {1, 2}  return x -> (if false and n > 1 then a else b)", 1),
    ("n = choose {1, 2}  return x -> (if n > 1 and false then a else b)", 2),
    ("y = x -> choose {a, b}  return y -> zero", 2),
    ("y = x -> choose {a, b}  return y -> maybe c", 1 + 2),
    ("l = [1, 2, 3] -> keep 1..2 as k  return x -> conv(3, if 2 in l then 3 else 1)", 6),
    ("y = [x, x, x] -> keep 2  return y[<2] -> each choose {a, b} -> sum", 3 * 2),
    ("n = choose 1..2  for i in 1..n { y[i] = x -> a }  return y[1]", 1),
    ("n = choose 1..2  for i in 1..n { y[i] = x -> a }  return last(1, y)[1]", 2),
]


@pytest.mark.parametrize(("body", "count"), TABLE)
def test_counted_by_hand(body: str, count: int) -> None:
    assert len(architectures(f"{HEAD}meta m on x: image(3, 8, 8) {{ {body} }} space s = m")) == count


WHERE = [
    ("where w == v", "a = x -> cell2  b = x -> cell2  return a + b", 2 * 2),
    ("where w == 2", "a = x -> cell2  b = x -> cell2  return a + b", 2 * 2),
    ("where w == v", "for i in 1..2 { y[i] = x -> cell2 }  return y -> sum", 2 * 2),
    ('where "a.*.w" == 2', "a = x -> cell2  b = x -> cell2  return a + b", 2 * 4),
    ('where pin("**.w", "4")', "a = x -> cell2  b = x -> cell2  return a + b", 2 * 2),
    ("where w < v", "a = x -> cell2  return a", 1),
    ('where size("**.k") <= 1', "return [x, x, x] -> keep any as k -> sum", 3),
    ('where size("**.k") <= 3', "y = [x, x] -> keep any as k -> sum  return [x, y] -> keep all as k -> sum", 2),
]


@pytest.mark.parametrize(("where", "body", "count"), WHERE)
def test_constraints_counted_by_hand(where: str, body: str, count: int) -> None:
    cell = """cell cell2 on z {
      p = z -> conv((choose {2, 4} as w), 1)
      q = p -> conv((choose {2, 4} as v), 1)
      return q -> conv(3, 1)
    }"""
    text = f"stdsl 1 {cell if 'cell2' in body else ''} meta m on x: image(3, 8, 8) {{ {body} }} space s = m {where}"
    assert len(architectures(text)) == count


PATHS = [
    ("return x -> choose {relu, gelu}", {"choice"}),
    ("y = x -> choose {relu, deep: choose {gelu, silu} as k} as l  return y", {"y.l", "y.deep.k"}),
    ("for i in 2..3 { t = x -> choose {relu, gelu}  y[i - 1] = t }  return y -> sum", {"t[2].choice", "t[3].choice"}),
    ("y = [x, x] -> each choose {relu, gelu} as k -> sum  return y", {"y[1].k", "y[2].k"}),
    ("y = x -> repeat choose 1..2 { choose {relu, gelu} as k }  return y", {"y.count", "y[1].k", "y[2].k"}),
    ("y = x -> tied repeat 2 { choose {relu, gelu} as k }  return y", {"y.k"}),
    ("y = x -> tied_one -> tied_one  return y", {"tied_one.k"}),
    ("y = x -> around  z = y -> around  return z", {"y.tied_one.k", "z.tied_one.k"}),
    ("y = x -> by(1) -> by(2) -> by(1)  return y", {"by(1).gate", "by(2).gate"}),
    ("f = plain  y = x -> f  return y", {"y.k"}),
    ("f = plain()  y = x -> f  return y", {"f.k"}),
    ("y = x -> choose some as l  return y", {"y.l", "y.inner.k"}),
]


@pytest.mark.parametrize(("body", "paths"), PATHS)
def test_paths(body: str, paths: set[str]) -> None:
    text = f"""stdsl 1
    tied cell tied_one on z = z -> choose {{relu, gelu}} as k
    cell around on z {{ u = z -> tied_one  return u -> tied_one }}
    tied(n) cell by(n) on z = z -> maybe dropout(n / 4)
    op plain = choose {{relu, gelu}} as k
    ops some = {{inner: choose {{relu, gelu}} as k, silu}}
    meta m on x: image(3, 8, 8) {{ {body} }}
    space s = m"""
    assert {path for answers in architectures(text) for path in answers} == paths
