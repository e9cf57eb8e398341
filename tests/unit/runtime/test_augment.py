"""Random changes of training samples: alike in all frames and all inputs, and a flow stays one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import stdsl
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.runtime.data.batch import Batch, Dataset
from stdsl.runtime.data.loading.augment import mirrored, moved, moves, shifted
from stdsl.runtime.data.numbers.arrays import arrays_dataset
from stdsl.runtime.data.pictures.folder import recoloured
from stdsl.runtime.data.pictures.image_files import sized
from stdsl.runtime.data.scale import Scale, scaled_as

sys.path.insert(0, str(Path(__file__).parents[2]))

from reference.resizing import resized


def given(**settings: Any) -> Dataset:
    """A frame, a smaller map of it, a flow that is the frame's place, and two numbers."""
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(24, 1, 3, 8, 12))
    arrays = {
        "frames": frames,
        "half": frames[:, :, 0, ::2, ::2],
        "flow": np.concatenate([frames, 2 * frames + 1], 1),
        "row": rng.normal(size=(24, 2)),
        "y": np.arange(24) % 2,
    }
    return stdsl.arrays(arrays, normalise=None, **settings)


def whole(dataset: Dataset, split: str = "train", epoch: int = 0) -> Batch:
    return dataset.samples(split, np.arange(dataset.size(split)), epoch)


def test_mirrored_alike_in_all_inputs_and_the_flow_turned(tmp_path: Path) -> None:
    still, changed = given(), given(flip=True)
    assert not still.varies("train")
    assert changed.varies("train")
    before, after = whole(still), whole(changed)
    turned = [not torch.equal(a, b) for a, b in zip(before.inputs[0], after.inputs[0], strict=True)]
    assert 0 < sum(turned) < len(turned)
    for i, turn in enumerate(turned):
        frames, half, flow, row = (values[i] for values in after.inputs)
        own = [values[i].flip(-1) if turn else values[i] for values in before.inputs[:3]]
        assert torch.equal(frames, own[0])
        assert torch.equal(half, own[1])
        assert torch.equal(flow[1], own[2][1])
        assert torch.equal(flow[0], -own[2][0] if turn else own[2][0])
        assert torch.equal(row, before.inputs[3][i])
    assert torch.equal(whole(still, "test").inputs[0], whole(changed, "test").inputs[0])
    assert not torch.equal(after.inputs[0], whole(changed, epoch=1).inputs[0])


@pytest.mark.parametrize("normalise", [None, "channels", "samples"])
@pytest.mark.parametrize("stored", ["float64", "float32", "uint8", "uint16", "int8"])
def test_mirroring_is_reading_what_was_mirrored_before_with_its_flow_inverted(stored: str, normalise: Any) -> None:
    """Bytes and other unsigned numbers are inverted within their range."""
    rng, kind = np.random.default_rng(1), np.dtype(stored)
    flow = 3 + 9 * rng.normal(size=(30, 2, 2, 6, 6))
    if kind.kind != "f":
        least = 0 if kind.kind == "u" else -128
        flow[0, 0, 0, 0], flow[0, 0, 0, 1] = 100, -90
        flow = np.clip(flow + (128 if least == 0 else 0), least, least + 255)
        flow[1, 0] = least
    flow = flow.astype(kind)
    greatest = np.iinfo(kind).max if kind.kind == "u" else 0
    back = flow[..., ::-1].copy() if kind.kind == "u" else flow[..., ::-1].astype(np.float64)
    back[:, 0] = greatest - back[:, 0]
    arrays = {"flow": flow, "y": np.arange(30) % 2}
    still, changed = stdsl.arrays(arrays, normalise=normalise), stdsl.arrays(arrays, normalise=normalise, flip=True)
    other = scaled_as(stdsl.arrays({"flow": back, "y": arrays["y"]}, normalise=normalise), Scale.of(still))
    own, turned, found = (whole(dataset).inputs[0] for dataset in (still, other, changed))
    kept, mirrored_ = (
        [torch.allclose(a, b, atol=1e-5) for a, b in zip(values, found, strict=True)] for values in (own, turned)
    )
    assert all(a != b for a, b in zip(kept, mirrored_, strict=True))
    assert any(kept)
    assert any(mirrored_)
    assert torch.equal(whole(still, "test").inputs[0], whole(changed, "test").inputs[0])


def test_moved_alike_with_what_is_reflected_at_the_border() -> None:
    pixels = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    found = moved(pixels, np.array([2, 0]), np.array([-2, 0]))
    assert np.array_equal(found[1], pixels[1])
    assert np.array_equal(found[0][:, 2:, :3], pixels[0][:, :2, 2:])
    assert np.array_equal(found[0][:, 1, :3], pixels[0][:, 0, 2:]), "the row above the first is as the first"
    assert np.array_equal(found[0][:, 2:, 3], pixels[0][:, :2, 4])


