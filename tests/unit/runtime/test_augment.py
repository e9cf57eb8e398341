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
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.arrays import arrays_dataset
from stdsl.runtime.data.augment import Augmented, mirrored, moved
from stdsl.runtime.data.batch import Batch, Dataset, Normalisation
from stdsl.runtime.data.folder import recoloured
from stdsl.runtime.data.image_files import sized
from stdsl.runtime.data.targets import Targets

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


def test_a_flow_that_was_scaled_is_turned_as_if_it_were_not() -> None:
    rng = np.random.default_rng(1)
    arrays = {"flow": 3 + rng.normal(size=(30, 2, 2, 6, 6)), "y": np.arange(30) % 2}
    still, changed = stdsl.arrays(arrays), stdsl.arrays(arrays, flip=True)
    scale = still.normalisation
    mean, std = (torch.tensor(v, dtype=torch.float32).reshape(2, 1, 1, 1) for v in (scale.mean, scale.std))
    raw, turned = (whole(dataset).inputs[0] * std + mean for dataset in (still, changed))
    for own, other in zip(raw, turned, strict=True):
        as_it_was = torch.allclose(own, other, atol=1e-5)
        back = torch.stack([-own[0].flip(-1), own[1].flip(-1)])
        assert as_it_was or torch.allclose(other, back, atol=1e-5)


def test_moved_alike_with_what_is_reflected_at_the_border() -> None:
    pixels = np.arange(2 * 3 * 4 * 5).reshape(2, 3, 4, 5)
    u = np.array([[0.0, 0.999], [0.5, 0.5]])
    found = moved(pixels, 2, u)
    assert np.array_equal(found[1], pixels[1]), "the middle is where it was"
    assert np.array_equal(found[0][:, 2:, :3], pixels[0][:, :2, 2:])
    assert np.array_equal(found[0][:, 1, :3], pixels[0][:, 1, 2:]), "the row above the first is the one below it"


def test_inputs_of_half_the_size_are_moved_by_half_as_much() -> None:
    dataset = given(pad=2)
    frames, half, *_ = whole(dataset).inputs
    assert frames.shape[-2:] == (8, 12)
    assert half.shape[-2:] == (4, 6)
    assert not torch.equal(frames, whole(given()).inputs[0])


class Dense:
    """Images whose target has a place for each pixel."""

    classes, inputs, normalisation = ("a", "b"), ("x",), Normalisation()
    targets = Targets(TargetSignature("classes", 2, ("a", "b"), (6, 7)))

    def size(self, split: str) -> int:
        return 12

    def varies(self, split: str) -> bool:
        return False

    def samples(self, split: str, indices: Any, epoch: int) -> Batch:
        x = torch.from_numpy(np.random.default_rng(0).integers(0, 2, (12, 1, 6, 7))[indices])
        return Batch((x.float(),), x[:, 0])


def test_targets_with_a_place_for_each_pixel_go_with_them() -> None:
    batch = whole(Augmented(Dense(), 0, True, 2))
    assert torch.equal(batch.inputs[0][:, 0].long(), batch.targets)
    assert not torch.equal(batch.targets, whole(Dense()).targets)


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
