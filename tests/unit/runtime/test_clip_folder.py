"""Folders of clips: videos and folders of frames, which frames are taken, and what is damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from videos import coloured, read_video, write_video

from stdsl.compiler.datafiles.clip_folders import frame_names
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.runtime.data.pictures.clip_files import places
from stdsl.runtime.data.pictures.clip_folder import ClipFolderDataset


def opened(root: Path, seed: int = 0, **settings: Any) -> ClipFolderDataset:
    return ClipFolderDataset(ClipFolder(root=str(root), **{"size": 16, "frames": 4, **settings}), seed, Path(), None)


def whole(dataset: ClipFolderDataset, split: str, epoch: int = 0) -> Any:
    return dataset.samples(split, np.arange(dataset.size(split)), epoch)


def write_frames(folder: Path, frames: Any, name: str = "{}.png") -> None:
    folder.mkdir(parents=True)
    for number, frame in enumerate(frames):
        Image.fromarray(frame).save(folder / name.format(number))


def settings(**own: Any) -> ClipFolder:
    return ClipFolder(root="x", **{"frames": 4, **own})


def test_which_frames_a_clip_has() -> None:
    assert places(settings(), 10, None) == (3, 4, 5, 6)
    assert places(settings(), 10, 0.0) == (0, 1, 2, 3)
    assert places(settings(), 10, 0.999) == (6, 7, 8, 9)
    assert places(settings(shift=False), 10, 0.0) == (3, 4, 5, 6)
    assert places(settings(stride=2), 10, 0.0) == (0, 2, 4, 6)
    assert places(settings(stride=3), 10, 0.7) == (0, 3, 6, 9)
    assert places(settings(sampling="segments"), 12, None) == (1, 4, 7, 10)
    assert places(settings(sampling="segments"), 12, 0.0) == (0, 3, 6, 9)
    assert places(settings(sampling="segments"), 12, 0.999) == (2, 5, 8, 11)


@pytest.mark.parametrize("sampling", ["dense", "segments"])
@pytest.mark.parametrize("frames", [1, 2, 3, 5, 9, 40])
def test_frames_rise_and_are_there_whatever_the_length(frames: int, sampling: Any) -> None:
    for along in (None, 0.0, 0.3, 0.999):
        found = places(settings(frames=7, stride=2, sampling=sampling), frames, along)
        assert list(found) == sorted(found)
        assert len(found) == 7
        assert 0 <= found[0] <= found[-1] < frames


def test_a_clip_of_a_video_is_of_its_frames(tmp_path: Path) -> None:
    for number in range(3):
        write_video(tmp_path / "a" / f"{number}.mp4", coloured(9, 16, 16, number), g="4")
    dataset = opened(tmp_path, resize=16, test=0.4)
    scale = dataset.normalisation
    mean, std = np.reshape(scale.mean, (3, 1, 1, 1)), np.reshape(scale.std, (3, 1, 1, 1))
    own = np.stack(read_video(dataset._files["test"][0])[2:6])
    found = whole(dataset, "test").inputs[0][0]
    assert np.allclose(found, (np.moveaxis(own, 3, 0) / 255 - mean) / std, atol=1e-5)


def test_folders_of_frames_and_videos_side_by_side(tmp_path: Path) -> None:
    write_frames(tmp_path / "train" / "a" / "walk", coloured(12, 16, 16), "img_{}.png")
    write_frames(tmp_path / "train" / "a" / "deep" / "run", coloured(6, 16, 16, 1))
    write_video(tmp_path / "train" / "b" / "jump.avi", coloured(6, 16, 16, 2))
    write_frames(tmp_path / "test" / "b" / "hop", coloured(3, 16, 16, 3))
    (tmp_path / "train" / "b" / "notes.txt").write_text("no clip")
    dataset = opened(tmp_path, resize=16, valid=0.1)
    assert dataset.classes == ("a", "b")
    assert [dataset.size(split) for split in ("train", "valid", "test")] == [3, 0, 1]
    assert whole(dataset, "train").targets.tolist() == [0, 0, 1]
    assert frame_names(tmp_path / "train" / "a" / "walk")[8:] == tuple(f"img_{i}.png" for i in range(8, 12))
    found = whole(dataset, "test").inputs[0][0]
    assert torch.equal(found[:, 2], found[:, 3]), "the last frame goes on"
    assert not torch.equal(found[:, 1], found[:, 2])
    remarks = " ".join(dataset.remarks())
    assert "clips of 16 × 16 to 16 × 16 pixels, of 3 to 12 frames" in remarks
    assert "1 are shorter than 4 frames, and go on with their last" in remarks
    assert "1 left out for names that do not end like those of clips: train/b/notes.txt" in remarks


def test_frames_and_flow_in_one_folder_are_told_of(tmp_path: Path) -> None:
    """What a folder holds is a clip: frames and flow of the same numbers would be read as twice as many frames."""
    for number in range(4):
        write_frames(tmp_path / "a" / str(number), coloured(5, 16, 16), "img_{:05}.png")
    assert not any("several series" in remark for remark in opened(tmp_path).remarks())
    for name in ("flow_x", "flow_y"):
        for time in range(5):
            Image.fromarray(coloured(1, 16, 16)[0]).save(tmp_path / "a" / "2" / f"{name}_{time:05}.png")
    (told,) = (remark for remark in opened(tmp_path).remarks() if "several series" in remark)
    assert told.startswith("1 hold images of several series")
    assert "flow_x_*.png, flow_y_*.png, img_*.png in 2" in told


@pytest.mark.parametrize("channels", [1, 3])
def test_all_frames_of_a_clip_are_cropped_and_mirrored_alike(channels: int, tmp_path: Path) -> None:
    still = np.repeat(coloured(1, 30, 40), 8, 0)
    for number in range(10):
        write_frames(tmp_path / "a" / str(number), still)
    dataset = opened(tmp_path, resize=20, channels=channels)
    clips = whole(dataset, "train").inputs[0]
    assert clips.shape[1:] == (channels, 4, 16, 16)
    assert torch.equal(clips, clips[:, :, :1].expand_as(clips))
    assert len({clip.numpy().tobytes() for clip in clips}) > 2
    assert not torch.equal(clips, whole(dataset, "train", 1).inputs[0])


def test_what_is_kept_in_memory_changes_no_sample(tmp_path: Path) -> None:
    for number in range(6):
        write_video(tmp_path / "a" / f"{number}.mp4", coloured(12, seed=number), g="5")
    with_cache, without = opened(tmp_path), opened(tmp_path, cache=0)
    for epoch in (0, 1, 0):
        assert torch.equal(whole(with_cache, "train", epoch).inputs[0], whole(without, "train", epoch).inputs[0])
    assert with_cache._frames.held > 0
    assert without._frames.held == 0


def test_damaged_clips_are_named_and_others_take_their_place(tmp_path: Path) -> None:
    for number in range(16):
        write_video(tmp_path / "ab"[number % 2] / f"{number}.avi", coloured(8, seed=number))
    write_frames(tmp_path / "a" / "frames", coloured(5, 24, 32))
    sound = opened(tmp_path, shift=False, flip=False, crop=False)
    first = sound._files["train"][0]
    first.write_text("<html>a page</html>")
    (tmp_path / "a" / "frames" / "2.png").write_text("no image")
    dataset = opened(tmp_path, shift=False, flip=False, crop=False, damaged=0.2)
    assert np.array_equal(dataset._sample("train", 0, None)[0], sound._sample("train", 1, None)[0])
    for split in ("train", "valid", "test"):
        whole(dataset, split)
    assert dataset.damaged.keys() == {str(first.relative_to(tmp_path)), "a/frames"}
    assert "Invalid data" in dataset.damaged[str(first.relative_to(tmp_path))]
    assert dataset.damaged["a/frames"].startswith("2.png: cannot identify image file")
    with pytest.raises(RunError, match=r"E0729.*1 of the 17 files"):
        whole(opened(tmp_path, damaged=0.0), "train")


def test_what_is_damaged_in_one_place_does_not_depend_on_what_was_asked_before(tmp_path: Path) -> None:
    for number in range(4):
        write_frames(tmp_path / "a" / str(number), coloured(9, seed=number))
    for number in range(3):
        (tmp_path / "a" / str(number) / "0.png").write_text("no image")
    fresh, asked = (opened(tmp_path, damaged=1.0, frames=1, valid=0.01, test=0.01) for _ in range(2))
    for epoch in range(5):
        whole(asked, "train", epoch)
    assert asked.damaged
    assert torch.equal(whole(asked, "train", 2).inputs[0], whole(fresh, "train", 2).inputs[0])


def test_frames_of_different_sizes(tmp_path: Path) -> None:
    write_frames(tmp_path / "a" / "one", [*coloured(2, 24, 32), *coloured(2, 24, 40)])
    with pytest.raises(RunError, match="E0729"):
        whole(opened(tmp_path), "train")


def test_a_list_of_videos_and_folders_of_frames(tmp_path: Path) -> None:
    write_frames(tmp_path / "walk", coloured(5, 16, 16))
    write_video(tmp_path / "run.mp4", coloured(5, 16, 16, 1))
    (tmp_path / "list.csv").write_text("path,label\nwalk,slow\nrun.mp4,fast")
    dataset = opened(tmp_path, list=str(tmp_path / "list.csv"), resize=16)
    assert dataset.classes == ("fast", "slow")
    assert dataset.size("train") == 2
    assert whole(dataset, "train").targets.tolist() == [0, 1]


def test_images_that_lie_in_the_folder_of_a_class(tmp_path: Path) -> None:
    write_frames(tmp_path / "wave", coloured(3))
    with pytest.raises(
        RunError, match=r"E0703.*`0.png` lies in it, and the frames of each clip .*: wave/CLIP/0001.png"
    ):
        opened(tmp_path)
