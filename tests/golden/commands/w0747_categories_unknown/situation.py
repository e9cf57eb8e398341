"""The words of a column are other ones in the table to predict."""

from __future__ import annotations

from pathlib import Path

import pytest

HEAD = "colour;height;kind"


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{['red', 'green'][i % 2]};{i};{'ab'[i % 2]}" for i in range(40)]
    Path("rows.csv").write_text("\n".join([HEAD, *rows]), encoding="utf-8")
    Path("new.csv").write_text(f"{HEAD}\nrot;1;a\n;2;b", encoding="utf-8")
