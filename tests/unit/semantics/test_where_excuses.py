"""What `where` rules out is no mistake, wherever it is bound."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.source import Source

TEXT = """stdsl 1
meta m on x: image(3, 6, 6) {{
  n = choose 2..3 as n
  ys = [x -> leaky_relu for i in 1..n]
  last = ys[3]
  return {result}
}}
space s = m where n in {allowed}..3
"""


@pytest.mark.parametrize(
    ("result", "count"),
    [
        ("last", 1),
        ("[last, last -> relu] -> keep any as outer -> sum", 3),
        ("[x, last] -> keep 0..1 as inner -> sum", 3),
    ],
)
def test_an_element_that_is_there_wherever_where_holds(result: str, count: int) -> None:
    """Where it is not kept nobody asks how many there are, so that `where` does not bind; nor does anybody ask for
    it (found by the soak)."""
    assert stdsl.loads(TEXT.format(result=result, allowed=3)).count() == count
    with pytest.raises(stdsl.SpaceError) as caught:
        stdsl.loads(TEXT.format(result=result, allowed=2))
    assert [d.code for d in caught.value.diagnostics] == ["E0220"]


def test_a_keep_in_a_constraint_keeps_as_many_as_it_may() -> None:
    text = """stdsl 1
meta m on x: image(4, 6, 6) {
  ys = [x, x -> relu] -> keep 1..2 as k
  v = [*ys, ys[(choose {1, 2, 3} as d)]] -> sum
  xs = [v -> pointwise(4), v -> pointwise(4)] -> keep 1 as some
  return xs -> sum
}
space s = m where not (some == 1) or d == 1
"""
    assert [d.code for d in check_text(Source("text", text)) if d.code.startswith("E")] == []
    found = check_text(Source("text", text.replace("not (some == 1)", "some == 1")))
    assert [d.code for d in found if d.code.startswith("E")] == ["E0220"]
