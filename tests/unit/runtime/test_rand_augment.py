"""RandAugment: each change against Pillow or a plain formula; frames and inputs alike; a flow turns with what moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps

from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.loading.rand_augment import CHANGES, DRAWN, Change, changed, drawn, moved
from stdsl.runtime.data.pictures.clip_folder import ClipFolderDataset
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset

RNG = np.random.default_rng(0)
PICTURE = (RNG.integers(0, 256, (3, 12, 17)) * np.linspace(0.3, 0.8, 17)).astype(np.uint8)


def one(name: str, strength: float, pixels: Any = PICTURE, flow: bool = False) -> Any:
    return changed(pixels, [Change(name, strength)], coloured=True, flow=flow)


def pillow(change: Any) -> Any:
    return np.moveaxis(np.asarray(change(Image.fromarray(np.moveaxis(PICTURE, 0, -1)))), -1, 0)


@pytest.mark.parametrize("strength", [-0.8, -0.3, 0.3, 1.0])
@pytest.mark.parametrize(
    ("name", "enhance"),
    [
        ("brightness", ImageEnhance.Brightness),
        ("contrast", ImageEnhance.Contrast),
        ("colour", ImageEnhance.Color),
        ("sharpness", ImageEnhance.Sharpness),
    ],
)
def test_factors_are_those_of_pillow(name: str, enhance: Any, strength: float) -> None:
    expected = pillow(lambda image: enhance(image).enhance(1 + 0.9 * strength))
    assert np.abs(one(name, strength).astype(int) - expected.astype(int)).max() <= 2  # which rounds and cuts off


def test_values_are_those_of_pillow() -> None:
    assert np.array_equal(one("equalize", 0.3), pillow(ImageOps.equalize))
    stretched = one("autocontrast", 0.3).astype(int)
    assert np.abs(stretched - pillow(ImageOps.autocontrast).astype(int)).max() <= 1
    assert np.array_equal(one("posterize", -0.5), pillow(lambda image: ImageOps.posterize(image, 6)))
    assert np.array_equal(one("solarize", 0.5), pillow(lambda image: ImageOps.solarize(image, 128)))
    assert np.array_equal(one("identity", 1.0), PICTURE)


def test_moves() -> None:
    square = PICTURE[:, :11, :11]
    assert np.array_equal(moved(square, np.array([[0.0, -1.0], [1.0, 0.0]]), (0, 0)), np.rot90(square, 1, (1, 2)))
    shifted = one("translate_x", 0.5)  # 4 of 17 pixels
    assert np.array_equal(shifted[..., 4:], PICTURE[..., :-4])
    assert set(shifted[..., :4].ravel()) == {128}
    assert np.array_equal(one("translate_y", -0.4)[:, :-2], PICTURE[:, 2:])
    slanted = moved(square, np.array([[1.0, 0.0], [1.0, 1.0]]), (0, 0))
    for row in range(11):
        assert np.array_equal(slanted[:, row], moved(square, np.eye(2), (0, row - 5))[:, row])
    ramp = np.broadcast_to(np.arange(41, dtype=np.uint8) * 5, (1, 41, 41))
    assert abs(int(one("shear_x", 1.0, ramp)[0, 30, 20]) - 5 * (20 - 3)) <= 1, "10 rows down, 3 pixels to the right"


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("strength", [-0.6, 0.6])
def test_frames_are_changed_alike(name: str, strength: float) -> None:
    clip = np.repeat(PICTURE[:, None], 4, 1)
    found = one(name, strength, clip)
    assert found.shape == clip.shape
    assert found.dtype == np.uint8
    assert np.array_equal(found, found[:, :1].repeat(4, 1))
    if name not in ("equalize", "autocontrast"):  # which look at all frames together
        assert np.array_equal(found[:, 0], one(name, strength))


def test_a_flow_turns_with_what_moves() -> None:
    """A dot that moves along its flow does so in the turned picture, too."""
    flow = np.full((2, 41, 41), 128, np.uint8)
    flow[0, 15:26, 15:26] = 128 + 60  # to the right
    for name in ("rotate", "shear_x", "shear_y"):
        for strength in (-1.0, 0.7):
            matrix, _ = _matrix(name, strength)
            found = one(name, strength, flow, flow=True)[:, 20, 20].astype(float) - 127.5
            down, right = matrix @ [0.5, 60.5]
            assert np.allclose(found, (right, down), atol=1)
    still = one("translate_x", 0.5, flow, flow=True)
    assert set(still[1].ravel()) == {128}
    assert set(still[0].ravel()) == {128, 188}
    assert np.array_equal(changed(flow, [Change("brightness", 1.0)], coloured=False, flow=True), flow)


def _matrix(name: str, strength: float) -> Any:
    from stdsl.runtime.data.loading import rand_augment

    return rand_augment._MOVES[name](strength, 41, 41)


def test_which_changes_is_drawn() -> None:
    u = RNG.uniform(size=(4000, 2 * DRAWN))
    names = [change.name for row in u for change in drawn(2, 0.3, row)]
    assert set(names) == set(CHANGES)
    assert len(CHANGES) == 14
    shares = np.array([names.count(name) for name in CHANGES]) / len(names)
    assert np.abs(shares - 1 / 14).max() < 0.02
    assert {change.strength for row in u[:20] for change in drawn(1, 0.3, row)} == {-0.3, 0.3}


def write(root: Path, pictures: int, frames: int | None = None) -> None:
    for number in range(pictures):
        colours = np.random.default_rng(number).integers(0, 256, (20, 24, 3), dtype=np.uint8)
        for time in range(frames or 1):
            path = root / "a" / (f"{number}.png" if frames is None else f"{number}/{time}.png")
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(colours).save(path)


def test_samples_to_train_on_are_changed_by_seed_and_epoch_alone(tmp_path: Path) -> None:
    write(tmp_path, 20)
    own = {"root": str(tmp_path), "size": 12, "crop": False, "flip": False}
    plain, with_changes, again = (
        ImageFolderDataset(ImageFolder(**own, **more), 0, Path(), None)
        for more in ({}, {"randaugment": 2}, {"randaugment": 2})
    )
    places = {split: np.arange(plain.size(split)) for split in ("train", "test")}
    assert not plain.varies("train")
    assert with_changes.varies("train")
    for epoch in (0, 1):
        found = with_changes.samples("train", places["train"], epoch).inputs[0]
        assert torch.equal(found, again.samples("train", places["train"], epoch).inputs[0])
        assert not torch.equal(found, plain.samples("train", places["train"], epoch).inputs[0])
    assert torch.equal(
        with_changes.samples("test", places["test"], 0).inputs[0], plain.samples("test", places["test"], 0).inputs[0]
    )
    assert with_changes.normalisation == plain.normalisation


def test_inputs_are_moved_alike(tmp_path: Path) -> None:
    for name in ("one", "other"):
        write(tmp_path / name, 12, 5)
    settings = ClipFolder(
        root=str(tmp_path), inputs=("one", "other"), size=12, frames=3, randaugment=3, magnitude=0.8, flow=()
    )
    dataset = ClipFolderDataset(settings, 0, Path(), None)
    one_, other = dataset.samples("train", np.arange(dataset.size("train")), 0).inputs
    assert torch.equal(one_, other)
    assert torch.equal(one_, one_[:, :, :1].expand_as(one_))


def test_a_flow_that_cannot_be_turned_is_refused() -> None:
    wrong = ClipFolder(root="x", inputs=("rgb", "flow"), channels=(3, 1), randaugment=2)
    (conflict,) = wrong.conflicts()
    assert conflict.key == "randaugment"
    assert list(ClipFolder(root="x", inputs=("rgb", "flow"), channels=(3, 2), randaugment=2).conflicts()) == []
