"""The front of a search of separate trainings as a table and as a plot."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from calls import called

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {2, 4, 8} as width, 1x3x3) -> bn -> choose {relu, gelu} as kind
  return y -> global_avg_pool -> linear(4)
}
meta mixed on video: clip(1, 4, 8, 8) {
  y = video -> conv(2, 1x3x3) -> bn -> choose {relu, gelu} as kind
  return y -> global_avg_pool -> linear(4)
}
space cells = net
space kinds = mixed
search few {
  space    = cells
  strategy = evolution {
    population = 3
    tournament = 2
    rounds     = 3
    minimize   = [params]
    fitness { steps = 2  batch = 8  samples = 16 }
  }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
}
search plain {
  space    = kinds
  strategy = gradient { steps = 1  batch = 8 }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("front")
    (folder / "few.space").write_text(TEXT)
    for search in ("few", "plain"):
        run = ("run", f"{folder / 'few.space'}::{search}", "--out", str(folder / search), "--hands", "0")
        told = called(*run, "--device", "cpu")
        assert told.exit_code == 0, told.output
    return folder


def rows(folder: Path, cost: str) -> list[dict[str, str]]:
    file = folder / f"{cost}.csv"
    told = called("show", str(folder / "few"), "--front", cost, "-o", str(file))
    assert told.exit_code == 0, told.output
    return list(csv.DictReader(file.read_text().splitlines()))


def undominated(points: list[tuple[float, float]]) -> list[bool]:
    """By accuracy and a cost, of equal ones the first."""
    return [
        not any(
            (a >= value and b <= cost and (a, b) != (value, cost)) or ((a, b) == (value, cost) and other < place)
            for other, (a, b) in enumerate(points)
        )
        for place, (value, cost) in enumerate(points)
    ]


def test_all_trials_and_which_of_them_nothing_dominates(folder: Path) -> None:
    facts: dict[str, Any] = json.loads((folder / "few" / "result.json").read_text())["search_facts"]
    found = rows(folder, "params")
    assert [int(row["params"]) for row in found] == sorted(trial["params"] for trial in facts["trials"])
    by_name = {trial["name"]: trial for trial in facts["trials"]}
    for row in found:
        assert float(row["accuracy"]) == by_name[row["trial"]]["value"]
        assert row["hash"] == by_name[row["trial"]]["hash"]
    assert {row["trial"] for row in found if row["front"] == "true"} == set(facts["front"])


def test_a_cost_that_was_not_minimized_is_the_only_one(folder: Path) -> None:
    found = rows(folder, "activations")
    assert list(found[0]) == ["trial", "hash", "accuracy", "activations", "front"]
    numbered = sorted(found, key=lambda row: int(row["trial"].removeprefix("trial-")))
    points = [(float(row["accuracy"]), float(row["activations"])) for row in numbered]
    assert [row["front"] == "true" for row in numbered] == undominated(points)


@pytest.mark.parametrize(("ending", "mark"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("html", b"vega")])
def test_a_plot(folder: Path, ending: str, mark: bytes) -> None:
    pytest.importorskip("altair", reason="the extra `report` is not installed")
    pytest.importorskip("vl_convert", reason="the extra `report` is not installed")
    file = folder / f"front.{ending}"
    told = called("show", str(folder / "few"), "--front", "params", "-o", str(file))
    assert told.exit_code == 0, told.output
    assert mark in file.read_bytes()


def test_without_trials_there_is_nothing_to_write(folder: Path) -> None:
    told = called("show", str(folder / "plain"), "--front", "params", "-o", str(folder / "none.csv"))
    assert told.exit_code == 1
    assert "E0743" in told.output
    asked = called("show", str(folder / "few"), "--front", "params", "--budget", "3M", "-o", str(folder / "none.csv"))
    assert asked.exit_code == 2
    assert "no --budget" in asked.output
    assert not (folder / "none.csv").exists()
