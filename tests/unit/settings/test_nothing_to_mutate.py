"""E0536 is about mutations that miss what a space leaves open: where nothing is open, no mutation can be to blame."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import SpaceError

TEXT = """\
stdsl 1
meta m on x: clip(1, 4, 8, 8) {{
  f = choose {alternatives}
  return x -> f -> global_avg_pool -> linear(4)
}}
space s = m()
strategy e = evolution {{ population = 3  rounds = 4  tournament = 2  mutate = [grow("**")]  fitness {{ steps = 2 }} }}
search go {{
  space = s  strategy = e  data = motion_digits(frames = 4, size = 8, motions = 4)
  retrain {{ steps = 2  batch = 8  optimizer = sgd(lr = 0.1) }}
}}
"""


def test_one_alternative_is_nothing_to_mutate() -> None:
    assert stdsl.loads(TEXT.format(alternatives="{relu}")).count() == 1


def test_two_are() -> None:
    with pytest.raises(SpaceError) as caught:
        stdsl.loads(TEXT.format(alternatives="{relu, gelu}"))
    (mistake,) = caught.value.diagnostics
    assert mistake.code == "E0536"
    assert mistake.notes == ("its decisions are `f.choice`",)
