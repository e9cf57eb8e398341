"""The user's own files, from a search to an ONNX file, killed and gone on with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from kills.outcome import outcome
from kills.resumed import killed_and_gone_on_with
from PIL import Image

from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import resume

Order = Callable[..., int]

TEXT = """stdsl 1
meta fused on b: features(5), a: image(3, 6, 6) {
  seen = a -> choose {flat: conv(4, 1x1), full: conv(4, 3x3)} as kind -> bn -> relu -> global_avg_pool -> linear(4)
  return [seen, b -> linear(4)] -> sum -> relu -> linear(3)
}
space nets = fused
search mine {
  space = nets
  data = arrays("mine.npz", axes = ["NHWC", "NC"])
  strategy = gradient { steps = 6  batch = 8 }
  retrain { steps = 6  batch = 8 }
  export { onnx = "mine.onnx" }
  loaders = 2
}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    images = (rng.integers(0, 100, (90, 6, 6, 3)) + 50 * labels[:, None, None, None]).astype(np.uint8)
    np.savez(tmp_path / "mine.npz", a=images, b=rng.normal(100, 20, (90, 5)), y=labels)
    path = tmp_path / "mine.space"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_killed_and_resumed_it_is_the_same(space: Path, tmp_path: Path, stdsl: Order) -> None:
    whole = killed_and_gone_on_with(stdsl, space, tmp_path, 4)

    session = onnxruntime.InferenceSession(str(whole / "mine.onnx"), providers=["CPUExecutionProvider"])
    metadata = session.get_modelmeta().custom_metadata_map
    assert json.loads(metadata["classes"]) == ["0", "1", "2"]
    assert json.loads(metadata["modalities"]) == ["b", "a"]
    # Raw arrays, scaled as the file says, are what the network was trained on.
    dataset = opened(load_job(str(space), None))
    each = json.loads(metadata["normalisation"])["each"]
    raw = np.load(tmp_path / "mine.npz")
    samples = dataset.samples("test", np.arange(dataset.size("test")), 0).inputs
    images = (np.moveaxis(raw["a"], 3, 1) / 255 - np.reshape(each["a"]["mean"], (3, 1, 1))) / np.reshape(
        each["a"]["std"], (3, 1, 1)
    )
    rows = (raw["b"] - each["b"]["mean"]) / each["b"]["std"]
    for given, own in ((images, samples[0]), (rows, samples[1])):
        apart = np.abs(given[None] - own.numpy()[:, None]).reshape(len(own), len(given), -1).max(2)
        assert (apart.min(1) < 1e-4).all()
        assert len(set(apart.argmin(1))) == len(own)


IMAGES = """stdsl 1
meta net on image: image(3, 12, 12) {
  y = image -> choose {flat: conv(4, 1x1), full: conv(4, 3x3)} as kind -> bn -> relu
  return y -> global_avg_pool -> linear(2)
}
space nets = net
search photos {
  space = nets
  data = image_folder(root = "photos", size = 12, damaged = 0.1, cache = 0)
  strategy = gradient { steps = 6  batch = 8 }
  retrain { steps = 6  batch = 8 }
}
"""


def test_images_cropped_at_random_and_one_damaged(tmp_path: Path, stdsl: Order) -> None:
    rng = np.random.default_rng(0)
    for number in range(60):
        path = tmp_path / "photos" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (14, 18, 3), dtype=np.uint8)).save(path)
    (tmp_path / "photos" / "b" / "1.png").write_text("a page")
    space = tmp_path / "photos.space"
    space.write_text(IMAGES, encoding="utf-8")
    whole, loaded = killed_and_gone_on_with(stdsl, space, tmp_path, 4), tmp_path / "loaded"
    settings = ("--set", "loaders=2", "--set", "data.cache=64")
    assert stdsl("run", str(space), "--device", "cpu", "--out", str(loaded), *settings) == 0
    assert outcome(loaded) == outcome(whole)


def test_a_run_goes_on_with_the_data_that_it_was_started_with(space: Path, tmp_path: Path, stdsl: Order) -> None:
    broken = tmp_path / "broken"
    stdsl("run", str(space), "--device", "cpu", "--out", str(broken), moment="step", number=2)
    content = dict(np.load(tmp_path / "mine.npz"))
    for change, words in (({"b": content["b"] + 1}, "statistics"), ({"y": content["y"] + 1}, "it had 3 classes")):
        np.savez(tmp_path / "mine.npz", **(content | change))
        with pytest.raises(RunError, match=rf"E0727.*{words}"):
            resume(broken, Silent())
    (tmp_path / "mine.npz").unlink()
    with pytest.raises(RunError, match="E0702"):
        resume(broken, Silent())
