"""Several clips and crops of a sample, and what a network tells of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from stdsl.compiler.schemas.data_clips import ClipFolder
from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.compiler.schemas.search import Evaluate
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.own.checked import Checked
from stdsl.runtime.data.pictures.clip_files import places
from stdsl.runtime.data.pictures.clip_folder import ClipFolderDataset
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset
from stdsl.runtime.data.views import Spaced, Views, seen_in
from stdsl.runtime.training.evaluate import evaluate, evaluate_together
from stdsl.runtime.training.placement import place

TEN_CENTER = Views.of(Evaluate(clips=10))
TEN_LCR = Views.of(Evaluate(clips=10, crops="left_center_right"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> ClipFolderDataset:
    """Two classes of three clips of twelve frames, 16 high and 24 wide; the k-th frame is as bright as it is late, and
    each is brighter to the right."""
    root = tmp_path_factory.mktemp("clips")
    for label in range(2):
        for number in range(3):
            folder = root / f"class{label}" / f"{number}"
            folder.mkdir(parents=True)
            for t in range(12):
                row = 100 * label + 10 * t + np.arange(24) + 7 * number
                Image.fromarray(np.broadcast_to(row, (16, 24)).astype(np.uint8)).save(folder / f"{t:02}.png")
    settings = ClipFolder(root=str(root), size=16, resize=16, frames=3, channels=1, test=0.4)
    return ClipFolderDataset(settings, 0, Path(), None)


def brightness(dataset: Any, split: str, index: int) -> list[float]:
    """Of the first and the last frame at the left end, as in the file."""
    x = dataset.samples(split, np.array([index]), 0).inputs[0]
    own = dataset.normalisation
    value = x[0, 0, [0, -1], 0, 0] * own.std[0] + own.mean[0]
    return [round(float(v) * 255) for v in value]


def test_ten_clips_are_spaced_from_the_beginning_of_a_video_to_its_end() -> None:
    settings = ClipFolder(root="x", frames=4, stride=2)
    found = [places(settings, 25, Spaced(i, 10)) for i in range(10)]
    assert [own[0] for own in found] == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]
    assert found[-1] == (18, 20, 22, 24)
    segments = ClipFolder(root="x", frames=4, sampling="segments")
    assert places(segments, 40, Spaced(0, 2)) == (2, 12, 22, 32)
    assert places(segments, 40, Spaced(1, 2)) == (7, 17, 27, 37)
    assert [places(settings, 5, Spaced(i, 2)) for i in range(2)] == [(0, 2, 4, 4)] * 2  # shorter than a clip


def test_each_sample_is_there_once_in_each_view(clips: ClipFolderDataset) -> None:
    seen: Any = seen_in(clips, TEN_LCR)
    assert seen.size("test") == 30 * clips.size("test")
    assert seen.size("train") == clips.size("train")
    assert seen.split_targets("test").tolist() == clips.split_targets("test").repeat(30).tolist()
    base = brightness(seen, "test", 0)[0]
    first_frames = [brightness(seen, "test", 3 * clip)[0] - base for clip in range(10)]
    assert first_frames == [10 * (9 * clip // 9) for clip in range(10)]  # twelve frames, of which three are a clip
    assert [brightness(seen, "test", side)[0] - base for side in range(3)] == [0, 4, 8]
    assert brightness(seen_in(clips, TEN_CENTER), "test", 0)[0] - base == 4
    assert seen.in_whole("test", 29) == clips.in_whole("test", 0)
    assert seen.in_whole("test", 30) == clips.in_whole("test", 1)


def test_crops_of_an_image_lie_along_its_longer_side(tmp_path: Path) -> None:
    for label in range(2):
        for number in range(4):
            (tmp_path / f"c{label}").mkdir(exist_ok=True)
            column = np.broadcast_to(np.arange(24)[:, None] + 50 * number, (24, 16))
            Image.fromarray(column.astype(np.uint8)).save(tmp_path / f"c{label}" / f"{number}.png")
    settings = ImageFolder(root=str(tmp_path), size=16, resize=16, channels=1, test=0.5)
    seen: Any = seen_in(ImageFolderDataset(settings, 0, Path(), None), Views.of(Evaluate(crops="left_center_right")))
    x = seen.samples("test", np.arange(3), 0).inputs[0] * seen.normalisation.std[0] + seen.normalisation.mean[0]
    top = (x[:, 0, 0, 0] * 255).round()
    assert (top - top[0]).tolist() == [0, 4, 8]


class Bright(nn.Module):
    """Tells from the mean of a clip, and not as a straight line."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.flatten(1).mean(1, keepdim=True)
        return torch.cat([mean.sin() * 3, mean], 1)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_what_is_told_is_the_mean_of_the_probabilities(clips: ClipFolderDataset, size: int) -> None:
    model, one = Bright().eval(), place("cpu")
    seen = seen_in(Checked(clips, "clip_folder"), TEN_LCR)
    x = seen.samples("test", np.arange(seen.size("test")), 0)
    chances = model(x.inputs[0]).softmax(1).unflatten(0, (-1, 30)).mean(1)
    targets = x.targets[::30]
    loss = -chances[torch.arange(len(targets)), targets].log().mean()
    found = evaluate(model, Part(seen, ("test",)), one, size)
    assert found.samples == clips.size("test")
    assert found["loss"] == pytest.approx(float(loss), rel=1e-5)
    assert found["accuracy"] == pytest.approx(float((chances.argmax(1) == targets).float().mean()))
    alone = evaluate(model, Part(clips, ("test",)), one, size)
    assert alone["loss"] != pytest.approx(found["loss"], rel=1e-3)


def test_networks_that_tell_together_may_look_in_ways_of_their_own(clips: ClipFolderDataset) -> None:
    """One looks at thirty views of each sample, the other at one."""
    model, one = Bright().eval(), place("cpu")
    seen = seen_in(clips, TEN_LCR)
    from stdsl.compiler.backends.networks.ensemble import Mean
    from stdsl.runtime.tasks.criterion import Criterion

    parts = [Part(seen, ("test",)), Part(clips, ("test",))]
    found = evaluate_together([model, model], parts, one, Mean("classes"), 64, Criterion.of(clips))
    both = [model(own.samples("test", np.arange(own.size("test")), 0).inputs[0]).softmax(1) for own in (seen, clips)]
    chances = (both[0].unflatten(0, (-1, 30)).mean(1) + both[1]) / 2
    targets = torch.from_numpy(clips.split_targets("test"))
    assert found["loss"] == pytest.approx(float(-chances[torch.arange(len(targets)), targets].log().mean()), rel=1e-5)
