"""E0536 is about mutations that miss what a space leaves open: where nothing is open, no mutation can be to blame."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import SpaceError

TEXT = """\
stdsl 1
meta m on x: image(1, 8, 8) {{
  f = choose {alternatives}
  return x -> f -> global_avg_pool -> linear(10)
}}
space s = m()
strategy e = evolution {{ population = 3  rounds = 4  tournament = 2  mutate = [grow("**")]  fitness {{ steps = 2 }} }}
search go {{ space = s  strategy = e  data = digits()  retrain {{ steps = 2 }} }}
"""


def test_one_alternative_is_nothing_to_mutate() -> None:
    assert stdsl.loads(TEXT.format(alternatives="{relu}")).count() == 1


def test_two_are() -> None:
    with pytest.raises(SpaceError) as caught:
        stdsl.loads(TEXT.format(alternatives="{relu, gelu}"))
    (mistake,) = caught.value.diagnostics
    assert mistake.code == "E0536"
    assert mistake.notes == ("its decisions are `f.choice`",)