def test_moves_are_whole_on_all_grids_and_as_likely() -> None:
    u = (np.arange(600) + 0.5) / 600
    for pad, size, grids, expected in [
        (3, 8, [8], [-3, -2, -1, 0, 1, 2, 3]),
        (5, 8, [8, 4], [-4, -2, 0, 2, 4]),
        (6, 12, [12, 4, 6], [-6, 0, 6]),
        (1, 4, [4, 8], [-1, 0, 1]),
        (1, 8, [8, 1], [-1, 0, 1]),
        (1, 8, [8, 4], [0]),
    ]:
        found, counts = np.unique(moves(pad, size, grids, u), return_counts=True)
        assert found.tolist() == expected
        assert np.ptp(counts) <= 1
        for grid in grids:
            on_grid = shifted(found, size, grid)
            assert grid == 1 or np.array_equal(on_grid * size, found * grid)


def coarse(images: torch.Tensor) -> torch.Tensor:
    """The sums of blocks of 2 × 3 pixels."""
    return images.unflatten(-1, (-1, 3)).unflatten(-3, (-1, 2)).sum((-1, -3))


@pytest.mark.parametrize("flip", [False, True])
def test_inputs_and_targets_on_coarser_grids_are_moved_and_mirrored_alike(flip: bool) -> None:
    """What stands on the coarser grid is the sum over the pixels below it, before and afterwards."""
    images = torch.from_numpy(np.random.default_rng(0).integers(0, 9, (40, 1, 8, 12)))
    small = coarse(images)
    arrays = {"images": images, "small": small, "y": small[:, 0]}
    dataset = stdsl.arrays(arrays, normalise=None, flip=flip, pad=4, classes=60)
    for epoch in range(3):
        batch = whole(dataset, epoch=epoch)
        assert torch.equal(coarse(batch.inputs[0]), batch.inputs[1])
        assert torch.equal(batch.inputs[1][:, 0].long(), batch.targets)
    still = whole(stdsl.arrays(arrays, normalise=None, classes=60))
    assert sum(not torch.equal(a, b) for a, b in zip(still.targets, batch.targets, strict=True)) > 5


@pytest.mark.parametrize("pad", [1, 2])
def test_what_cannot_be_moved_by_whole_pixels_is_told(pad: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=rng.normal(size=(20, 8, 12)), y=rng.normal(size=(20, 4, 4)))
    with pytest.raises(RunError) as told:
        arrays_dataset(Arrays(file="a.npz", pad=pad), 0, tmp_path, None)
    (fault,) = told.value.diagnostics
    words = "8 rows, and other images or targets 4" if pad == 1 else "12 columns, and other images or targets 4"
    assert fault.code == "E0703"
    assert words in fault.message
    assert f"`pad = {pad + 1}`" in fault.message
    arrays_dataset(Arrays(file="a.npz", pad=3), 0, tmp_path, None)


def test_targets_with_a_place_for_each_pixel_go_with_them() -> None:
    x = np.random.default_rng(0).integers(0, 2, (30, 6, 7))
    batch = whole(stdsl.arrays({"x": x, "y": x}, normalise=None, flip=True, pad=2))
    assert torch.equal(batch.inputs[0][:, 0].long(), batch.targets)
    assert not torch.equal(batch.targets, whole(stdsl.arrays({"x": x, "y": x}, normalise=None)).targets)


def test_an_input_of_one_position_along_an_axis_leaves_the_moves_of_others_as_they_are() -> None:
    """Moves along an axis are in pixels of the first input that has several positions there."""
    rng = np.random.default_rng(0)
    flat, frames = rng.normal(size=(24, 1, 1, 8)), rng.normal(size=(24, 1, 8, 8))
    arrays = {"x": flat, "z": frames, "y": np.arange(24) % 2}
    before, after = (whole(stdsl.arrays(arrays, pad=pad, normalise=None)).inputs for pad in (0, 1))
    by = np.arange(-1, 2)
    moves_down = set()
    for i in range(len(before[0])):
        own = before[1][i : i + 1].numpy().repeat(9, 0)
        down, right = np.repeat(by, 3), np.tile(by, 3)
        moved_ = moved(own, down, right)
        (place,) = np.nonzero((moved_ == after[1][i].numpy()).all((1, 2, 3)))[0]
        moves_down.add(int(down[place]))
        narrow = moved(before[0][i : i + 1].numpy(), np.zeros(1, int), right[place : place + 1])
        assert np.array_equal(narrow[0], after[0][i].numpy())
    assert moves_down == {-1, 0, 1}


