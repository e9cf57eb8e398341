"""What a search along paths measures at its end is planned by how many different architectures there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.runtime.prepare.plan import Plan, plan, plan_text
from stdsl.runtime.prepare.preparation import load_job

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {2, 4} as width, 1x3x3) -> bn -> choose {relu, sigmoid, tanh} as first
  return y -> choose {relu, identity} as last -> global_avg_pool -> linear(4)
}
space nets = net WHERE
search paths {
  space = nets
  strategy = sampling { steps = 3  batch = 8  draw = uniform  samples = 1  derive { candidates = MANY } }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 64, valid = 64, test = 64)
}
"""


def planned(folder: Path, many: int, where: str = "") -> Plan:
    (folder / "a.space").write_text(TEXT.replace("MANY", str(many)).replace("WHERE", where))
    return plan(load_job(str(folder / "a.space"), None), "cpu")


@pytest.mark.parametrize(
    ("many", "where", "measured"),
    [(1000, "", 12), (5, "", 5), (1000, "where params <= 50", 6), (1000, "where width == 2, params <= 50", 6)],
)
def test_candidates_are_counted_once_each(tmp_path: Path, many: int, where: str, measured: int) -> None:
    found = planned(tmp_path, many, where)
    (search,) = found.stages
    assert (search.steps, search.measured) == (3, measured)
    assert f"search: then up to {measured} architectures measured" in plan_text(found)


def test_more_candidates_than_there_are_take_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdsl.runtime.prepare.plan._rate", lambda device: (1e9, 1.0))
    assert planned(tmp_path, 100_000).seconds == planned(tmp_path, 12).seconds > planned(tmp_path, 2).seconds
