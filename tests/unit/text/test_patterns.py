"""Patterns over paths, and what was meant by one that fits none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stdsl.compiler.diagnostics.evolution import EditsNothing, MutatesNothing
from stdsl.compiler.diagnostics.phases import PatternMatchesNothing
from stdsl.compiler.text.patterns import matches, wider

SEGMENTS = st.lists(st.sampled_from(["x", "x[1]", "kind", "kinds"]), min_size=1, max_size=4)


@given(SEGMENTS, st.integers(0, 3), SEGMENTS)
def test_the_end_of_a_path_is_meant_anywhere(path: list[str], first: int, other: list[str]) -> None:
    whole, end = ".".join(path), ".".join(path[first:] or path[-1:])
    near = wider(end, [".".join(other), whole])
    assert near is not None
    assert matches(near, whole)
    assert wider(end + "z", [whole]) is None


def test_a_label_where_a_pattern_is_due_is_told_of() -> None:
    paths = ("a.depth", "b[1].kind")
    assert MutatesNothing(None, "shrink", "depth", "s", paths).help == 'did you mean `"**.depth"`?'
    assert MutatesNothing(None, "shrink", "width", "s", paths).help == "mend its pattern, or leave it out"
    assert EditsNothing(None, "kind", "conv", "s", False, paths).help == 'did you mean `"**.kind"`?'
    assert EditsNothing(None, "**.kind", "conv", "s", True).help == "mend the edit, or leave it out"
    assert EditsNothing(None, "**.kind", "tme", "s", True, (), ("frame", "time")).help == "did you mean `time`?"
    assert PatternMatchesNothing(None, "kind", "s", paths).help == 'did you mean `"**.kind"`?'
    assert PatternMatchesNothing(None, "knd", "s", paths).help is None
