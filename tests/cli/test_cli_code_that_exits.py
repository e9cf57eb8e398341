"""Code of the user's that ends the program is told of: with exit 0 and no word it looked like success."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

CODE = """class Data:
    def __init__(self, split="train"):
        pass

    def __len__(self):
        return 8

    def __getitem__(self, index):
        raise SystemExit(0)
"""
TEXT = """stdsl 1
meta net on x: image(1, 4, 4) = x -> choose {relu, gelu} -> global_avg_pool -> linear(3)
space s = net
extern data own from "exits_at_once:Data" { inputs = {x: image(1, 4, 4)}  classes = 3 }
search q { space = s  strategy = gradient { steps = 1 }  data = own() }
"""


@pytest.mark.parametrize("command", [("check",), ("run", "--out", "made")])
def test_it_is_no_success(
    stdsl: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    (tmp_path / "exits_at_once.py").write_text(CODE)
    (tmp_path / "s.space").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    result = stdsl(command[0], "--allow-extern", "s.space", *command[1:])
    assert result.exit_code == 1
    assert "ended the program (`exit(0)`)" in result.stderr
    assert not (tmp_path / "made").exists()
