"""`stdsl data check`: what is in the data of a search, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

SPACE = """stdsl 1
meta net(size, classes) on x: image(3, size, size) = x -> conv(2, 3x3) -> global_avg_pool -> linear(classes)
space nets(size = 8, classes = 2) = net(size, classes)
search s {
  space = nets(data.height, data.classes)
  data = DATA
  retrain { batch = 4 }
}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    return tmp_path / "a.space"


def write(space: Path, data: str) -> str:
    space.write_text(SPACE.replace("DATA", data), encoding="utf-8")
    return str(space)


def test_counts_and_means(stdsl: Any, space: Path) -> None:
    labels = np.array([0] * 40 + [1] * 10)
    np.savez(space.parent / "a.npz", x=np.random.default_rng(0).normal(5, 2, (50, 3, 8, 8)), y=labels)
    result = stdsl("data", "check", write(space, 'arrays("a.npz", classes = 3)'), "--quiet")
    assert result.exit_code == 0
    assert "together     20     20    10" in result.stdout
    assert "no sample in `train` of 2" in result.stdout
    found = json.loads(stdsl("data", "check", str(space), "--json", "--set", "data.test=0.1").stdout)["data"]
    assert found["counts"]["test"] == [4, 1, 0]
    (own,) = found["inputs"]
    assert own["shape"] == [3, 8, 8]
    assert abs(own["mean"]) < 0.1
    assert own["deviation"] == pytest.approx(1, abs=0.1)


def test_samples_that_would_stop_a_run(stdsl: Any, space: Path) -> None:
    x, y = np.ones((40, 3, 8, 8)), np.arange(40) % 2
    x[7, 0, 0, 0], y[9] = np.nan, 5
    np.savez(space.parent / "a.npz", train_x=x, train_y=y, test_x=x[:2], test_y=y[:2])
    result = stdsl("data", "check", write(space, 'arrays("a.npz", classes = 2)'), "--quiet")
    assert result.exit_code == 1
    assert "2 wrong" in result.stdout
    assert "has the label 5, and there are 2 classes, from 0 on" in result.stdout
    assert "holds values that are infinite, no numbers, or beyond" in result.stdout


@pytest.fixture
def photos(space: Path) -> Path:
    rng = np.random.default_rng(0)
    for number in range(40):
        path = space.parent / "photos" / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (10 + number, 12, 3), dtype=np.uint8)).save(path)
    (space.parent / "photos" / "a" / "notes.txt").write_text("")
    return space.parent / "photos"


def test_damaged_files_and_those_that_are_no_images(stdsl: Any, space: Path, photos: Path) -> None:
    file = write(space, 'image_folder(root = "photos", size = 8)')
    result = stdsl("data", "check", file, "--quiet")
    assert result.exit_code == 0
    assert "images of 12 × 10 to 12 × 49 pixels" in result.stdout
    assert "left out for names that do not end like those of images: a/notes.txt" in result.stdout
    for number in range(0, 24, 2):
        (photos / "a" / f"{number:02}.png").write_text("<html>")
    result = stdsl("data", "check", file, "--quiet")
    assert result.exit_code == 1, "so many would end a run"
    advice = "12 damaged, a run ends; replace or delete them, or allow more than 0.01 with `damaged = …`:"
    assert advice in result.stdout
    allowed = stdsl("data", "check", file, "--quiet", "--set", "data.damaged=0.5").stdout
    assert "12 damaged, left out of a run; replace or delete them:" in allowed
    assert "a/00.png: cannot identify image file" in result.stdout
    assert "… 2 more" in result.stdout
    assert stdsl("data", "check", file, "--quiet", "--set", "data.damaged=0.5").exit_code == 0
    assert len(json.loads(stdsl("data", "check", file, "--json").stdout)["data"]["damaged"]) == 12


def test_what_a_run_refuses_is_an_error_here_too(stdsl: Any, space: Path) -> None:
    missing = stdsl("data", "check", write(space, 'arrays("a.npz", classes = 2)'))
    assert missing.exit_code == 1
    assert "E0535" in missing.stderr
    np.savez(space.parent / "a.npz", x=np.zeros((2, 3, 8, 8)), y=np.array([0, 1]))
    few = stdsl("data", "check", str(space), "--quiet")
    assert few.exit_code == 1
    assert "together      2      0     0" in few.stdout
    assert "E0725" in few.stderr


def test_data_for_the_final_training_and_the_evaluation_is_looked_at_too(stdsl: Any, space: Path) -> None:
    rng, y = np.random.default_rng(0), np.arange(40) % 2
    far = rng.normal(60, 2, (40, 3, 8, 8))
    far[3, 0, 0, 0] = np.inf
    np.savez(space.parent / "a.npz", x=rng.normal(5, 2, (40, 3, 8, 8)), y=y)
    np.savez(space.parent / "b.npz", x=rng.normal(50, 2, (20, 3, 8, 8)), y=y[:20])
    np.savez(space.parent / "c.npz", x=far, y=y)
    text = SPACE.replace("DATA", 'arrays("a.npz")').replace("batch = 4", 'batch = 4  data = arrays("b.npz")')
    space.write_text(text.replace("\n}", '\n  evaluate { data = arrays("c.npz", test = 0.5) }\n}'))
    result = stdsl("data", "check", str(space), "--quiet")
    assert result.exit_code == 1
    heads = [line for line in result.stdout.splitlines() if ": arrays (" in line]
    assert heads == [
        f"data: arrays ({space}:6:10)",
        f"retrain.data: arrays ({space}:7:31)",
        f"evaluate.data: arrays ({space}:8:21)",
    ]
    assert "holds values that are infinite" in result.stdout[result.stdout.index(heads[2]) :]
    found = json.loads(stdsl("data", "check", str(space), "--json").stdout)
    assert [sum(own["sizes"].values()) for own in found.values()] == [40, 20, 40]
    assert [bool(own["wrong"]) for own in found.values()] == [False, False, True]
    assert found["retrain.data"]["inputs"][0]["mean"] == pytest.approx(0, abs=0.2)
    assert found["evaluate.data"]["inputs"][0]["mean"] == pytest.approx(5, abs=1), "in the scale of the training"


def test_one_that_cannot_be_opened_is_told_behind_the_others(stdsl: Any, space: Path, photos: Path) -> None:
    text = SPACE.replace("DATA", 'image_folder(root = "photos", size = 8)')
    text = text.replace("\n}", '\n  evaluate { data = image_folder(root = "absent", size = 8, classes = 2) }\n}')
    space.write_text(text)
    result = stdsl("data", "check", str(space), "--quiet")
    assert result.exit_code == 1
    assert "images of 12 × 10 to 12 × 49 pixels" in result.stdout
    assert "E0702" in result.stderr
    assert f"{space}:8:21" in result.stderr
