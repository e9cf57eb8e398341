"""Several inputs in folders side by side: what belongs together, changed alike, and what is told where it is not so."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from videos import coloured, write_video

from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.pictures.clip_folder import ClipFolderDataset
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset

INPUTS = {"inputs": ("rgb", "flow"), "channels": (3, 2), "size": 16, "frames": 4}
SPLITS = ("train", "valid", "test")


def opened(root: Path, seed: int = 0, **own: Any) -> ClipFolderDataset:
    return ClipFolderDataset(ClipFolder(root=str(root), **{**INPUTS, **own}), seed, Path(), None)


def whole(dataset: Any, split: str, epoch: int = 0) -> Any:
    return dataset.samples(split, np.arange(dataset.size(split)), epoch)


def write_frames(folder: Path, frames: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / f"{number}.png")


def make(root: Path, clips: int = 12, frames: int = 9, under: str = "") -> None:
    """Videos, and beside them folders of frames, one less of each."""
    for number in range(clips):
        seen = coloured(frames, 24, 32, number)
        write_video(root / "rgb" / under / "ab"[number % 2] / f"clip.{number}.mp4", seen)
        write_frames(root / "flow" / under / "ab"[number % 2] / f"clip.{number}", seen[1:])


def test_what_belongs_together_is_read_together_whatever_it_ends_in(tmp_path: Path) -> None:
    make(tmp_path, frames=6)
    both = opened(tmp_path)
    alone = {
        "rgb": opened(tmp_path, inputs=("rgb",), channels=3),
        "flow": opened(tmp_path, inputs=("flow",), channels=2, flow=("flow",)),
    }
    assert both.inputs == ("rgb", "flow")
    for split in SPLITS:
        batch = whole(both, split)
        assert [tuple(x.shape[1:]) for x in batch.inputs] == [(3, 4, 16, 16), (2, 4, 16, 16)]
        assert torch.equal(batch.targets, whole(alone["rgb"], split).targets)
        assert [Path(name).stem for name in both.sample_names(split)] == [
            Path(name).stem for name in alone["rgb"].sample_names(split)
        ], "the split is that of the first input alone"


def test_split_epoch_and_seed_decide_alone(tmp_path: Path) -> None:
    make(tmp_path)
    one, other = opened(tmp_path), opened(tmp_path, cache=0)
    for split in SPLITS:
        for epoch in (0, 1):
            for a, b in zip(whole(one, split, epoch).inputs, whole(other, split, epoch).inputs, strict=True):
                assert torch.equal(a, b)
    assert not torch.equal(whole(one, "train").inputs[1], whole(one, "train", 1).inputs[1])


def test_all_inputs_are_cropped_and_mirrored_alike_over_the_same_frames(tmp_path: Path) -> None:
    for number in range(10):
        frames = coloured(12, 30, 44, number)
        for name in ("one", "other"):
            write_frames(tmp_path / name / "a" / str(number), frames)
    changed = {"inputs": ("one", "other"), "channels": 3, "flow": (), "pad": 3, "resize": 20}
    dataset = opened(tmp_path, **changed)
    for epoch in range(3):
        one, other = whole(dataset, "train", epoch).inputs
        assert torch.equal(one, other)
    coloured_too = opened(tmp_path, **changed, colour=0.5)
    one, other = whole(coloured_too, "train").inputs
    assert torch.equal(one, other)


def test_a_flow_is_turned_back_where_it_is_mirrored_and_never_coloured(tmp_path: Path) -> None:
    """A movement to the right, brighter than the middle, is one to the left in a mirrored sample."""
    for number in range(16):
        write_frames(tmp_path / "rgb" / "a" / str(number), np.full((5, 20, 20, 3), 100, np.uint8))
        moving = np.full((5, 20, 20, 3), 128, np.uint8)
        moving[..., 0], moving[..., 1] = 200, 60
        write_frames(tmp_path / "flow" / "a" / str(number), moving)
    dataset = opened(tmp_path, colour=0.4, resize=20)
    scale = dataset.normalisation.of("flow")
    rgb, flow = whole(dataset, "train").inputs
    mean, std = (np.reshape(n, (2, 1, 1, 1)) for n in (scale.mean, scale.std))
    stored = np.rint((flow.numpy() * std + mean) * 255)
    assert set(stored[:, 0].ravel()) == {200.0, 55.0}
    assert set(stored[:, 1].ravel()) == {60.0}
    for clip in stored:
        assert len(set(clip[0].ravel())) == 1
    assert len({clip.mean().item() for clip in rgb}) > 4, "colour changes what is in colour"
    _, still = whole(opened(tmp_path, colour=0.4, resize=20, flow=("rgb",)), "train").inputs
    assert len({clip[0].mean().item() for clip in still}) == 1


def test_each_input_has_a_scale_of_its_own(tmp_path: Path) -> None:
    make(tmp_path)
    dataset = opened(tmp_path, crop=False, flip=False, shift=False)
    each = dict(dataset.normalisation.each)
    assert {name: len(own.mean) for name, own in each.items()} == {"rgb": 3, "flow": 2}
    batch = whole(dataset, "train")
    for values in batch.inputs:
        assert abs(values.mean()) < 0.05
        assert abs(values.std() - 1) < 0.05


def test_images_of_several_inputs(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(12):
        for name, ending in (("look", "jpg"), ("depth", "png")):
            path = tmp_path / name / "ab"[number % 2] / "deep" / f"{number}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(path)
    settings = ImageFolder(root=str(tmp_path), inputs=("look", "depth"), channels=(3, 1), size=12)
    dataset = ImageFolderDataset(settings, 0, Path(), None)
    assert [tuple(x.shape[1:]) for x in whole(dataset, "train").inputs] == [(3, 12, 12), (1, 12, 12)]
    assert not dataset.damaged


def test_splits_and_lists(tmp_path: Path) -> None:
    make(tmp_path, under="train")
    for name in ("rgb", "flow"):
        shutil.copytree(tmp_path / name / "train", tmp_path / name / ("val" if name == "rgb" else "valid"))
    dataset = opened(tmp_path)
    assert dataset.size("test") == 12
    assert [tuple(x.shape) for x in whole(dataset, "test").inputs] == [(12, 3, 4, 16, 16), (12, 2, 4, 16, 16)]
    rows = [f"train/{'ab'[n % 2]}/clip.{n}.mp4,{'ab'[n % 2]}" for n in range(10)]
    (tmp_path / "clips.csv").write_text("\n".join(["path,label", *rows]))
    listed = opened(tmp_path, list=str(tmp_path / "clips.csv"))
    assert sum(map(listed.size, SPLITS)) == 10
    assert whole(listed, "train").inputs[1].shape[1] == 2
    assert not listed.damaged


def test_what_is_wrong_with_one_input_is_told_with_its_name(tmp_path: Path) -> None:
    make(tmp_path, clips=20)
    flow = tmp_path / "flow"
    shutil.rmtree(flow / "a" / "clip.0")
    (flow / "b" / "clip.1" / "5.png").write_text("no image")
    write_frames(flow / "a" / "clip.2", coloured(14, 24, 32))
    shutil.rmtree(flow / "b" / "clip.3")
    write_frames(flow / "b" / "clip.3", coloured(8, 24, 60))
    write_video(tmp_path / "rgb" / "a" / "clip.4.mp4", coloured(3, 24, 32))
    write_frames(flow / "a" / "only", coloured(3, 24, 32))
    dataset = opened(tmp_path, damaged=0.5, frames=8, crop=False, shift=False)
    for split in SPLITS:
        whole(dataset, split)
    reasons = {Path(path).stem: reason for path, reason in dataset.damaged.items()}
    assert reasons.pop("clip.1").startswith("`flow`: 5.png: cannot identify image file")
    assert reasons == {
        "clip.0": "`flow` has nothing with this path",
        "clip.2": "its inputs differ in the number of frames: `rgb` 9, `flow` 14",
        "clip.3": "its inputs are of different proportions: resized, `rgb` 24 × 18, `flow` 45 × 18",
        "clip.4": "its inputs differ in the number of frames: `rgb` 3, `flow` 8",
    }
    assert "1 left out, which `rgb` has not: a/only (`flow`)" in dataset.remarks()
    with pytest.raises(RunError, match="E0729"):
        opened(tmp_path, frames=8).normalisation  # noqa: B018


def refused(root: Path, **own: Any) -> str:
    settings = ClipFolder(root=str(root), **{**INPUTS, **own})
    with pytest.raises(FileDamaged) as caught:
        settings.look(Path())
    return str(caught.value)


def test_folders_that_do_not_match_are_told_when_the_text_is_checked(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "flow" / "c").mkdir()
    assert refused(tmp_path).endswith("rgb: it has no class `c`, and `flow` has")
    (tmp_path / "flow" / "c").rename(tmp_path / "rgb" / "c")
    assert refused(tmp_path).endswith("flow: it has no class `c`, and `rgb` has")
    (tmp_path / "rgb" / "c").rmdir()
    make(tmp_path / "split", under="train")
    shutil.copytree(tmp_path / "split" / "rgb" / "train", tmp_path / "split" / "rgb" / "test")
    assert refused(tmp_path / "split").endswith("it and `rgb` have other splits: train and test, train")
    for number, folder in enumerate(sorted((tmp_path / "flow").glob("*/*"))):
        folder.rename(folder.parent / f"other{number}")
    assert "`a/clip.0.mp4` of `rgb`, and those behind it, are not in it; what belongs together" in refused(tmp_path)


def test_two_files_that_are_alike_but_for_their_endings(tmp_path: Path) -> None:
    make(tmp_path)
    write_frames(tmp_path / "rgb" / "a" / "clip.0", coloured(3, 24, 32))
    with pytest.raises(RunError, match=r"E0703.*`a/clip.0.mp4` and `a/clip.0`, and to which of them"):
        opened(tmp_path)
    shutil.rmtree(tmp_path / "rgb" / "a" / "clip.0")
    write_video(tmp_path / "flow" / "a" / "clip.0.avi", coloured(8, 24, 32))
    assert "`clip.0` and `clip.0.avi`, and which of them belongs to `a/clip.0.mp4`" in refused(tmp_path)


@pytest.mark.parametrize(
    ("own", "key", "words"),
    [
        ({"inputs": ("rgb", "../flow")}, "inputs", "`../flow` is no name of a folder"),
        ({"inputs": ("rgb", "rgb")}, "inputs", "called alike"),
        ({"channels": (3, 2, 1)}, "channels", "there are 2 inputs, and `channels` is about 3"),
        ({"inputs": (), "channels": (3, 3)}, "channels", "there is 1 input, and `channels` is about 2"),
        ({"flow": ("fow",)}, "flow", "names `fow`, and the inputs are `rgb`, `flow`"),
        ({"channels": (1, 2), "colour": 0.2}, "colour", "inputs of 3 channels"),
    ],
)
def test_settings_that_do_not_go_together(own: dict[str, Any], key: str, words: str) -> None:
    settings = ClipFolder(root="x", **{**INPUTS, **own})
    (conflict,) = settings.conflicts()
    assert conflict.key == key
    assert words in conflict.message
    settings.signature()  # which is asked for beside
