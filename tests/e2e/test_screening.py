"""Searches whose proposals are chosen by a score of networks that are not trained."""

from __future__ import annotations

import json
from pathlib import Path

import click.testing
import pytest

from stdsl.cli.main import cli

TEXT = """stdsl 1
meta net on video: clip(1, 4, 8, 8) {
  y = video -> conv(choose {2, 4, 8} as width, 1x3x3) -> bn -> choose {relu, gelu} as kind -> dropout(0.2)
  return y -> global_avg_pool -> linear(4)
}
space cells = net
search screened {
  space    = cells
  strategy = evolution {
    population = 2
    tournament = 1
    rounds     = 1
    screen { score = SCORE  of = 2  batch = 8 }
    fitness { steps = 1  batch = 8  samples = 8 }
  }
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
}
"""


def trials(folder: Path, score: str, hands: int) -> list[dict[str, object]]:
    folder.mkdir()
    path = folder / "screened.space"
    path.write_text(TEXT.replace("SCORE", score))
    arguments = ["run", str(path), "--out", str(folder / "run"), "--hands", str(hands), "--device", "cpu"]
    told = click.testing.CliRunner().invoke(cli, arguments)
    assert told.exit_code == 0, told.output
    found = json.loads((folder / "run" / "result.json").read_text())["search_facts"]["trials"]
    return [trial["architecture"] for trial in found]


@pytest.mark.parametrize("score", ["synflow", "jacob_cov", "grad_norm"])
def test_a_screened_search_is_the_same_again(tmp_path: Path, score: str) -> None:
    first = trials(tmp_path / "one", score, 0)
    assert len(first) == 3
    assert trials(tmp_path / "two", score, 0) == first


def test_it_is_the_same_whoever_trains(tmp_path: Path) -> None:
    assert trials(tmp_path / "one", "params", 0) == trials(tmp_path / "two", "params", 1)
