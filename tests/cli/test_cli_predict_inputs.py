"""`stdsl predict` on clips of several inputs in files: which files belong together, and scores as in training."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image
from videos import coloured, write_video

import stdsl as api
from stdsl.runtime.data.registry import open_dataset
from stdsl.runtime.prediction.model import model_of
from stdsl.runtime.prediction.samples import sample_of
from stdsl.runtime.prepare.preparation import load_job

ROOT = Path(__file__).parents[2]
TEXT = """stdsl 1
meta net(classes) on flow: clip(2, 4, 8, 8), rgb: clip(3, 4, 8, 8) {
  return [flow, rgb] -> concat -> conv(3, 3x3x3) -> bn -> relu -> global_avg_pool -> linear(classes)
}
space nets(classes = 2) = net(classes)
search s {
  space = nets
  data = clip_folder(root = "films", inputs = ["rgb", "flow"], channels = [3, 2], size = 8, frames = 4)
  retrain { steps = 2  batch = 4 }
  export { onnx = "model.onnx" EXPORT }
}
"""


def make(root: Path, clips: int) -> None:
    for number in range(clips):
        seen = coloured(6, 24, 32, number)
        write_video(root / "rgb" / "ab"[number % 2] / f"{number}.mp4", seen)
        folder = root / "flow" / "ab"[number % 2] / str(number)
        folder.mkdir(parents=True)
        for time, frame in enumerate(seen[1:]):
            Image.fromarray(frame).save(folder / f"{time}.png")


def trained(folder: Path, export: str = "") -> Path:
    (folder / "a.space").write_text(TEXT.replace("EXPORT", export), encoding="utf-8")
    api.run(folder / "a.space", out=folder / "run", device="cpu")
    return folder / "run"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    make(folder / "films", 16)
    return trained(folder)


def told(stdsl: Any, run: Path, *paths: Path | str, code: int = 0) -> Any:
    result = stdsl("predict", str(run), *map(str, paths), "--json")
    assert result.exit_code == code
    return json.loads(result.stdout)


def test_samples_are_those_that_training_read(run: Path) -> None:
    model = model_of(run)
    dataset: Any = open_dataset(load_job(str(run.parent / "a.space"), "s").config.data, 0, run.parent).dataset
    batch = dataset.samples("test", np.arange(dataset.size("test")), 0)
    samples = [sample_of(model, run.parent / "films" / "rgb" / name.removeprefix("rgb/")) for name in _names(dataset)]
    assert [own.called for own in model.inputs] == ["flow", "rgb"]
    for own, values in zip(model.inputs, zip(*samples, strict=True), strict=True):
        scaled = model.normalisation.of(own.called).applied(np.stack(values).astype(np.float32) / np.float32(255))
        expected = batch.inputs[dataset.inputs.index(own.called)]
        assert torch.allclose(torch.from_numpy(scaled), expected, atol=1e-6)


def _names(dataset: Any) -> list[str]:
    names: list[str] = dataset.sample_names("test")
    return names


def test_a_sample_may_be_named_by_any_of_its_files(run: Path, stdsl: Any, tmp_path: Path, monkeypatch: Any) -> None:
    films = run.parent / "films"
    all_of_them = told(stdsl, run, films)["predictions"]
    assert len(all_of_them) == 16
    scores = {Path(one["file"]).stem: one["scores"] for one in all_of_them}
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(films / "rgb" / "a" / "2.mp4", alone / "rgb.mp4")
    shutil.copytree(films / "flow" / "a" / "2", alone / "flow")
    ways = (films / "rgb" / "a" / "2.mp4", films / "flow" / "a" / "2", alone)
    for one in told(stdsl, run, *ways)["predictions"]:
        assert one["scores"] == pytest.approx(scores["2"], abs=1e-5)
    assert {Path(one["file"]).stem for one in told(stdsl, run, films / "rgb" / "b")["predictions"]} == {
        str(n) for n in range(1, 16, 2)
    }
    monkeypatch.chdir(films / "rgb" / "a")
    assert told(stdsl, run, "2.mp4")["predictions"][0]["scores"] == pytest.approx(scores["2"], abs=1e-5)


IMAGES = """stdsl 1
meta net(classes) on look: image(3, 8, 8), depth: image(1, 8, 8) {
  return [look, depth] -> concat -> conv(3, 3x3) -> bn -> relu -> global_avg_pool -> linear(classes)
}
space nets(classes = 2) = net(classes)
search s {
  space = nets
  data = image_folder(root = "views", inputs = ["look", "depth"], channels = [3, 1], size = 8)
  retrain { steps = 2  batch = 4 }
  export { onnx = "model.onnx" }
}
"""


def test_images_side_by_side(stdsl: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(16):
        for name, ending in (("look", "jpg"), ("depth", "png")):
            path = tmp_path / "views" / name / "ab"[number % 2] / f"{number}.{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(rng.integers(0, 256, (10, 12, 3), dtype=np.uint8)).save(path)
    (tmp_path / "a.space").write_text(IMAGES, encoding="utf-8")
    api.run(tmp_path / "a.space", out=tmp_path / "run", device="cpu")
    views = tmp_path / "views"
    everything = told(stdsl, tmp_path / "run", views)["predictions"]
    assert len(everything) == 16
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(views / "look" / "b" / "3.jpg", alone / "look.jpg")
    shutil.copy(views / "depth" / "b" / "3.png", alone / "depth.png")
    (expected,) = (one["scores"] for one in everything if Path(one["file"]).stem == "3")
    ways = (views / "look" / "b" / "3.jpg", views / "depth" / "b" / "3.png", alone)
    for one in told(stdsl, tmp_path / "run", *ways)["predictions"]:
        assert one["scores"] == pytest.approx(expected, abs=1e-5)
    assert len(told(stdsl, tmp_path / "run", views / "depth" / "a")["predictions"]) == 8


def test_no_torch_is_imported(run: Path) -> None:
    file = run.parent / "films" / "rgb" / "a" / "0.mp4"
    code = f"""