@pytest.mark.parametrize("stored", ["float64", "int8", "uint8", "uint16"])
@pytest.mark.parametrize("name", ["y", "flow"])
def test_a_movement_that_is_told_at_each_pixel_is_turned_with_what_is_mirrored(stored: str, name: str) -> None:
    """An input that holds the same flow, and shows it in the units of the targets, stays the same as the targets."""
    rng, kind = np.random.default_rng(0), np.dtype(stored)
    flow = rng.normal(size=(30, 2, 3, 4)) if kind.kind == "f" else rng.integers(0, 100, (30, 2, 3, 4)).astype(kind)
    settings: dict[str, Any] = {"targets": "numbers", "target": name, "scale_target": False, "normalise": None}
    arrays = {"seen": flow, name: flow}
    batch = whole(stdsl.arrays(arrays, flip=True, flow=("seen", name), **settings))
    assert torch.allclose(batch.inputs[0] * (255 if stored == "uint8" else 1), batch.targets, atol=1e-4)
    still = whole(stdsl.arrays(arrays, **settings))
    changed = [not torch.equal(a, b) for a, b in zip(still.targets, batch.targets, strict=True)]
    assert 0 < sum(changed) < len(changed)
    plain = whole(stdsl.arrays(arrays, flip=True, flow=("seen",), **settings))
    assert torch.equal(plain.targets[:, 1], batch.targets[:, 1])
    assert not torch.equal(plain.targets[:, 0], batch.targets[:, 0])
    if name == "flow":
        assert torch.equal(whole(stdsl.arrays(arrays, flip=True, **settings)).targets, batch.targets), "as by default"


def test_a_movement_that_is_told_is_turned_before_it_is_scaled() -> None:
    """In units of the data it is inverted about 0, not about the mean."""
    rng = np.random.default_rng(0)
    flow = np.repeat(rng.normal(5, 1, (30, 2, 1, 1)), 4, 3)
    dataset = stdsl.arrays({"x": flow, "y": flow}, flip=True, flow=("y",), normalise=None)
    targets = dataset.targets  # type: ignore[attr-defined]
    mean, std = (torch.tensor(own).reshape(2, 1, 1) for own in (targets.mean, targets.std))
    batch = whole(dataset)
    told = batch.targets * std + mean
    assert torch.allclose(told.abs(), batch.inputs[0].abs(), atol=1e-4)
    assert 0 < (told[:, 0, 0, 0] < 0).sum() < len(told)
    assert (told[:, 1] > 0).all()


@pytest.mark.parametrize(
    ("flow", "y"), [("absent", "numbers"), ("row", "numbers"), ("y", "classes"), ("y", "pixels"), ("y", "numbers")]
)
def test_a_flow_that_is_nothing_that_is_mirrored_is_told(flow: str, y: str) -> None:
    rng = np.random.default_rng(0)
    targets = {"numbers": rng.normal(size=(20, 2)), "classes": np.arange(20) % 2, "pixels": np.ones((20, 4, 4), int)}
    arrays = {"x": rng.normal(size=(20, 2, 4, 4)), "row": rng.normal(size=(20, 2)), "y": targets[y]}
    with pytest.raises(RunError, match=rf"E0703.*`flow` names `{flow}`, and its images.* are `x`"):
        stdsl.arrays(arrays, flow=("x", flow))
    stdsl.arrays(arrays, flow=("x",))
    stdsl.arrays(arrays, flip=True)


def test_mirrored_by_choice() -> None:
    values = np.arange(6).reshape(2, 3)
    assert mirrored(values, np.array([False, True])).tolist() == [[0, 1, 2], [5, 4, 3]]


def test_arrays_of_files_are_changed_too(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(20, 3, 6, 6)), y=np.arange(20) % 2)
    settings = Arrays(file="a.npz", flip=True, pad=1)
    assert settings.varies()
    dataset = arrays_dataset(settings, 1, tmp_path, None)
    assert not torch.equal(whole(dataset).inputs[0], whole(dataset, epoch=1).inputs[0])
    other = arrays_dataset(settings, 2, tmp_path, None)
    assert not torch.equal(whole(dataset).inputs[0], whole(other).inputs[0]), "another seed, another change"


def test_colour_changes_as_its_factors_say() -> None:
    values = np.random.default_rng(0).uniform(0.3, 0.6, (3, 2, 4, 4)).astype(np.float32)
    assert np.allclose(recoloured(values, np.ones(3)), values, atol=1e-6)
    assert np.allclose(recoloured(values, np.array([1.2, 1, 1])), 1.2 * values, atol=1e-6)
    grey = recoloured(values, np.array([1.0, 1.0, 0.0]))
    assert np.allclose(grey, grey[:1], atol=1e-6)
    flat = recoloured(values, np.array([1.0, 0.0, 1.0]))
    assert np.ptp(flat) < 1e-6
    bright = recoloured(values, np.array([5.0, 1, 1]))
    assert bright.max() == 1
    assert recoloured(values[:1], np.array([1.0, 1.0, 0.0])) == pytest.approx(values[:1], abs=1e-6)


@pytest.mark.parametrize(("height", "width"), [(9, 16), (40, 31), (33, 100), (7, 7), (64, 20), (1, 3)])
@pytest.mark.parametrize("side", [7, 12, 31])
def test_the_resize_is_the_one_that_is_written_down(height: int, width: int, side: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = sized(Image.fromarray(pixels), side)
    assert np.array_equal(found, resized(np.moveaxis(pixels, 2, 0), *found.shape[1:]))
