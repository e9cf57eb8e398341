"""A search in shared weights has the seed of the one that trained them; where not, that concerns nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.check import check_file
from stdsl.compiler.checks.opening import load_search, load_space
from stdsl.compiler.diagnostics.model import SpaceError

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> choose {flat: conv(4, 1x3x3), deep: conv(4, 3x3x3)} as kind
  return y -> global_avg_pool -> linear(4)
}
space pair = net
search paths {
  space = pair  strategy = sampling { steps = 1  draw = uniform  derive { candidates = 2 } }
  data  = motion_digits(frames = 4, size = 8, motions = 4)
}
search bred {
  space = pair  strategy = random { trials = 2  fitness { weights = shared } }  needs = [paths]  seed = 3
  data  = motion_digits(frames = 4, size = 8, motions = 4)
}
search behind {
  space = pair  strategy = random { trials = 2  fitness { weights = shared } }  needs = [paths, bred]
  data  = motion_digits(frames = 4, size = 8, motions = 4)
}
"""


ONTO = """search onto {
  space = pair  strategy = random { trials = 2 }  needs = [bred]
  data  = motion_digits(frames = 4, size = 8, motions = 4)
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a.space").write_text(TEXT, encoding="utf-8")
    return tmp_path / "a.space"


def test_both_seeds_and_both_places_are_named(file: Path) -> None:
    (found,) = check_file(file)
    assert found.code == "E0778"
    assert found.message == "the search `bred` has the seed 3, and `paths`, whose weights it measures with, 0"
    assert [span.text for span in (found.span, *(label.span for label in found.secondary)) if span] == ["3", "paths"]
    assert "`--set seed=3` is for both" in (found.help or "")
    assert load_search(file, "bred", ["seed=3"]).search.config.seed == 3


def test_spaces_and_other_searches_of_the_file_are_there(file: Path) -> None:
    assert load_space(file, "pair").graph.open
    assert load_search(file, "paths", ()).search.config.seed == 0
    for name in ("bred", "behind"):  # the one in question, and one that needs it
        with pytest.raises(SpaceError) as raised:
            load_search(file, name, ())
        assert [d.code for d in raised.value.diagnostics] == ["E0778"]


def test_the_seed_of_a_call_is_that_of_all_that_is_needed(file: Path) -> None:
    """Of the search that is asked for and those before it, but not of others that stand beside it."""
    file.write_text(TEXT + ONTO, encoding="utf-8")
    for name in ("onto", "behind", "bred"):
        assert load_search(file, name, ["seed=3"]).search.config.seed == 3
    for name, overrides in (("onto", ()), ("onto", ["ensemble=1"])):
        with pytest.raises(SpaceError) as raised:
            load_search(file, name, overrides)
        assert [d.code for d in raised.value.diagnostics] == ["E0778"]
