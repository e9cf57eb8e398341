"""The embedded data: what clips hold and what they depend on."""

import hashlib
from importlib.resources import files

import numpy as np
import pytest
import torch

from stdsl.compiler.schemas.data_motion import MOTIONS, MotionDigits
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.digits import digits
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.motion_digits import MotionDigitsDataset, _draw, _trajectories, clips
from stdsl.runtime.randomness import keys, normal, permutation, uniform

SMOKE = MotionDigits(frames=8, size=16, motions=4, noise=0.1, background=0.0, jitter=0.0, train=64, valid=48, test=32)


def test_embedded_file_is_the_documented_one() -> None:
    folder = files("stdsl.runtime.data").joinpath("embedded")
    digest = hashlib.sha256(folder.joinpath("digits.csv.gz").read_bytes()).hexdigest()
    assert digest in folder.joinpath("README.md").read_text(encoding="utf-8")


def test_digits() -> None:
    images, names = digits()
    assert images.shape == (1797, 8, 8)
    assert images.min() == 0.0
    assert images.max() == 1.0
    assert np.bincount(names).min() > 150


@pytest.mark.parametrize("channels", [1, 3])
def test_clips_are_standardised(channels: int) -> None:
    settings = MotionDigits(channels=channels, distractors=1)
    batch = clips(settings, 0, "train", np.arange(6))
    assert batch.inputs[0].shape == (6, channels, 8, 24, 24)
    assert batch.inputs[0].dtype == torch.float32
    flat = batch.inputs[0].flatten(1)
    assert torch.allclose(flat.mean(1), torch.zeros(6), atol=1e-5)
    assert torch.allclose(flat.std(1, correction=0), torch.ones(6), atol=1e-4)


def test_a_clip_depends_on_seed_split_and_index_alone() -> None:
    together = clips(SMOKE, 0, "train", np.arange(10))
    alone = clips(SMOKE, 0, "train", np.array([7]))
    assert torch.equal(together.inputs[0][7:8], alone.inputs[0])
    assert together.targets[7] == alone.targets[0]
    other_split = clips(SMOKE, 0, "valid", np.array([7]))
    assert not torch.equal(alone.inputs[0], other_split.inputs[0])


def test_another_seed_gives_other_clips() -> None:
    a = clips(MotionDigits(), 1, "train", np.arange(4)).inputs[0]
    b = clips(MotionDigits(), 2, "train", np.arange(4)).inputs[0]
    assert not torch.equal(a, b)


def test_digit_as_label() -> None:
    batch = clips(MotionDigits(label="digit"), 0, "test", np.arange(200))
    assert set(batch.targets.tolist()) == set(range(10))
    assert MotionDigitsDataset(MotionDigits(label="digit"), 0).classes == tuple("0123456789")


@pytest.mark.parametrize("name", ["right", "left", "down", "up", "right_down", "turn_left", "grow", "shrink", "still"])
def test_motions_do_what_they_are_called(name: str) -> None:
    settings = MotionDigits(size=48, jitter=0.0)
    own = keys(5, np.arange(20))
    x, y, angle, half = _trajectories(settings, own, uniform(own, 9), np.full(20, MOTIONS.index(name)))
    dx, dy = np.diff(x).mean(), np.diff(y).mean()
    assert (np.diff(x).mean() > 1) == (name in ("right", "right_down"))
    assert (dx < -1) == (name == "left")
    assert (dy > 1) == (name in ("down", "right_down"))
    assert (dy < -1) == (name == "up")
    assert (np.diff(angle).mean() > 0.05) == (name == "turn_left")
    assert (np.diff(half).mean() > 0.1) == (name == "grow")
    assert (np.diff(half).mean() < -0.1) == (name == "shrink")


@pytest.mark.parametrize("speed", [0.5, 2.0])
@pytest.mark.parametrize("name", ["right", "left_up", "turn_right", "shrink", "still"])
def test_speed_is_a_factor_of_every_motion(name: str, speed: float) -> None:
    """Of the distance, the angle and the logarithm of the size from each frame to the next; nothing else changes."""
    own, motion = keys(5, np.arange(20)), np.full(20, MOTIONS.index(name))
    plain = _trajectories(MotionDigits(jitter=0.0), own, uniform(own, 9), motion)
    other = _trajectories(MotionDigits(jitter=0.0, speed=speed), own, uniform(own, 9), motion)
    for what, (one, two) in enumerate(zip(plain, other, strict=True)):
        moved, factored = (np.diff(np.log(each) if what == 3 else each) for each in (one, two))
        assert np.allclose(moved * speed, factored)
    assert np.allclose([plain[0][:, 0], plain[1][:, 0]], [other[0][:, 0], other[1][:, 0]])  # where they start
    assert np.allclose(plain[2].mean(1), other[2].mean(1))  # the angle in the middle


def test_drawing_wraps_round_the_torus() -> None:
    square = np.ones((1, 8, 8), np.float32)
    zeros, four = np.zeros((1, 1)), np.full((1, 1), 4.0)
    corner = _draw(square, zeros, zeros, zeros, four, 16)[0, 0]
    centre = _draw(square, zeros + 8, zeros + 8, zeros, four, 16)[0, 0]
    assert torch.allclose(torch.roll(centre, (8, 8), (0, 1)), corner, atol=1e-6)
    assert corner[0, 0] == 1.0
    assert corner[15, 15] == 1.0
    assert corner[8, 8] == 0.0


def test_any_number_of_workers_gives_the_same_batches() -> None:
    order = Order(Part(MotionDigitsDataset(SMOKE, 0), ("train", "valid")), 16, seed=3, purpose="weights")
    expected = [order.at(step) for step in range(12)]
    for workers in (0, 1, 3):
        loader = Loader(order, 12, workers)
        for step, batch in enumerate(expected):
            got = loader.at(step)
            assert torch.equal(got.inputs[0], batch.inputs[0])
            assert torch.equal(got.targets, batch.targets)
        assert torch.equal(loader.at(5).inputs[0], expected[5].inputs[0])  # out of turn, as after a resume
        loader.close()


def test_an_epoch_sees_every_sample_once() -> None:
    order = Order(Part(MotionDigitsDataset(SMOKE, 0), ("train", "valid")), 16, seed=3, purpose="weights")
    assert order.steps_per_epoch == 7
    first = np.concatenate([order.indices(step) for step in range(7)])
    second = np.concatenate([order.indices(step) for step in range(7, 14)])
    assert sorted(first) == sorted(second) == list(range(112))
    assert list(first) != list(second)


def test_joined_splits_are_the_splits_in_a_row() -> None:
    dataset = MotionDigitsDataset(SMOKE, 0)
    both = Part(dataset, ("train", "valid"))
    mixed = both.samples(np.array([70, 3, 64, 0]))
    train, valid = dataset.samples("train", np.array([3, 0]), 0), dataset.samples("valid", np.array([6, 0]), 0)
    assert torch.equal(mixed.inputs[0][[1, 3]], train.inputs[0])
    assert torch.equal(mixed.inputs[0][[0, 2]], valid.inputs[0])
    assert mixed.targets.tolist() == [valid.targets[0], train.targets[0], valid.targets[1], train.targets[1]]


def test_counter_based_numbers() -> None:
    own = keys(1, np.arange(4000))
    u = uniform(own, 4)
    assert u.min() >= 0
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 0.01
    assert np.array_equal(uniform(own, 2, start=2), u[:, 2:])
    z = normal(own, 5)
    assert abs(z.mean()) < 0.02
    assert abs(z.std() - 1) < 0.02
    assert sorted(permutation(9, 100)) == list(range(100))
