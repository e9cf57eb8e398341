"""Windows over time of the best networks of a search, against what the architectures say."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from calls import called

TEXT = """stdsl 1
use std.video (conv2plus1d)
op window(c) = choose {conv, conv2plus1d}(c, (choose {1, 3, 5} as length, 3, 3)) as kind -> bn -> relu
meta net on video: clip(1, 8, 8, 8) {
  early = video -> window(2)
  for i in 1..2 { late[i] = early -> window(2) }
  return late -> concat -> global_avg_pool -> linear(4)
}
space cells = net
search few {
  space    = cells
  strategy = random { trials = 4  fitness { steps = 1  batch = 8  samples = 8 } }
  data     = motion_digits(frames = 8, size = 8, motions = 4, train = 16, valid = 16, test = 16)
}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("windows")
    (folder / "few.space").write_text(TEXT)
    told = called("run", str(folder / "few.space"), "--out", str(folder / "run"), "--hands", "0", "--device", "cpu")
    assert told.exit_code == 0, told.output
    return folder / "run"


def expected(values: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Part, operation and length of each window; all have one, for they look beyond a pixel."""
    parts = {path.partition(".")[0] for path in values}
    return sorted(
        (part.partition("[")[0], values[f"{part}.kind"], int(values[f"{part}.length"])) for part in sorted(parts)
    )


def test_of_each_of_the_best_networks_its_windows(run: Path) -> None:
    trials = json.loads((run / "result.json").read_text())["search_facts"]["trials"]
    best = sorted(trials, key=lambda trial: -trial["value"])[:3]
    told = json.loads(called("show", str(run), "--windows", "3", "--json").output)
    assert [network["trial"] for network in told["networks"]] == [trial["name"] for trial in best]
    for network, trial in zip(told["networks"], best, strict=True):
        windows = sorted((own["part"], own["operation"], own["length"]) for own in network["windows"])
        assert windows == expected(trial["architecture"])
        lengths = {part: [length for own, _, length in windows if own == part] for part in ("early", "late")}
        assert network["frames"] == min(8, lengths["early"][0] + max(lengths["late"]) - 1)


def test_the_table_and_the_file(run: Path, tmp_path: Path) -> None:
    shown = called("show", str(run), "--windows", "2").output
    assert "windows over time in the best 2 networks of cells" in shown
    rows = [line.split() for line in shown.splitlines()]
    assert next(row for row in rows if row[:1] == ["early"])[1] == "1.0"
    assert next(row for row in rows if row[:1] == ["late"])[1] == "2.0"
    assert "receptive field over time" in shown
    file = tmp_path / "windows.csv"
    assert called("show", str(run), "--windows", "2", "-o", str(file)).exit_code == 0
    found = list(csv.DictReader(file.read_text().splitlines()))
    assert len(found) == 6
    late = [int(row["length"]) for row in found if row["part"] == "late"]
    mean = next(row for row in rows if row[:1] == ["late"])[2]
    assert mean == f"{sum(late) / len(late):.1f}"
