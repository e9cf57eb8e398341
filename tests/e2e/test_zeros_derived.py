"""A search by the rule of DARTS leaves no zero on an edge that it keeps; one that allows them may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run

TEXT = """stdsl 1
use std.strategies (darts, pc_darts, sdas)
ops candidates = {none: zero, skip, frame: conv(same, 1x3x3) -> bn, time: conv(same, 3x1x1) -> bn}
tied cell node(c) on s {
  a = s -> conv(c, 1x1x1) -> bn
  for i in 1..2 {
    x[i] = [s, a, *x[<i]] -> each choose candidates as kind -> keep 2 as inputs -> sum
  }
  return x -> concat -> conv(c, 1x1x1) -> bn
}
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  stem = video -> conv(c, 1x3x3) -> bn
  return stem -> node(c) -> relu -> global_avg_pool -> linear(4)
}
space small = net
search by_darts {
  space    = small
  strategy = darts { steps = 6  batch = 8  measure = 8  relax { init = 0.5 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 16)
  seed = 0
}
search by_sdas {
  space    = small
  strategy = sdas { steps = 6  batch = 8  measure = 8  relax { init = 0.5 } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 32, valid = 32, test = 16)
}
"""


def found(tmp_path: Path, search: str, *overrides: str) -> dict[str, Any]:
    file = tmp_path / "a.space"
    file.write_text(TEXT)
    request = RunRequest(str(file), search, overrides, tmp_path / "-".join((search, *overrides)).replace("/", "-"))
    return dict(run(request, Silent()).architecture)


@pytest.mark.parametrize("seed", range(3))
def test_a_search_of_darts(tmp_path: Path, seed: int) -> None:
    never = found(tmp_path, "by_darts", f"seed={seed}")
    allowed = found(tmp_path, "by_darts", f"seed={seed}", "strategy.derive.zeros=allowed")
    assert "none" not in never.values()
    assert never["node.x[2].inputs"] == allowed["node.x[2].inputs"], "edges rank alike"
    assert all(value in ("none", never[path]) for path, value in allowed.items())


def test_zeros_are_derived_where_they_are_allowed(tmp_path: Path) -> None:
    values = [found(tmp_path, "by_darts", f"seed={seed}", "strategy.derive.zeros=allowed") for seed in range(3)]
    assert any("none" in value.values() for value in values)


def test_a_scheduled_search(tmp_path: Path) -> None:
    never = [found(tmp_path, "by_sdas", f"seed={seed}", "strategy.derive.zeros=never") for seed in range(3)]
    usual = [found(tmp_path, "by_sdas", f"seed={seed}") for seed in range(3)]
    assert not any("none" in value.values() for value in never)
    assert any("none" in value.values() for value in usual)
