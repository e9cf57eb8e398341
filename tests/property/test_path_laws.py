"""Networks that compute one path, of random spaces and of some by hand: on each architecture they are its discrete
network, in value, gradient and statistics, whether the space can be relaxed or not."""

from __future__ import annotations

import pytest
from each_space import Generator, any_text, each_space
from nested_cells import nested_text
from path_laws import check_paths

import stdsl
from stdsl.compiler.backends.networks.paths.text import path_source

pytestmark = pytest.mark.usefixtures("one_thread")


def soak(generate: Generator, spaces: int, first: int) -> None:
    each_space(generate, spaces, first, lambda text, seed: check_paths(text, seed, architectures=2))


def test_generated_spaces() -> None:
    soak(any_text, 10, 50_000)


def test_cells_in_cells() -> None:
    soak(nested_text, 5, 51_000)


def test_conditions_that_are_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where they are too long for a text: here all are."""
    monkeypatch.setattr("stdsl.compiler.backends.codegen.conditions.MANY", 0)
    soak(any_text, 6, 54_000)
    soak(nested_text, 2, 54_500)
    for text in NUMBERS.values():
        check_paths(f"stdsl 1{text}\nspace s = m\n", 0, 3)


def test_what_depends_on_many_decisions_together_is_walked() -> None:
    """Whether an early node of a row is read turns on every keep behind it."""
    row = "for i in 1..6 { y[i] = [a, *y[<i]] -> each relu -> keep 1 as inputs -> mean }"
    text = (
        f"stdsl 1\nmeta m on x: image(4, 3, 3) {{\n a = x -> depthwise(3)\n {row}\n return a + y[6]\n}}\nspace s = m\n"
    )
    assert "decided(" in path_source(stdsl.loads(text).graph)
    check_paths(text, 0, 4)


@pytest.mark.slow
def test_many_generated_spaces() -> None:
    soak(any_text, 400, 52_000)
    soak(nested_text, 200, 53_000)


NUMBERS = {
    "widths": """
op unit(c) = conv(c, 3, bias = true) -> bn -> relu
meta m on x: image(3, 8, 8) {
  c = choose {3, 4, 8} as first
  a = x -> unit(c)
  b = (a -> unit(choose {2, 8} as second)) -> depthwise(3) -> bias -> scale
  return [a, b] -> concat -> pointwise(choose {1, 5} as third) -> flatten -> linear(3)
}""",
    "one channel that enters, or several": """
meta m on x: image(1, 8, 8) {
  a = x -> conv(choose {1, 2, 4} as first, choose {1, 3} as window) -> bn
  return a -> depthwise(3) -> conv(choose {2, 4} as second, 3) -> global_avg_pool -> linear(3)
}""",
    "expansions, windows and depths": """
op block(c) on x {
  e = choose {1, 3} as expansion
  k = choose {1, 3, 5} as window
  return x + (x -> pointwise(e * c) -> bn -> depthwise(k) -> bn -> relu -> pointwise(c) -> bn)
}
meta m on x: image(4, 7, 7) {
  return x -> repeat choose 1..3 as depth { block(4) } -> group_norm(2) -> global_avg_pool -> linear(2)
}""",
    "resolutions and clips": """
meta m on x: clip(2, 8, 9, 9) {
  r = choose {1, 2, 3} as coarse
  y = x -> subsample((r, r, r)) -> conv(choose {2, 4} as width, 3x3x3, stride = (1, 2, 2)) -> bn -> avg_pool(2)
  return y -> global_avg_pool -> linear(2)
}""",
    "strides and dilations": """
meta m on x: image(3, 9, 9) {
  y = x -> conv(4, 3, stride = choose {1, 2} as stride, dilation = choose {1, 2} as dilation, pad = none)
  return y -> max_pool(choose {2, 3} as pool) -> global_max_pool -> linear(2)
}""",
    "what is kept of a list is joined": """
meta m on x: image(3, 5, 5) {
  ys = [x -> conv(i, 1) for i in 1..4] -> keep 1..3 as few
  return ys -> concat -> conv(4, 3, groups = 1) -> bn -> global_avg_pool -> linear(2)
}""",
    "slots of a keep": """
meta m on x: image(3, 5, 5) {
  ys = [x -> conv(3, 1), x -> conv(3, 3), x -> relu, x] -> keep 2..3 as few
  return ys[1] + (ys[2] -> bn) -> global_avg_pool -> linear(2)
}""",
    "zeros, gates and means of nothing": """
meta m on x: image(4, 5, 5) {
  a = x -> conv(4, 3) -> choose {none: zero, some: bn} as kind
  b = [a, x -> maybe conv(4, 1) as gate, x -> conv(4, 1) -> zero] -> keep 0..2 as few -> mean
  return [b, a + (x -> maybe bn as more)] -> concat -> global_avg_pool -> linear(2)
}""",
    "tokens and heads": """
meta m on x: image(4, 4, 4) {
  t = x -> to_tokens
  h = choose {1, 2} as heads
  u = [t, t, t] -> attention(h)
  return u -> layer_norm -> global_avg_pool -> linear(3)
}""",
    "two outputs, of a width that is chosen": """
meta m on x: image(3, 6, 6) {
  a = x -> conv(choose {2, 6} as width, 3) -> bn
  b = a -> choose {plain: identity, deep: conv(same, 3) -> bn} as kind
  return { main: b -> global_avg_pool -> linear(2), aux: a -> global_avg_pool -> linear(2) }
}""",
}


@pytest.mark.parametrize("which", NUMBERS)
def test_spaces_by_hand(which: str) -> None:
    check_paths(f"stdsl 1{NUMBERS[which]}\nspace s = m\n", 0, 6)
