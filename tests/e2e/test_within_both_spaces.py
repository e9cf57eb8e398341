"""What a search derives, and what it is compared with, is within `where` of the space that it is trained in, too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import stdsl
from stdsl.compiler.diagnostics.model import SpaceError

TEXT = """stdsl 1
use std.strategies (darts, sdas)
ops candidates = {frame: relu -> conv(same, 1x3x3) -> bn, both: relu -> conv(same, 3x3x3) -> bn, skip}
tied cell node(c) on s {
  a = s -> conv(c, 1x1x1) -> bn
  for i in 1..2 { x[i] = [a, *x[<i]] -> each choose candidates as kind -> keep 1 as inputs -> sum }
  return x -> sum
}
meta net(c) on video: clip(1, 4, 8, 8) {
  return video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> node(c) -> relu -> global_avg_pool -> linear(4)
}
space plain(c = 2)  = net(c)
space framed(c = 2) = net(c) where pin("node.x[1][1].kind", "frame")
space cheap(c = 2)  = net(c) where flops <= 11K
space bound(c = 8)  = net(c) where flops <= 100K
space unlike(c = 8) = net(c) where "node.x[2][2].kind" != "skip"
space dear(c = 8)   = net(c) where "node.x[1][1].kind" == "both"

search s {
  space    = plain
  strategy = darts { steps = 4  batch = 8  measure = 0  relax { init = 1 } }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 8)
  retrain  { space = bound  steps = 1  batch = 8 }
  compare  { random = 2 }
}
search scheduled {
  space    = plain
  strategy = sdas { steps = 4  batch = 8  measure = 0 }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 8)
  retrain  { space = bound  steps = 1  batch = 8 }
  compare  { random = 2 }
}
search drawn {
  space    = plain
  strategy = random { trials = 2  fitness { steps = 1  batch = 8 } }
  data     = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 8)
  retrain  { space = bound  steps = 1  batch = 8 }
  compare  { random = 2 }
}
"""


BUDGETS = {"cheap": 11_000, "bound": 100_000}


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "a.space").write_text(TEXT)
    return tmp_path / "a.space"


def broken(file: Path, name: str, values: Mapping[str, Any]) -> bool:
    """Whether an architecture is outside of a space of the file, or of its budget."""
    space = stdsl.load(file, name)
    try:
        own = space.costs(values)
    except stdsl.ArchitectureError:
        return True
    return name in BUDGETS and own.flops > BUDGETS[name]


@pytest.mark.parametrize(
    ("search", "searched", "trained"),
    [
        ("s", "plain", "bound"),
        ("scheduled", "framed", "bound"),
        ("drawn", "cheap", "dear"),
        pytest.param("s", "cheap", "dear", marks=pytest.mark.slow),
        pytest.param("s", "framed", "bound", marks=pytest.mark.slow),
        pytest.param("scheduled", "cheap", "dear", marks=pytest.mark.slow),
        pytest.param("drawn", "framed", "bound", marks=pytest.mark.slow),
    ],
)
def test_what_a_run_trains_is_within_both(text: Path, tmp_path: Path, search: str, searched: str, trained: str) -> None:
    spaces = {"space": searched, "retrain.space": trained}
    result = stdsl.run(f"{text}::{search}", overrides=spaces, out=tmp_path / "run", device="cpu")
    files = sorted((tmp_path / "run" / "architectures").iterdir())
    found = {file.name.partition(".")[0]: json.loads(file.read_text())["values"] for file in files}
    assert {"derived", "random-1", "random-2"} <= set(found)
    for name, values in found.items():  # trials of a random search, too
        assert not broken(text, searched, values), name
        assert not broken(text, trained, values), name
    rows = {row["title"]: row["flops"] for row in result.document["networks"]}
    assert len(rows) == 3
    assert all(flops <= BUDGETS.get(trained, flops) for flops in rows.values())
    kept = {entry["space"]: entry["where"] for entry in result.document["derived"]["within"]}
    assert kept == {name: [where_of(name)] for name in (searched, trained) if name != "plain"}


def where_of(name: str) -> str:
    line = next(line for line in TEXT.splitlines() if line.startswith(f"space {name}("))
    return line.partition(" where ")[2]


def test_what_cannot_agree_stops_before_the_search(text: Path, tmp_path: Path) -> None:
    overrides = {"space": "framed", "retrain.space": "dear"}
    with pytest.raises(SpaceError) as caught:
        stdsl.run(f"{text}::s", overrides=overrides, out=tmp_path / "run", device="cpu")
    assert [d.code for d in caught.value.diagnostics] == ["E0610"]
    assert not (tmp_path / "run").exists()


def test_a_wider_space_of_one_declaration_has_its_own_budget(text: Path, tmp_path: Path) -> None:
    overrides = {"space": "bound(c = 2)", "retrain.space": "bound(c = 8)", "compare": "none"}
    result = stdsl.run(f"{text}::drawn", overrides=overrides, out=tmp_path / "run", device="cpu")
    assert all(row["flops"] <= BUDGETS["bound"] for row in result.document["networks"])
    parameters = [entry["parameters"] for entry in result.document["derived"]["within"]]
    assert parameters == [{"c": "2"}, {"c": "8"}]
