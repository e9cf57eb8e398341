"""`stdsl check --run --set` says of a search what `stdsl plan --set` says of it, and writes nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

TEXT = """stdsl 1
meta net on video: clip(1, 8, 16, 16) {
  y = video -> choose {a: conv(4, 1x3x3), b: conv(4, 3x1x1)} as kind
  return y -> global_avg_pool -> linear(4)
}
space cells = net
search first {
  space = cells
  data = motion_digits(frames = 8, size = 16, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 2  batch = 4  measure = 0 }
  retrain { steps = 2  batch = 4 }
}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a.space").write_text(TEXT, encoding="utf-8")
    return tmp_path / "a.space"


def told(text: str) -> list[str]:
    """What is told, with the place of each."""
    return re.findall(r"^(?:error|warning)\[\w+\].*\n.*$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ("strategy.relax.sharing=slice", "E0701"),
        ("strategy.bach=3", "E0501"),
        ("retrain.batch=many", "E0506"),
        ("data.motions=5", "E0516"),
        ("strategy=gradient", "W0711"),
        ("strategy.batch=100", "W0711"),
        ("retrain.epochs=3", ""),
    ],
)
def test_it_says_what_a_plan_says(stdsl: Any, file: Path, settings: str, code: str) -> None:
    for target in (str(file), f"{file}::first"):
        checked = stdsl("check", "--run", target, "--set", settings)
        planned = stdsl("plan", target, "--set", settings)
        assert told(checked.stdout) == told(planned.stderr)
        assert checked.exit_code == planned.exit_code
        assert [line[line.index("[") + 1 :][:5] for line in told(checked.stdout)] == ([code] if code else [])
    assert file.read_text(encoding="utf-8") == TEXT


def test_which_search_is_meant_is_said(stdsl: Any, file: Path) -> None:
    file.write_text(TEXT + TEXT[TEXT.index("search first") :].replace("first", "second"), encoding="utf-8")
    assert "E0652" in stdsl("check", str(file), "--set", "seed=1").stdout
    assert stdsl("check", f"{file}::second", "--set", "seed=1").exit_code == 0
    assert "E0651" in stdsl("check", f"{file}::third", "--set", "seed=1").stdout
    assert "whole files are checked" in stdsl("check", f"{file}::second").stderr
    assert "--set is of one search" in stdsl("check", str(file), "darts", "--set", "seed=1").stderr


def test_the_rest_of_the_file_is_checked_too(stdsl: Any, file: Path) -> None:
    file.write_text(f"{TEXT}strategy odd = gradient {{ speed = 3 }}\n", encoding="utf-8")
    assert "`speed`" in stdsl("check", "--run", str(file), "--set", "seed=1").stdout
