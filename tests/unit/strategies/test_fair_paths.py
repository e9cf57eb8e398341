"""Paths that train every alternative equally often."""

from __future__ import annotations

from collections import Counter

import stdsl
from stdsl.runtime.strategies.sampling.fair import FairPaths

TEXT = """stdsl 1
meta m on x: image(3, 4, 4) {
  a = x -> choose {p: relu, q: gelu, r: tanh -> choose {s: relu, t: tanh} as inner} as outer
  b = a + (a -> maybe gelu as more)
  c = b + ([x, x -> relu] -> keep 1..2 as few -> sum)
  return c -> repeat choose 1..4 as times { relu }
}
space s = m
"""


def test_values_take_turns() -> None:
    space = stdsl.loads(TEXT)
    fair = FairPaths(space.graph, seed=0)
    archs = [space.valid(fair.path(number)) for number in range(24)]
    names = {path.rpartition(".")[2]: path for path in space.graph.by_path}
    for name, many in (("outer", 3), ("more", 2), ("times", 4)):
        for first in range(0, 24, many):
            values = Counter(arch[names[name]] for arch in archs[first : first + many])
            assert len(values) == many, f"{name}: {values} of {many} paths"
    assert len({tuple(arch[names["times"]] for arch in archs[i : i + 4]) for i in range(0, 24, 4)}) > 1
    assert [fair.path(n) for n in (5, 3)] == [archs[5], archs[3]]
