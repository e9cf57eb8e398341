"""Numbers near the greatest that there are, and images that Pillow warns of: no warning of a package reaches a user."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import warnings
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from stdsl.cli.main import cli
from stdsl.runtime.data.facts.doubts import doubts
from stdsl.runtime.data.loading.statistics import Moments, channel_statistics
from stdsl.runtime.data.own.given import given_arrays
from stdsl.runtime.data.pictures import image_files

TEXT = """stdsl 1
meta net(outputs) on x: features(2) {
  return x -> choose {plain: linear(4), deep: (linear(4) -> relu)} as kind -> linear(outputs)
}
space nets(outputs = 1) = net(outputs)
search s {
  space = nets(data.outputs)
  data = arrays("a.npz")
  strategy = gradient { steps = 2  batch = 4 }
  retrain { steps = 2  batch = 4 }
}
"""
UNITS = (1e-300, 1e-30, 1.0, 1e30, 1e140, 1e200, 1e307)


@pytest.mark.parametrize("unit", UNITS)
def test_statistics_do_not_depend_on_the_unit(unit: float) -> None:
    values = np.random.default_rng(0).normal(0.3, 1, (40, 3, 5)) / 8
    plain, own = Moments(3), Moments(3)
    for piece in (values[:7], values[7:]):
        plain.add(np.moveaxis(piece, 1, 0))
        own.add(np.moveaxis(piece * unit, 1, 0))
    assert np.allclose(own.mean / unit, plain.mean, rtol=1e-9)
    assert np.allclose(own.deviation / unit, plain.deviation, rtol=1e-9)


@pytest.mark.parametrize("order", [(-300, 0, -200), (0, -300, 1), (-250, -250, 300)])
def test_pieces_of_the_least_numbers_come_together(order: tuple[int, ...]) -> None:
    pieces = [np.array([[float(f"{sign}e{k}")] for sign in (1, -2, 0)]) for k in order]
    for given in (pieces, [np.zeros((2, 1)), *pieces]):
        (mean,), (deviation,) = channel_statistics(given)
        exact = [Fraction(float(value)) for piece in given for value in piece.flat]
        centre = sum(exact) / len(exact)
        square = sum((value - centre) ** 2 for value in exact) / len(exact)
        assert mean == pytest.approx(float(centre), rel=1e-9)
        assert deviation == pytest.approx(math.isqrt(int(square * 10**1200)) / 10**600, rel=1e-9)


@pytest.mark.parametrize("unit", [1e-300, 1e-50, 1e-38, 1.0, 1e50, 1e300])
def test_samples_do_not_depend_on_the_unit(unit: float) -> None:
    x, y = np.random.default_rng(0).normal(size=(30, 3)), np.random.default_rng(1).normal(5, size=30)
    plain, own = given_arrays({"x": x, "y": y}, {}), given_arrays({"x": x * unit, "y": y * unit}, {})
    first, found = (each.samples("train", np.arange(8), 0) for each in (plain, own))
    assert torch.allclose(found.inputs[0], first.inputs[0], atol=1e-6)
    assert torch.allclose(found.targets, first.targets, atol=1e-6)


@pytest.mark.parametrize(("unit", "count"), [(1e31, 1), (1e-25, 1), (1e3, 0)])
def test_targets_whose_squares_float32_does_not_hold(unit: float, count: int) -> None:
    y = np.random.default_rng(0).normal(size=30) * unit
    for scaled in (False, True):
        own = given_arrays({"x": np.zeros((30, 2)), "y": y}, {"scale_target": scaled})
        found = [doubt.message for doubt in doubts(own, "given", None)]
        assert len(found) == (0 if scaled else count)
        assert all("float32 does not hold the squares" in text for text in found)


def test_pieces_in_any_units_come_together() -> None:
    pieces = [np.full((2, 1), 10.0**k) for k in (0, 200, 307, 5)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        (mean,), (deviation,) = channel_statistics(pieces)
    assert mean == pytest.approx(10.0**307 / 4)
    assert deviation == pytest.approx(10.0**307 * 3**0.5 / 4)


@pytest.mark.parametrize("great", ["targets", "inputs"])
def test_data_check_of_the_greatest_numbers(great: str, tmp_path: Path) -> None:
    signs = np.where(np.arange(40) % 2 == 0, 1e308, -1e308)
    plain = np.random.default_rng(0).normal(size=(40, 2))
    x = np.stack([signs, signs], 1) if great == "inputs" else plain
    np.savez(tmp_path / "a.npz", x=x, y=signs if great == "targets" else plain[:, 0])
    (tmp_path / "a.space").write_text(TEXT)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = CliRunner().invoke(cli, ["data", "check", str(tmp_path / "a.space"), "--quiet", "--json"])
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)["data"]
    assert not found["wrong"]
    if great == "targets":
        (own,) = found["numbers"]["train"]
        assert (own["least"], own["greatest"]) == pytest.approx((-1e308, 1e308))
        assert own["deviation"] == pytest.approx(1e308, rel=0.1)


def test_images_that_pillow_warns_of_are_read_and_greater_ones_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.fromarray(np.zeros((12, 12), np.uint8)).save(tmp_path / "a.png")
    image_files._unwarned.cache_clear()
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        assert image_files.decoded(tmp_path / "a.png", 4, 1).shape == (1, 4, 4)
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
        with pytest.raises(ValueError, match="exceeds limit of 100 pixels"):
            image_files.decoded(tmp_path / "a.png", 4, 1)
    image_files._unwarned.cache_clear()
    assert not heard


def test_warnings_of_code_of_the_users_alone_reach_the_terminal(tmp_path: Path) -> None:
    code = """
import sys, warnings
from stdsl.cli import main
main.cli.main = lambda **_: [
    warnings.warn_explicit("ours", RuntimeWarning, "a.py", 1, module="stdsl.runtime.data.numbers.arrays"),
    warnings.warn_explicit("theirs", RuntimeWarning, "b.py", 1, module="mine"),
]
main.main()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ), check=True
    )
    assert "theirs" in done.stderr
    assert "ours" not in done.stderr
