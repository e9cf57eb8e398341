"""Small texts with `where` on which the compiler and the interpreter once disagreed, and what is right."""

import pytest
from reference.right import held

RIGHT = {
    "what is decided beside a mistake excludes it": (
        3,
        """
space s = m where not (some == 1) or d == 3
cell p(k) on a { return [a, a -> pointwise(k)] -> sum }
meta m on x: clip(3, 4, 6, 6) {
  y = x -> p(choose {3, 4} as d) -> p(3)
  xs = [y -> pointwise(3), y -> pointwise(3), x -> pointwise(3)] -> keep 1 as some
  return [x, *xs] -> sum
}
""",
    ),
    "the zero of a sum of none has nothing of a list that is not taken": (
        2,
        """
space s = m where way == "q"
meta m on x: clip(4, 4, 6, 6) {
  ys = [*(choose {p: [x -> pointwise(choose {3, 7} as d) -> channel_shuffle(3)], q: [x]} as way)]
  return ys -> keep 0..1 -> sum -> pointwise(4)
}
""",
    ),
    "iterations are scopes": (
        4,
        """
meta m on x: image(3, 8, 8) {
  for i in 1..2 {
    a = x -> conv((choose {2, 4} as w), 1)
    b = a -> conv((choose {2, 4} as v), 1)
    y[i] = b -> conv(3, 1)
  }
  return y -> sum
}
space s = m where w == v
""",
    ),
    "names are no scopes": (
        2,
        """
meta m on x: image(3, 8, 8) {
  p = x -> conv((choose {2, 4} as w), 1) -> conv((choose {2, 4} as v), 1)
  q = x -> conv((choose {2, 4} as w), 1) -> conv((choose {2, 4} as v), 1)
  return [p -> conv(3, 1), q -> conv(3, 1)] -> sum
}
space s = m where w == v
""",
    ),
    "a set is elaborated for each choice": (
        "E0301",
        """
ops o = {p: conv((choose {2, 4} as w), 1) -> conv((choose {2, 4} as v), 1), q: conv(3, 1)}
meta m on x: image(3, 8, 8) {
  return x -> choose o as f -> choose o as g -> conv(3, 1)
}
space s = m where w == v
""",
    ),
    "a set is a scope": (
        9,
        """
ops o = {p: conv((choose {2, 4} as w), 1) -> conv((choose {2, 4} as v), 1), q: conv(3, 1)}
meta m on x: image(3, 8, 8) {
  return [x, x -> conv(3,1)] -> each choose o as h -> each conv(3, 1) -> sum
}
space s = m where w == v
""",
    ),
    "a label outside of the scope of another": (
        8,
        """
cell c on x { a = x -> conv((choose {2, 4} as w), 1)  b = a -> conv((choose {2, 4} as v), 1)  return b -> conv(3, 1) }
cell d on x = x -> conv((choose {2, 4} as w), 1) -> conv(3, 1)
meta m on x: image(3, 8, 8) {
  p = x -> conv((choose {2, 4} as v), 1) -> conv(3, 1)
  q = p -> c
  r = q -> d
  t = r -> c
  return t
}
space s = m where w == v
""",
    ),
    "a gate by its name": (
        1,
        """
meta m on x: image(3, 8, 8) {
  y = x -> maybe relu as g
  return x + y
}
space s = m where g == "on"
""",
    ),
    "a count by a text": (
        "E0414",
        """
meta m on x: image(3, 8, 8) {
  y = x -> repeat choose 1..3 as r { relu }
  return x + y
}
space s = m where r == "2"
""",
    ),
    "a keep by a text": (
        "E0414",
        """
meta m on x: image(3, 8, 8) {
  y = [x, x -> relu] -> keep 1..2 as r -> sum
  return x + y
}
space s = m where r == "2"
""",
    ),
    "keep in where": (
        6,
        """
meta m on x: image(3, 8, 8) {
  a = [x, x -> relu, x -> gelu] -> keep 1..3 as inputs
  return a -> sum
}
space s = m where inputs <= 2
""",
    ),
    "size of a label": (
        6,
        """
meta m on x: image(3, 8, 8) {
  a = [x, x -> relu, x -> gelu] -> keep 1..3 as few
  return a -> sum
}
space s = m where size("few") <= 2
""",
    ),
    "arithmetic of a label": (
        1,
        """
meta m on x: image(4, 6, 6) {
  return x -> conv(4, choose {1, 3} as d)
}
space s = m where 2 - d == 1
""",
    ),
    "mismatch in one alternative alone": (
        "E0216",
        """
meta m on x: tokens(5, 4) {
  xs = choose {p: [x -> linear(5)], q: [x -> linear(4), x -> linear(5)]} as which
  v = [x -> linear(5), *xs] -> sum
  return x + v
}
space s = m where which != "q"
""",
    ),
    "mismatch that where excludes": (
        1,
        """
meta m on x: image(4, 6, 6) {
  y = x -> conv(4, 3, stride = (choose {1, 2} as d))
  return y + x
}
space s = m where d == 1, flops <= 100M
""",
    ),
    "costs where where excludes mismatches": (
        4,
        """
meta m on x: image(4, 6, 6) {
  y = x -> conv(4, 3, stride = (choose {1, 2} as d))
  return y + x -> conv(choose 1..3 as c, 1) -> conv(4, choose {1, 3} as k) -> group_norm(groups = (choose {2, 3} as g))
}
space s = m where d == 1, g == 2, flops in 3K..8K, depth <= 5, params <= 1K
""",
    ),
    "index and arithmetic that where excludes": (
        3,
        """
meta m on x: image(4, 6, 6) {
  ys = [x, x -> relu] -> keep 1..2 as k
  return ys[(choose {1, 2} as d)] -> conv(share(6, choose {1, 2} as n, 2), 1)
}
space s = m where d == 1, n == 2
""",
    ),
    "an alternative with a mistake that where excludes": (
        1,
        """
meta m on x: tokens(5, 4) {
  bad = (x -> linear(3)) + x
  v = (choose {a: x, b: bad} as way) -> linear(4)
  return [x, v] -> mean
}
space s = m where way != "b"
""",
    ),
    "a zero of what is refused": (
        "E0215",
        """
meta m on x: image(4, 6, 6) = x + (x -> channel_shuffle(3) -> maybe relu as g)
space s = m where not g
""",
    ),
    "a zero of what is refused in some architectures": (
        "E0215",
        """
meta m on x: image(4, 6, 6) {
  v = x -> conv((choose {6, 7, 9} as w), 1) -> channel_shuffle(3) -> maybe relu as g
  return (v -> conv(4, 1)) + x
}
space s = m where not g
""",
    ),
    "a zero of one shape in all architectures in which there is one": (
        1,
        """
meta m on x: image(4, 6, 6) {
  v = x -> conv((choose {6, 7} as w), 1) -> channel_shuffle(3) -> maybe relu as g
  return (v -> conv(4, 1)) + x
}
space s = m where not g
""",
    ),
    "a zero of alternatives that are refused": (
        "E0215",
        """
meta m on x: image(4, 6, 6) = x -> maybe (choose {channel_shuffle(3), group_norm(3)} as k) as g
space s = m where not g
""",
    ),
    "a sum of none of which one is refused": (
        "E0215",
        """
meta m on x: image(4, 6, 6) = [x -> channel_shuffle(3), x] -> keep 0..1 as k -> sum
space s = m where size("**.k") == 0
""",
    ),
    "a sum of none of a list without what is refused": (
        2,
        """
meta m on x: image(4, 6, 6) = [*(choose {p: [x -> channel_shuffle(3)], q: [x]} as g)] -> keep 0..1 -> sum
space s = m where g == "q"
""",
    ),
    "a sum of no element, whatever is refused": (
        "E0228",
        """
meta m on x: image(4, 6, 6) = [*(choose {p: [x -> channel_shuffle(3)], q: []} as g)] -> sum
space s = m where g == "q"
""",
    ),
    "a sum of none of elements that are refused": (
        "E0215",
        """
meta m on x: image(4, 6, 6) = [x -> channel_shuffle(3)] -> keep 0 as k -> sum
space s = m
""",
    ),
    "a sum of none that is kept of some": (
        1,
        """
meta m on x: image(4, 6, 6) {
  no = [x, x] -> keep 0
  return [*no, *(choose {p: [x -> conv(3, 1)], q: []} as g)] -> sum
}
space s = m where g == "q"
""",
    ),
    "a concat of no element, whatever is refused": (
        "E0228",
        """
meta m on x: image(4, 6, 6) = [*(choose {p: [x -> channel_shuffle(3)], q: []} as g)] -> concat
space s = m where g == "q"
""",
    ),
    "a concat without what is refused": (
        1,
        """
meta m on x: image(4, 6, 6) = [x, *(choose {p: [x -> channel_shuffle(3)], q: [x]} as g)] -> concat -> conv(3, 3)
space s = m where g == "q"
""",
    ),
    "the channels of what is refused in some architectures": (
        "E0215",
        """
meta m on x: image(4, 6, 6) {
  u = x -> conv((choose {6, 7, 9} as w), 1) -> channel_shuffle(3)
  return x -> conv(u.channels, 1)
}
space s = m
""",
    ),
    "a condition over what is refused in some architectures": (
        "E0215",
        """
meta m on x: image(4, 6, 6) {
  u = x -> conv((choose {6, 7, 9} as w), 1) -> channel_shuffle(3)
  return if u.channels == 6 then x else x -> relu
}
space s = m
""",
    ),
    "the channels of what is refused, where nothing reads them": (
        1,
        """
meta m on x: image(4, 6, 6) {
  u = x -> conv((choose {6, 7, 9} as w), 1) -> channel_shuffle(3)
  return if (choose 1..2 as n) == 2 then x -> conv(u.channels, 1) else x
}
space s = m where n == 1
""",
    ),
    "a zero that where excludes may have had any shape": (
        2,
        """
meta m on x: image(4, 6, 6) = x -> maybe conv((choose {3, 8} as w), 1) as g
space s = m where g
""",
    ),
    "elements with a mistake that where excludes": (
        1,
        """
meta m on x: image(4, 6, 6) {
  bad = (x -> conv(3, 1)) + x
  wide = (choose {a: relu, b: conv(3, 1)} as way)
  y = [x, *[x + (x -> wide) for i in 1..1]] -> keep 1..2 as inputs -> sum
  z = choose {fine: y, wrong: bad} as which
  return z -> conv(4, 1)
}
space s = m where which != "wrong", way != "b", inputs == 2
""",
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right(name: str) -> None:
    held(*RIGHT[name])
