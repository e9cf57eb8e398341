"""What is copied of earlier applications is what elaborating it would have made, node for node."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from copies_laws import checked, same_without_copies, with_other_sizes
from hypothesis import given, settings
from hypothesis import strategies as st
from sized_texts import sized_text

from stdsl.compiler.semantics.elaboration import blocks
from tests.generators.random_spaces.whole import risky_text, space_text

HEAD = """stdsl 1
op point(c) = pointwise(c) -> bn -> relu
op windows(c) = choose {conv, depthwise_first}(c, (choose {1, 3, 5} as length)) as kind -> bn
op depthwise_first(c, k) = depthwise(k) -> pointwise(c)
cell two(c) on x {
  first = x -> point(c) -> windows(c)
  return first -> windows(c)
}
tied cell alike(c) on x {
  first = x -> windows(c)
  return first -> windows(c)
}
tied cell within(c) on x = x -> windows(c) -> relu
tied cell around(c) on x {
  y = x -> within(c)
  return [y -> within(c), x -> alike(c)] -> sum
}
cell holds(c) on x {
  y = x -> around(c)
  return [y -> around(c), y -> within(c)] -> sum
}
tied cell wide(c) on x = x -> pointwise(choose {c, 2 * c} as wideness)
tied cell widened(c) on x = [x -> wide(c), x -> wide(c) -> wide(c)] -> concat
cell entering(c) on x {
  y = x -> wide(c)
  z = y -> widened(c)
  v = x -> widened(c)
  return [y, z, v] -> concat
}
cell tied_inside(c) on x = [x -> alike(c), x -> windows(c)] -> keep 1..2 as kept -> sum
ops streams(c) = {point: point(c), one: point(c) -> windows(c), two: two(c)}
cell streamed(c) on x {
  n = choose 1..3 as width
  for i in 1..n {
    s[i] = x -> choose streams(share(c, n, i)) as stream
  }
  return s -> concat
}
cell long(xs = 3) on x = x -> repeat choose 1..xs as deep { windows(8) }
op total on *xs = xs -> each relu -> sum
op pair on a, b = a + (b -> relu)
op best on *xs = xs -> keep 1 as kept -> sum
meta m(c = 8, n = 1) on x: image(c, 8, 8) {
"""
WRITTEN = (
    "  a = x -> windows(8)\n  b = a -> windows(8)\n  return b -> windows(8)",
    "  return x -> windows(8) -> windows(8)",
    "  y = x -> two(8)\n  return y -> two(8)",
    "  y = x -> streamed(8)\n  return y -> streamed(8)",
    "  y = x -> tied repeat choose 1..3 as often { streamed(8) }\n  return y -> tied repeat 2 { two(8) }",
    "  y = x -> pointwise(4) -> tied repeat choose 1..3 as often { two(8) }\n  return y -> relu",
    "  y = x -> alike(8)\n  z = [y -> alike(8), x -> alike(8)] -> sum\n  return z -> alike(4)",
    "  y = x -> tied_inside(8)\n  return y -> tied_inside(8)",
    "  f = windows(8)\n  y = x -> f -> f\n  z = y -> pointwise(4) -> f\n  return z -> windows(8)",
    "  k = choose {4, 8} as wide\n  y = x -> windows(k)\n  z = y -> windows(k)\n  a = z -> long\n  return a -> long",
    "  y = x -> choose {a: two, b: two}(8) as which\n  return y -> choose {a: two(8), b: streamed(8)} as last",
    "  y = [x -> windows(8) for _ in 1..3]\n  return y -> keep 2 as kept -> each windows(8) -> concat -> windows(8)",
    "  y = x -> long\n  z = y -> long(2)\n  return z -> long",
    "  y = x -> holds(8)\n  z = x -> holds(8)\n  return y + z",
    "  y = x -> holds(8)\n  z = y -> around(8)\n  return z -> holds(8)",
    "  y = x -> entering(4)\n  return y -> entering(4)",
    "  y = x -> entering(4)\n  z = y -> widened(4)\n  return z -> widened(4) -> entering(4)",
    "  y = x -> streamed(8)\n  return y -> global_avg_pool -> linear(n)",
    "  y = x -> windows(8)\n  return {main: y -> pointwise(n * 2 - 2) -> relu, also: y}",
    "  k = choose {4, 8} as wide\n  y = x -> windows(k)\n  return y + (x -> pointwise(k // n))",
    "  y = [x -> windows(8) for _ in 1..3] -> keep 1..2 as kept -> sum\n  return y -> conv(y.channels, n)",
    "  d = choose {2, 4} as many\n  for i in 1..(0 * d + 2) { y[i] = x -> relu }\n"
    "  a = [x -> relu, x -> gelu] -> total\n  b = y -> total\n  return a + b",
    "  d = choose {2, 4} as many\n  for i in 1..(0 * d + 2) { y[i] = x -> relu }\n"
    "  a = [x -> relu, x -> gelu] -> pair\n  b = y -> pair\n  return a + b",
    "  d = choose {2, 4} as many\n  for i in 1..d { y[i] = x -> relu }\n"
    "  a = [x -> relu, x -> gelu] -> total\n  b = y[<3] -> total\n  return a + b",
    "  a = [x -> relu, x -> gelu] -> best\n  b = [a -> windows(8), a -> relu] -> best\n"
    "  return [b -> relu, b -> windows(8) -> windows(8)] -> best",
)
NARROWED = ("", " where length <= 3", ' where kind != "conv"', " where flops <= 400K, length != 3")


@pytest.mark.parametrize("body", WRITTEN)
def test_copies_of_all_kinds(body: str) -> None:
    for narrowed in NARROWED:
        spaces = f"space s = m(){narrowed}\nspace t = m(n = 2)\nspace u = m(4)\nspace v = m(4, 3){narrowed}\n"
        same_without_copies(f"{HEAD}{body}\n}}\n{spaces}")


@settings(max_examples=40, derandomize=True)
@given(seed=st.integers(0, 10**9), risky=st.booleans())
def test_copies_in_any_space(seed: int, risky: bool) -> None:
    written: Callable[[random.Random], Any] = risky_text if risky else space_text
    same_without_copies(with_other_sizes(written(random.Random(seed)).text, random.Random(seed)))


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_small_networks_on_inputs_of_several_sizes(first: int) -> None:
    for seed in range(first, first + 40):
        same_without_copies(sized_text(random.Random(seed)))


def test_a_body_is_elaborated_once_for_equal_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it decides, wherever it is called."""
    run, found = blocks.run_block, []

    def counted(state: Any, block: Any, env: Any, **more: Any) -> Any:
        found.append("")
        return run(state, block, env, **more)

    monkeypatch.setattr(blocks, "run_block", counted)
    times = []
    for calls in (1, 2, 3):
        found.clear()
        statements = "\n".join(f"  {'xyzw'[i + 1]} = {'xyzw'[i]} -> windows(8)" for i in range(calls))
        checked(f"{HEAD}{statements}\n  return {'xyzw'[calls]}\n}}\nspace s = m()\n")
        times.append(len(found))
    assert times[0] == times[1] == times[2]
