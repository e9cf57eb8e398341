"""How many mutations make a child is tried in the first round and in the last one that the strategy has."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import SpaceError

TEXT = """\
stdsl 1
meta m on x: clip(1, 4, 8, 8) {{
  f = choose {{relu, gelu}}
  return x -> f -> global_avg_pool -> linear(4)
}}
space s = m()
search go {{
  space = s
  strategy = evolution {{ population = 3  tournament = 2  rounds = {rounds}  mutations = {mutations} }}
  data = motion_digits(frames = 4, size = 8, motions = 4)
}}
"""


@pytest.mark.parametrize(("mutations", "rounds"), [("3 - i / 4", 13), ("max(3 - i / 4, 1)", 2000), ("2", 1)])
def test_what_is_never_below_zero_will_do(mutations: str, rounds: int) -> None:
    assert stdsl.loads(TEXT.format(mutations=mutations, rounds=rounds)).count() == 2


@pytest.mark.parametrize(
    ("mutations", "rounds", "said"),
    [
        ("3 - i / 4", 14, "it is -0.25 at i = 13, below 0"),
        ("10 - i / 150", 2000, "it is -3.32667 at i = 1999, below 0"),
        ("1 / (7 - i)", 8, "it has no value at i = 7"),
    ],
)
def test_what_ends_below_zero_or_has_no_value_is_refused(mutations: str, rounds: int, said: str) -> None:
    with pytest.raises(SpaceError) as caught:
        stdsl.loads(TEXT.format(mutations=mutations, rounds=rounds))
    (mistake,) = caught.value.diagnostics
    assert mistake.code == "E0510"
    assert said in mistake.message
