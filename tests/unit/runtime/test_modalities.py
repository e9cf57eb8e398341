"""Flow and mask: estimated from the frames, for any choice and order of modalities, and what networks get of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import stdsl
from stdsl.compiler.schemas.data_motion import DIGITS, MotionDigits
from stdsl.runtime.data.facts.data_facts import DataFacts
from stdsl.runtime.data.modalities import FLOW_BOUND, flow, mask
from stdsl.runtime.data.motion_digits import MotionDigitsDataset, clips
from stdsl.runtime.data.networks.binding import bound, description

ALL = ("frames", "flow", "mask")
SETTINGS = {"frames": 8, "size": 16, "motions": 4, "train": 48, "valid": 32, "test": 16}


def test_any_choice_and_order_of_modalities() -> None:
    whole = clips(MotionDigits(**SETTINGS, modalities=ALL), 0, "train", np.arange(12))
    assert [tuple(x.shape) for x in whole.inputs] == [(12, 1, 8, 16, 16), (12, 2, 8, 16, 16), (12, 1, 8, 16, 16)]
    by_name = dict(zip(ALL, whole.inputs, strict=True))
    for names in (("flow",), ("mask", "frames"), ("flow", "mask", "frames")):
        settings = MotionDigits(**SETTINGS, modalities=names)
        some = MotionDigitsDataset(settings, 0).samples("train", np.arange(12), 0)
        assert all(torch.equal(x, by_name[name]) for name, x in zip(names, some.inputs, strict=True))
        shapes = [tuple(x.shape[1:]) for x in some.inputs]
        assert shapes == [signature.shape for signature in settings.signature().inputs]


def test_all_modalities_of_a_clip_depend_on_seed_split_and_index_alone() -> None:
    settings = MotionDigits(**SETTINGS, modalities=ALL)
    together = clips(settings, 0, "train", np.arange(10))
    alone = clips(settings, 0, "train", np.array([7]))
    assert all(torch.equal(a[7:8], b) for a, b in zip(together.inputs, alone.inputs, strict=True))


@pytest.mark.parametrize(("right", "down"), [(1, 0), (0, -1), (-1, 1)])
def test_flow_of_what_is_shifted(right: int, down: int) -> None:
    """A smooth pattern that moves by whole pixels."""
    noise = torch.randn(1, 1, 48, 48, generator=torch.Generator().manual_seed(0))
    pattern = torch.nn.functional.avg_pool2d(noise, 3, 2)
    still = pattern[0, 0, :16, :16] / pattern.std()
    frames = torch.stack([torch.roll(still, (down * t, right * t), (0, 1)) for t in range(4)])[None]
    found = flow(frames)
    assert found.shape == (1, 2, 4, 16, 16)
    assert torch.equal(found[:, :, -1], found[:, :, -2])
    assert found.abs().max() <= FLOW_BOUND
    mean = found.mean((0, 2, 3, 4))
    assert torch.sign(mean.round(decimals=1)).tolist() == [right, down]


def test_nothing_moves_and_nothing_is_in_front() -> None:
    frames = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(0)).repeat(1, 5, 1, 1)
    assert flow(frames).abs().max() == 0
    assert mask(frames).sum() == 0


def test_a_mask_shows_what_moves() -> None:
    frames = torch.zeros(1, 8, 16, 16)
    for t in range(8):
        frames[0, t, 6:9, t : t + 3] = 4.0
    found = mask(frames)
    assert found.shape == (1, 1, 8, 16, 16)
    assert set(found.unique().tolist()) == {0.0, 1.0}
    assert all(found[0, 0, t, 7, t + 1] == 1 for t in range(8))
    assert found[0, 0, :, 13:].sum() == 0


def test_motion_and_digit_as_label() -> None:
    arguments = SETTINGS | {"train": 400}
    both = clips(MotionDigits(**arguments, label="both"), 0, "train", np.arange(400)).targets
    motions = clips(MotionDigits(**arguments), 0, "train", np.arange(400)).targets
    digits = clips(MotionDigits(**arguments, label="digit"), 0, "train", np.arange(400)).targets
    assert torch.equal(both, 10 * motions + digits)
    names = MotionDigits(**arguments, label="both").class_names
    assert len(names) == 40
    assert names[13] == f"left {DIGITS[3]}"
    few = MotionDigits(**arguments, label="both", digits=3)
    assert len(few.class_names) == 12
    assert set(clips(few, 0, "test", np.arange(300)).targets.tolist()) == set(range(12))


def test_inputs_are_bound_by_name_or_else_in_order(tmp_path: Path) -> None:
    text = "stdsl 1\nmeta net on {0}: clip(2, 8, 16, 16), {1}: clip(1, 8, 16, 16) = {0}\nspace s = net\n"
    dataset = MotionDigitsDataset(MotionDigits(**SETTINGS, modalities=("frames", "flow")), 0)
    own = dataset.samples("test", np.arange(3), 0).inputs

    def given(first: str, second: str) -> tuple[torch.Tensor, ...]:
        file = tmp_path / "net.space"
        file.write_text(text.format(first, second), encoding="utf-8")
        return bound(dataset, stdsl.load(file).graph).samples("test", np.arange(3), 0).inputs

    assert all(torch.equal(a, b) for a, b in zip(given("flow", "frames"), own[::-1], strict=True))
    assert all(torch.equal(a, b) for a, b in zip(given("a", "b"), own, strict=True))


def test_files_say_which_input_is_which(tmp_path: Path) -> None:
    file = tmp_path / "net.space"
    inputs = "mask: clip(1, 8, 16, 16), frames: clip(1, 8, 16, 16)"
    file.write_text(f"stdsl 1\nmeta net on {inputs} = [mask, frames] -> concat\nspace s = net\n", encoding="utf-8")
    settings = MotionDigits(**SETTINGS, modalities=("frames", "mask"))
    dataset = MotionDigitsDataset(settings, 0)
    facts = description("fuse", DataFacts.of(dataset), stdsl.load(file).graph, settings)
    assert facts["modalities"] == ["mask", "frames"]
    assert facts["normalisation"] == {"per_sample": True, "only": ("frames",)}
