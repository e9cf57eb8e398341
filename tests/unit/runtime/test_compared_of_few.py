"""Random architectures to compare with, of spaces that have few: all of them, and no more are planned."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from stdsl.compiler.analysis.enumerate import architectures
from stdsl.runtime.phases.derive import _others
from stdsl.runtime.prepare.plan import plan, plan_text
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  h = video -> conv(2, 1x3x3) -> choose {a: relu, b: gelu, c: silu} as kind
  return h -> choose {flat: conv(2, 1x3x3), full: conv(2, 3x3x3)} as shape -> global_avg_pool -> linear(4)
}
space six = net
search s {
  space    = six
  strategy = gradient { steps = 2  batch = 4 }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  retrain  { steps = 2  batch = 4 }
  compare  { random = ASKED }
}
"""


@pytest.mark.parametrize("asked", [3, 5, 8])
def test_of_few_all_are_drawn(tmp_path: Path, asked: int) -> None:
    (tmp_path / "a.space").write_text(TEXT.replace("ASKED", str(asked)))
    job = load_job(str(tmp_path / "a.space"), None)
    derived = next(iter(architectures(job.graph)))
    for seed in range(20):
        run = cast(Any, SimpleNamespace(config=job.config, seed=seed))
        _, found = _others(run, job.graph, derived, ())
        assert len({arch.hash for arch in found} - {derived.hash}) == min(asked, 5)


@pytest.mark.parametrize(("asked", "rows"), [(3, 3), (5, 1), (8, 1)])
def test_no_more_are_planned_than_there_are(tmp_path: Path, asked: int, rows: int) -> None:
    (tmp_path / "a.space").write_text(TEXT.replace("ASKED", str(asked)))
    found = plan(load_job(str(tmp_path / "a.space"), None), "cpu")
    names = [stage.name for stage in found.stages if stage.name.startswith("train random-")]
    assert len(names) == min(asked, 5)
    lines = [line for line in map(str.strip, plan_text(found).splitlines()) if line.startswith("train random-")]
    assert len(lines) == rows
    if rows == 1:
        assert lines[0].startswith("train random-1 to random-5")
        assert lines[0].split()[4] == "10"
