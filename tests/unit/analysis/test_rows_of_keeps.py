"""Sums of any of those before: what is decided of a row does not hang on who else reads it, and work is limited."""

from functools import cache
from itertools import combinations
from math import prod

import pytest

import stdsl
from stdsl.compiler.analysis.circuits import compilation
from stdsl.compiler.analysis.circuits.compilation import compile_circuits

ROW = """stdsl 1
space s = m
meta m on x: image(1, 6, 6) {{
  for i in 1..{n} {{ y[i] = [x, *y[<i]] -> each relu -> keep any as ins -> sum }}
  return {result}
}}
"""


def row(n: int, result: str) -> stdsl.Space:
    return stdsl.loads(ROW.format(n=n, result=result), "s")


def test_a_row_that_is_read_as_a_whole_is_as_many_keeps() -> None:
    """33 of them met the limit of 200,000 states: each stood in states as something that the ones after it may want."""
    space = row(33, "y -> sum")
    assert space.count() == prod(2**i - 1 for i in range(1, 34))


@pytest.mark.parametrize("n", [3, 6, 9])
def test_a_row_of_which_the_last_is_read(n: int) -> None:
    @cache
    def ways(wanted: frozenset[int]) -> int:
        if not wanted:
            return 1
        last = max(wanted)
        rest = wanted - {last}
        kept = (k for size in range(1, last + 1) for k in combinations(range(last), size))
        return sum(ways(rest | (frozenset(k) - {0})) for k in kept)

    assert row(n, f"y[{n}]").count() == ways(frozenset({n}))


def test_states_of_a_row_are_sets_of_what_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """At most two (is anything kept yet?) for each element of each keep and each set of those before."""
    met: list[compilation.State] = []
    following = compilation._Compiler._next
    monkeypatch.setattr(compilation._Compiler, "_next", lambda self, state: met.append(state) or following(self, state))
    row(9, "y[9]").count()
    assert len(met) <= sum(2 * i * 2 ** (i - 1) for i in range(2, 10))


def test_work_is_limited_beside_states(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = row(7, "y[7]").graph
    circuits, _ = compile_circuits(graph, limit=2000)
    assert all(circuits)
    monkeypatch.setattr(compilation, "WORK_PER_STATE", 1)
    circuits, _ = compile_circuits(graph, limit=2000)
    assert None in circuits


def test_parts_that_are_given_up_leave_little_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows without end took three times the limit."""
    text = """stdsl 1
    space s = m
    cell row on x {
      for i in 1..14 { y[i] = [x, *y[<i]] -> each relu -> keep any as ins -> sum }
      return y[14]
    }
    meta m on x: image(1, 6, 6) { a = x -> row  b = a -> row  c = b -> row  return c -> choose {relu, skip} }
    """
    done: list[int] = []
    compiling = compilation._Compiler.compile

    def compile(self: compilation._Compiler, state: compilation.State) -> int:
        before = self.work
        try:
            return compiling(self, state)
        finally:
            if not before:
                done.append(self.work)

    monkeypatch.setattr(compilation._Compiler, "compile", compile)
    circuits, _ = compile_circuits(stdsl.loads(text, "s").graph, limit=2000)
    assert circuits.count(None) == 3
    assert sum(1 for circuit in circuits if circuit is not None) == 1
    assert sum(done) < 1.3 * 30 * 2000
