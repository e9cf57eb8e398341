"""Small texts on which the compiler and the interpreter once disagreed, or both were wrong, and what is right."""

import pytest
from reference.right import held

RIGHT = {
    "an operator value that two iterations apply to one tensor has weights of its own in each": (
        12,
        """
use std.image (dil_conv)
meta m on x: image(4, 6, 6) {
  f = choose {a: relu6, dil_conv(3, 1, 1)} as kind
  for i in 1..3 { y[i] = [x, *y[<i]] -> each (f -> sigmoid) -> keep 1 as k -> sum }
  return y[<4] -> sum
}
space s = m
""",
    ),
    "a keep of all that another one left": (
        3,
        """
meta m on x: image(3, 8, 8) = [x, x -> relu, x -> tanh] -> keep 2 as a -> keep 2 as b -> sum
space s = m
""",
    ),
    "a keep of as many as the longest list has": (
        1,
        """
space s = m() where d in 3..3
meta m on x: image(4, 6, 6) {
  n = choose 1..3 as d
  return [x -> relu for i in 1..n] -> keep 3 as k -> sum
}
""",
    ),
    "a keep of any of the only one left": (
        3,
        """
meta m on x: image(3, 8, 8) = [x, x -> relu, x -> tanh] -> keep 1 as a -> keep any as b -> sum
space s = m
""",
    ),
    "a keep of any of two that are left": (
        9,
        """
meta m on x: image(3, 8, 8) = [x, x -> relu, x -> tanh] -> keep 2 as a -> keep any as b -> sum
space s = m
""",
    ),
    "a keep of more than can be left": (
        "E0304",
        """
meta m on x: image(3, 8, 8) = [x, x -> relu, x -> tanh] -> keep 1..2 as a -> keep 1..3 as b -> sum
space s = m
""",
    ),
    "what is read of a shape asks from outside": (
        3,
        """
meta m on x: image(1, 6, 6) {
  n = choose {1, more: choose {2, 3} as q} as n
  y = x -> pointwise(n)
  return y -> pointwise(2 * y.channels)
}
space s = m
""",
    ),
    "what is read of a shape asks the condition first": (
        3,
        """
meta m on x: image(1, 6, 6) {
  q = choose {2, 3} as q
  w = choose {1, 4} as w
  y = x -> pointwise(if w > 1 then q else 1)
  return y -> pointwise(2 * y.channels)
}
space s = m
""",
    ),
    "a shape asks first which of two is taken": (
        3,
        """
meta m on x: image(4, 6, 6) {
  u = x -> pointwise(choose {3, 6} as w)
  y = choose {p: u, q: x} as g
  return x -> pointwise(y.channels)
}
space s = m
""",
    ),
    "a shape asks first what is kept": (
        3,
        """
meta m on x: image(4, 6, 6) {
  u = x -> pointwise(choose {3, 6} as w)
  y = [u, x] -> keep 1 as k -> sum
  return x -> pointwise(y.channels)
}
space s = m
""",
    ),
    "a zero asks first which of two it stands for": (
        6,
        """
meta m on x: image(4, 6, 6) {
  u = x -> pointwise(choose {3, 6} as w)
  return (choose {p: u, q: x} as g) -> maybe relu as k
}
space s = m
""",
    ),
    "the zero of a sum asks first which list it is of": (
        6,
        """
meta m on x: image(4, 6, 6) {
  u = x -> pointwise(choose {3, 6} as w)
  return [*(choose {p: [u], q: [x]} as g)] -> keep 0..1 as k -> sum
}
space s = m
""",
    ),
    "part of a kept list": (
        6,
        """
meta m on x: image(3, 8, 8) {
  y = [x, x -> relu, x -> gelu] -> keep 2 as k
  return y[<2] -> each choose {relu, gelu} as c -> sum
}
space s = m
""",
    ),
    "zero of a sum of none of a loop": (
        "E0307",
        """
meta m on x: image(3, 8, 8) {
  for i in 1..2 { ys[i] = x -> conv((choose {2, 3} as n), 1) }
  return ys -> keep 0..1 -> sum
}
space s = m
""",
    ),
    "zero of a sum of none of several shapes": (
        "E0204",
        """
meta m on x: image(3, 8, 8) {
  return [x, x -> conv(4, 1)] -> keep 0..1 -> sum
}
space s = m
""",
    ),
    "part of a filled list": (
        1,
        """
meta m on x: image(3, 8, 8) {
  n = choose 1..2 as n
  for i in 1..n { y[i] = x -> relu }
  return y[<2] -> sum
}
space s = m
""",
    ),
    "element of a filled list": (
        1,
        """
meta m on x: image(3, 8, 8) {
  n = choose 1..2 as n
  for i in 1..n { y[i] = x -> relu }
  return y[1]
}
space s = m
""",
    ),
    "tied by an operator": (
        "E0214",
        """
tied(k) cell m2(k) on z = z -> choose {relu, gelu} as k2
meta m on x: image(3, 8, 8) = x -> m2(relu)
space s = m
""",
    ),
    "tied by a decided number": (
        "E0214",
        """
tied(k) cell m2(k) on z = z -> choose {relu, gelu} as k2
meta m on x: image(3, 8, 8) {
  n = choose {1, 2} as n
  a = x -> m2(n)
  b = a -> m2(1)
  return b
}
space s = m
""",
    ),
    "tied by a number for which something is asked": (
        "E0214",
        """
tied(k) cell m2(k = 2) on z = z -> choose {relu, gelu} as k2 -> conv(4, k)
meta m on x: image(4, 3, 3) {
  n = choose {1, 2} as n
 return x -> m2(0 * n + 1) -> m2(2)
}
space s = m
""",
    ),
    "tied by a default": (
        2,
        """
tied(k) cell m2(k = 2) on z = z -> choose {relu, gelu} as k2 -> conv(4, k)
meta m on x: image(4, 3, 3) {
  return x -> m2 -> m2(2)
}
space s = m
""",
    ),
    "tied by same": (
        2,
        """
tied(k) cell m2(k = 2) on z = z -> choose {relu, gelu} as k2 -> conv(4, k)
meta m on x: image(4, 3, 3) {
  return x -> m2(same // 2) -> m2(2)
}
space s = m
""",
    ),
    "tied by values that are equal and not": (
        32,
        """
tied(k) cell m2(k) on z = z -> choose {relu, gelu} as k2
meta m on x: image(4, 3, 3) = x -> m2(1) -> m2(1.0) -> m2(true) -> m2(none) -> m2("a") -> m2((1, 2)) -> m2(1x2)
space s = m
""",
    ),
    "tied cell as an argument": (
        2,
        """
tied cell t on z = z -> choose {relu, gelu} as k
cell f(g) on z {
  r = z -> g
  return r -> g
}
meta m on x: image(3, 8, 8) {
  a = x -> f(t())
  b = a -> f(t())
  return b
}
space s = m
""",
    ),
    "untied cell as an argument": (
        4,
        """
cell t on z = z -> choose {relu, gelu} as k
cell f(g) on z {
  r = z -> g
  return r -> g
}
meta m on x: image(3, 8, 8) {
  a = x -> f(t())
  b = a -> f(t())
  return b
}
space s = m
""",
    ),
    "tied in tied as an argument": (
        15,
        """
tied cell i on z = z -> choose {relu, gelu} as k
tied cell t on z = z -> i -> maybe tanh as g
cell f(g) on z {
  r = z -> g
  return r -> g -> t
}
meta m on x: image(3, 8, 8) {
  a = x -> f(t())
  b = a -> f(t)
  return b
}
space s = m
""",
    ),
    "same in a list": (
        1,
        """
op f(cs) on z {
  y = z -> conv(7, 1)
  return y -> conv(cs[2], 1)
}
meta m on x: image(3, 8, 8) {
  return x -> conv(5, 1) -> f([same, 2 * same])
}
space s = m
""",
    ),
    "same in a set": (
        2,
        """
op f(cs) on z {
  y = z -> conv(7, 1)
  return y -> conv(choose cs, 1)
}
meta m on x: image(3, 8, 8) {
  return x -> conv(5, 1) -> f({whole: same, twice: 2 * same}) -> conv(3, 1)
}
space s = m
""",
    ),
    "same in a list of a condition": (
        2,
        """
op f(cs) on z {
  y = z -> conv(7, 1)
  return y -> (if 5 in cs then conv(cs[2], 1) else relu)
}
meta m on x: image(3, 8, 8) {
  return x -> conv(5, 1) -> f(if (choose {true, false} as t) then [same, 2 * same] else [2, same]) -> conv(3, 1)
}
space s = m
""",
    ),
    "same in a list of a default": (
        1,
        """
op f(cs = [same, 4]) on z {
  y = z -> conv(7, 1)
  for c in cs { h[c // 5 + 1] = y -> conv(c, 1) -> conv(2, 1) }
  return h -> sum
}
meta m on x: image(3, 8, 8) {
  return x -> conv(4, 1) -> f([same, 2 * same]) -> conv(3, 1)
}
space s = m
""",
    ),
    "same of a list whose first may be absent": (
        2,
        """
op f(c) on *xs = xs -> sum -> conv(c, 1)
meta m on x: image(3, 8, 8) {
  return [x -> conv(5, 1), x] -> keep 1 as k -> f(same)
}
space s = m
""",
    ),
    "same of several tensors": (
        3,
        """
op f(c) on *xs = xs -> concat -> conv(c, 1)
meta m on x: image(3, 8, 8) {
  return [x -> conv(5, 1), x, x -> conv(7, 1)] -> keep 2 as k -> f(same)
}
space s = m
""",
    ),
    "same of several inputs": (
        3,
        """
op f(c) on a, b = (a -> conv(c, 1)) + (b -> conv(c, 1))
meta m on x: image(3, 8, 8) {
  return [x -> conv(5, 1), x, x -> conv(7, 1)] -> keep 2 as k -> f(same)
}
space s = m
""",
    ),
    "loop over a list of numbers": (
        1,
        """
meta m on x: image(1, 8, 8) {
  ts = [x]
  for i in [1] { y[i] = ts[i] -> relu }
  return y -> mean
}
space s = m
""",
    ),
    "keep of a keep": (
        6,
        """
meta m on x: image(1, 8, 8) {
  some = [x, x -> relu, x -> gelu] -> keep 2 as a
  return some -> keep 1 as b -> sum
}
space s = m
""",
    ),
    "named output": (
        2,
        """
meta m on x: image(1, 8, 8) {
  return {main: x -> maybe relu}
}
space s = m
""",
    ),
    "comparison of constant value": (
        2,
        """
meta m on x: image(4, 6, 6) {
  n = choose {1, 3}
  return x -> (if n > 3 then relu else gelu)
}
space s = m
""",
    ),
    "equal to itself": (
        2,
        """
meta m on x: image(4, 6, 6) {
  n = choose {1, 3}
  return x -> (if n == n then relu else gelu)
}
space s = m
""",
    ),
    "condition over a kept number": (
        2,
        """
meta m on x: image(4, 6, 6) {
  ds = [1, 2] -> keep 1 as d
  return x -> (if ds[1] < 1 then relu else gelu)
}
space s = m
""",
    ),
    "element of a list with a splat": (
        2,
        """
meta m on x: image(4, 6, 6) {
  some = [x -> relu, x -> gelu] -> keep 1 as k
  xs = [x, *some]
  return xs[1]
}
space s = m
""",
    ),
    "last of an open list": (
        3,
        """
meta m on x: image(4, 6, 6) {
  n = choose 1..3 as n
  return last(1, [x -> relu for i in 1..n])[1]
}
space s = m
""",
    ),
    "element of a comprehension": (
        3,
        """
meta m on x: image(4, 6, 6) {
  n = choose 1..3 as n
  return [x -> relu for i in 1..n][1]
}
space s = m
""",
    ),
    "element of a spliced list": (
        3,
        """
meta m on x: image(4, 6, 6) {
  n = choose 1..3 as n
  for i in 1..n { y[i] = x -> relu }
  return [x, *y][1]
}
space s = m
""",
    ),
    "comprehension over a set": (
        1,
        """
meta m on x: image(4, 6, 6) {
  return [x -> conv(4, k) for k in {1, 3}] -> sum
}
space s = m
""",
    ),
    "comprehension over a declared set": (
        1,
        """
ops o = {1, 3}
meta m on x: image(3, 8, 8) {
  ys = [x -> conv(4, k) for k in o]
  return ys -> sum
}
space s = m
""",
    ),
    "membership of a declared set": (
        3,
        """
ops o = {1, 3}
meta m on x: image(3, 8, 8) {
  n = choose 1..3 as n
  return x -> (if n in o then relu else gelu)
}
space s = m
""",
    ),
    "loop over a declared set with a parameter": (
        3,
        """
ops o(a) = {1, a}
meta m on x: image(3, 8, 8) {
  n = choose 1..3 as n
  for k in o(3) { y[k // 2 + 1] = x -> relu }
  return y -> sum -> (if n in o(3) then relu else gelu)
}
space s = m
""",
    ),
    "plus of unequal channels": (
        "E0216",
        """
meta m on x: image(4, 6, 6) {
  return x + (x -> conv(3, 1))
}
space s = m
""",
    ),
    "keep of a list of open length": (
        10,
        """
meta m on x: image(4, 8, 8) {
  n = choose 2..3 as d
  ys = [x -> relu for i in 1..n]
  return ys -> keep 1..3 -> sum
}
space s = m
""",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(name: str) -> None:
    held(*RIGHT[name])
