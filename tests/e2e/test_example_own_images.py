"""The example of one's own folder of images: from files to a network that classifies a file by itself."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from stdsl.compiler.schemas.data_images import ImageFolder
from stdsl.runtime.data.pictures.image_folder import ImageFolderDataset

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_images.py"


def test_from_files_to_scores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [str(EXAMPLE), str(tmp_path), "--images", "120", "--steps", "4"])
    example = runpy.run_path(str(EXAMPLE), run_name="__main__")
    told = capsys.readouterr().out.splitlines()
    names = [line.partition(":")[0] for line in told]
    assert names[:2] == ["derived", "random-1"]
    assert names[-1].startswith("photos/7/")
    # What a device makes of a file is what the network makes of the sample that the run read from it.
    settings = ImageFolder(root="photos", size=16, resize=18, channels=1, flip=False)
    dataset = ImageFolderDataset(settings, 0, tmp_path, None)
    model = tmp_path / "run" / "photos.onnx"
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    places = np.arange(dataset.size("test"))
    (scores,) = session.run(None, {"image": dataset.samples("test", places, 0).inputs[0].numpy()})
    for file, own in zip(dataset._files["test"], scores, strict=True):
        found = example["scores"](model, file)
        assert tuple(found) == dataset.classes
        assert list(found.values()) == pytest.approx(own.tolist(), abs=1e-4)
