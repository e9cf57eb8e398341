"""The examples of sounds as arrays and of a made table, at small size."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def told(name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Any) -> tuple[Any, dict[str, str]]:
    """What an example defines, and what it prints."""
    monkeypatch.setattr(sys, "argv", [name, *arguments])
    found = runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    return found, dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())


def test_tones_in_noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    example, said = told("tones.py", [str(tmp_path), "--sounds", "100", "--steps", "4"], monkeypatch, capsys)
    assert next(iter(said)) == "derived"
    assert {"random-1", "random-2"} <= set(said)
    # A tone is where its frequency says: the loudest band of what stays is the same all along.
    waves, kinds = example["sounds"](200)
    loudest = example["spectrograms"](waves).argmax(1)
    moved = {
        kind: np.median(loudest[kinds == i, -6:].mean(1) - loudest[kinds == i, :6].mean(1))
        for i, kind in enumerate(example["KINDS"])
    }
    assert moved["rising"] > 1.5
    assert moved["falling"] < -1.5


def test_a_made_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    _, said = told("own_table.py", [str(tmp_path), "--rows", "150", "--steps", "40"], monkeypatch, capsys)
    assert said["price, derived"].startswith("rmse ")
    assert said["sold, derived"].startswith("balanced_accuracy ")
    deviation = float(said["price, deviation"])
    assert 0 < float(said["price, derived"].removeprefix("rmse ")) < deviation
    assert (tmp_path / "sold" / "evaluation" / "derived-confusion.csv").is_file()
