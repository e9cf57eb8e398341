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


@pytest.mark.parametrize(
    "where", ["", "where d == 2", "where d == 2, params < 1e7", "where n >= 1", "where d == 2 or n >= 1"]
)
@pytest.mark.parametrize("result", ["kept", "[kept, ys -> keep 2 as more -> sum] -> sum"])
def test_a_keep_that_finds_too_few_is_no_excuse_for_that(where: str, result: str) -> None:
    """`where` binds where `d` is asked for, which turns on what is kept: of too few elements nothing is (found by a
    soak)."""
    text = f"""stdsl 1
meta m on x: image(4, 6, 6) {{
  d = choose 1..3 as d
  y = x -> conv(d, 1x1) -> conv(4, 1x1)
  n = choose 1..3 as n
  ys = [y -> relu for i in 1..n]
  kept = ys -> keep 2 as few -> sum
  return {result}
}}
space s = m {where}
"""
    found = [d for d in check_text(Source("text", text)) if d.code.startswith("E")]
    assert {d.code for d in found} == {"E0304"}
    assert all(d.message.endswith("when n = 1") for d in found)
    right = check_text(Source("text", text.replace("n = choose 1..3", "n = choose 2..3")))
    assert [d.code for d in right if d.code.startswith("E")] == []
