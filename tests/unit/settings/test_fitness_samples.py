"""Trials that are to be measured on more samples than there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.opening import load_search
from stdsl.compiler.families.registry import family

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> choose {flat: conv(4, 1x3x3), deep: conv(4, 3x3x3)} as kind
  return y -> global_avg_pool -> linear(4)
}
space pair = net
search go {
  space    = pair
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 48, test = 16)
  strategy = STRATEGY { fitness { steps = 1  batch = 4  SAMPLES } }
}
"""


@pytest.mark.parametrize("name", ["random", "evolution", "bayes"])
@pytest.mark.parametrize(("samples", "told"), [("", False), ("samples = 48", False), ("samples = 49", True)])
def test_it_is_warned_of(tmp_path: Path, name: str, samples: str, told: bool) -> None:
    path = tmp_path / "s.space"
    own = "startup = 1  " if name == "bayes" else ""  # of two architectures the default leaves the model nothing
    path.write_text(TEXT.replace("STRATEGY { ", f"{name} {{ {own}").replace("SAMPLES", samples))
    search = load_search(path).search
    found = list(family(name).warnings(search.config, search.common))
    assert [each.code for each in found] == (["W0767"] if told else [])
    for each in found:
        assert each.message == "trials are measured on 48 samples, all that `valid` has, and not on 49"
        assert (each.help or "").startswith("set `samples` to 48 at most")
        assert each.span is not None
        assert each.span.text == "49"
