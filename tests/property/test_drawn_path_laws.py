"""Networks that draw a path for each pass, of random spaces and of some by hand: the discrete network on each
architecture, and the mixture on each draw, in value and gradient."""

from __future__ import annotations

import pytest
from drawn_path_laws import check_drawn
from each_space import Generator, any_text, each_space
from nested_cells import nested_text

pytestmark = pytest.mark.usefixtures("one_thread")


def soak(generate: Generator, spaces: int, first: int) -> int:
    """How many of the spaces can be relaxed."""
    return sum(each_space(generate, spaces, first, check_drawn))


def test_generated_spaces() -> None:
    assert soak(any_text, 8, 60_000)


def test_cells_in_cells() -> None:
    assert soak(nested_text, 4, 61_000)


@pytest.mark.slow
def test_many_generated_spaces() -> None:
    soak(any_text, 400, 62_000)
    soak(nested_text, 200, 63_000)


BY_HAND = {
    "alternatives of an edge": """
meta m on x: image(3, 8, 8) {
  a = x -> conv(4, 3) -> choose {skip, pool: avg_pool(3), conv: relu -> conv(4, 3) -> bn, none: zero} as first
  b = [x -> conv(4, 1), a] -> each choose {skip, conv: relu -> conv(4, 3) -> bn} as kind -> keep 1 as inputs -> sum
  return [a, b] -> concat -> global_avg_pool -> linear(3)
}""",
    "numbers and depths": """
meta m on x: image(3, 8, 8) {
  a = x -> conv(4, choose {1, 3, 5} as window, dilation = choose {1, 2} as dilation)
  return a -> repeat choose 0..2 as depth { conv(same, 3) -> relu } -> global_avg_pool -> linear(3)
}""",
    "gates in sums and means": """
meta m on x: image(4, 5, 5) {
  a = [x, x -> maybe conv(4, 1) as gate, x -> conv(4, 3)] -> mean
  b = [a, a -> maybe tanh as other] -> sum
  return b -> global_avg_pool -> linear(2)
}""",
    "choices in choices": """
meta m on x: image(3, 6, 6) {
  inner = x -> choose {one: conv(3, 1), two: conv(3, 3) -> choose {relu, tanh} as act} as kind
  return [inner, x] -> sum -> choose {plain: relu, more: gelu -> conv(3, choose {1, 3} as window)} as outer -> flatten
}""",
}


@pytest.mark.parametrize("which", BY_HAND)
def test_spaces_by_hand(which: str) -> None:
    for seed in range(4):
        assert check_drawn(f"stdsl 1{BY_HAND[which]}\nspace s = m\n", seed, 3)