import sys
sys.modules["torch"] = None
from stdsl.cli.main import main
sys.argv = ["stdsl", "predict", {str(run)!r}, {str(file)!r}, "--json"]
main()
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["predictions"][0]["file"] == str(file)


def test_what_lacks_an_input_is_told_and_the_rest_predicted(run: Path, stdsl: Any, tmp_path: Path) -> None:
    films = tmp_path / "films"
    shutil.copytree(run.parent / "films", films)
    shutil.rmtree(films / "flow" / "a" / "2")
    (tmp_path / "empty").mkdir()
    stray = tmp_path / "stray.mp4"
    shutil.copy(films / "rgb" / "a" / "4.mp4", stray)
    found = told(stdsl, run, films, tmp_path / "empty", stray, films / "rgb" / "no.mp4", code=1)
    assert len(found["predictions"]) == 15
    reasons = {Path(one["file"]).name: one["reason"] for one in found["failed"]}
    assert reasons["2.mp4"] == "`flow` has nothing with this path"
    assert reasons["empty"].startswith("it has no `rgb`")
    assert reasons["stray.mp4"].startswith("it is in no folder that is called as an input")
    assert reasons["no.mp4"] == "No such file or directory"


def test_a_file_that_scales_bytes_itself_has_the_same_scores(run: Path, stdsl: Any, tmp_path: Path) -> None:
    films = run.parent / "films"
    (tmp_path / "films").symlink_to(films)
    own = trained(tmp_path, " preprocess = true")
    session = onnxruntime.InferenceSession(str(own / "model.onnx"), providers=["CPUExecutionProvider"])
    assert {one.name: (one.type, one.shape[1:]) for one in session.get_inputs()} == {
        "flow": ("tensor(uint8)", [4, 8, 8, 2]),
        "rgb": ("tensor(uint8)", [4, 8, 8, 3]),
    }
    plain, scaled = (
        [list(one["scores"].values()) for one in told(stdsl, one_run, films)["predictions"]] for one_run in (run, own)
    )
    assert np.allclose(plain, scaled, atol=1e-4)
    model = model_of(own)
    sample = sample_of(model, films / "rgb" / "a" / "0.mp4")
    fed = {one.name: np.moveaxis(x, 0, -1)[None] for one, x in zip(model.inputs, sample, strict=True)}
    (raw,) = session.run(None, fed)
    expected = told(stdsl, run, films / "rgb" / "a" / "0.mp4")["predictions"][0]["scores"]
    assert np.allclose(np.exp(raw[0]) / np.exp(raw[0]).sum(), list(expected.values()), atol=1e-4)
