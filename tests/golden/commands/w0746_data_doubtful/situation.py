"""A column of numbers is written with decimal commas."""

from __future__ import annotations

from pathlib import Path

import pytest


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"{i % 3},5;{i};{'ab'[i % 2]}" for i in range(40)]
    Path("rows.csv").write_text("\n".join(["weight;height;kind", *rows]), encoding="utf-8")
