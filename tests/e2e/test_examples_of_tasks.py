"""The examples of sounds as arrays, of a made table, of two inputs and of a class of data, at small size."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from stdsl.runtime.prediction.model import model_of
from stdsl.runtime.prediction.samples import sample_of

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


def test_frames_and_flow_to_a_file_with_two_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    example, said = told("frames_and_flow.py", [str(tmp_path), "--clips", "60", "--steps", "3"], monkeypatch, capsys)
    assert {"derived", "random-1"} <= set(said)
    (what,) = (key for key in said if key.startswith("the file alone, of a clip of"))
    clips = np.load(tmp_path / "clips.npz")
    assert said[what] in set(clips["train_y"])
    session = onnxruntime.InferenceSession(str(tmp_path / "run" / "fused.onnx"), providers=["CPUExecutionProvider"])
    assert {one.name: one.shape[1:] for one in session.get_inputs()} == {
        "frames": [1, 6, 16, 16],
        "flow": [2, 6, 16, 16],
    }
    # What the file alone tells is what `predict` tells, which scales by itself.
    np.savez(tmp_path / "one.npz", frames=clips["test_frames"][0][None], flow=clips["test_flow"][0])
    model = model_of(tmp_path / "run")
    (row,) = model.scores([sample_of(model, tmp_path / "one.npz")])
    assert model.names[int(row.argmax())] == said[what]
    # Flow says how a digit moves: on the whole to the right in clips of that class.
    right = [str(name).startswith("right") for name in clips["train_y"]]
    left = [str(name).startswith("left") for name in clips["train_y"]]
    assert clips["train_flow"][right][:, 0].mean() > clips["train_flow"][left][:, 0].mean() + 0.02
    assert "told" in example


def test_a_data_set_class_of_ones_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, said = told("own_dataset.py", [str(tmp_path), "--images", "60", "--steps", "3"], monkeypatch, capsys)
    assert {"derived", "random-1"} <= set(said)
    run = json.loads((tmp_path / "run" / "data.json").read_text())
    assert run["classes"] == ["not greater", "greater"]
    assert run["fingerprint"]["sizes"] == {"train": 30, "valid": 30, "test": 15}
