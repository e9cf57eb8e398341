"""`stdsl predict`: files as they were read in training, classes and scores, and what cannot be read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
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
meta net(classes) on x: KIND = x -> conv(2, KERNEL) -> bn -> relu -> global_avg_pool -> linear(classes)
space nets(classes = 2) = net(classes)
search s {
  space = nets
  data = DATA
  retrain { steps = 2  batch = 4 }
  export { onnx = "model.onnx" EXPORT }
}
"""


def trained(folder: Path, kind: str, kernel: str, data: str, export: str = "") -> Path:
    text = TEXT.replace("KIND", kind).replace("KERNEL", kernel).replace("DATA", data).replace("EXPORT", export)
    (folder / "a.space").write_text(text, encoding="utf-8")
    api.run(folder / "a.space", out=folder / "run", device="cpu")
    return folder / "run"


def make_photos(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(20):
        path = folder / "photos" / ["hell", "trüb"][number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        light = 180 if number % 2 == 0 else 30
        Image.fromarray(rng.integers(light, light + 60, (20, 14 + number, 3), dtype=np.uint8)).save(path)


def make_films(folder: Path) -> None:
    for number in range(16):
        write_video(folder / "films" / "ab"[number % 2] / f"{number}.mp4", coloured(6, 24, 32, number))


PHOTOS = ("image(3, 8, 8)", "3x3", 'image_folder(root = "photos", size = 8, resize = 10)')
FILMS = ("clip(3, 4, 8, 8)", "3x3x3", 'clip_folder(root = "films", size = 8, frames = 4, stride = 2)')


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    make_photos(folder)
    return trained(folder, *PHOTOS)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    make_films(folder)
    return trained(folder, *FILMS)


@pytest.mark.parametrize("name", ["photos", "films"])
def test_samples_are_those_that_training_read(name: str, request: pytest.FixtureRequest) -> None:
    run = request.getfixturevalue(name)
    model = model_of(run)
    config = load_job(str(run.parent / "a.space"), "s").config
    dataset: Any = open_dataset(config.data, 0, run.parent).dataset
    batch = dataset.samples("test", np.arange(dataset.size("test")), 0)
    samples = np.stack([sample_of(model, path)[0] for path in dataset._files["test"]])
    values = model.normalisation.applied(samples.astype(np.float32) / np.float32(255))
    assert torch.allclose(torch.from_numpy(values), batch.inputs[0], atol=1e-6)


def test_classes_and_scores(stdsl: Any, photos: Path) -> None:
    files = sorted((photos.parent / "photos").rglob("*.png"))
    result = stdsl("predict", str(photos), *map(str, files), "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)["predictions"]
    assert [one["file"] for one in found] == list(map(str, files))
    for one in found:
        assert one["scores"].keys() == {"hell", "trüb"}
        assert sum(one["scores"].values()) == pytest.approx(1, abs=1e-4)
        assert one["class"] == max(one["scores"], key=one["scores"].get)
    alone = stdsl("predict", str(photos / "model.onnx"), str(photos.parent / "photos"), "--json", "--batch", "3")
    again = json.loads(alone.stdout)["predictions"]
    assert [one["file"] for one in again] == list(map(str, files)), "a folder stands for the files in it"
    for one, other in zip(found, again, strict=True):
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-5)
    shown = stdsl("predict", str(photos), str(files[0]), "--top", "1", "--quiet").stdout
    best = found[0]["scores"][found[0]["class"]]
    assert shown.split() == [str(files[0]), found[0]["class"], f"{best:.3f}"]


def test_videos_and_folders_of_frames(stdsl: Any, films: Path) -> None:
    frames = films.parent / "frames"
    frames.mkdir(exist_ok=True)
    for number, frame in enumerate(coloured(9, 24, 32)):
        Image.fromarray(frame).save(frames / f"{number}.png")
    result = stdsl("predict", str(films), str(frames), str(films.parent / "films"), "--json")
    assert result.exit_code == 0
    assert len(json.loads(result.stdout)["predictions"]) == 17


@pytest.mark.parametrize("name", ["photos", "films"])
def test_a_file_that_scales_bytes_itself_has_the_same_scores(
    name: str, stdsl: Any, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    plain = request.getfixturevalue(name)
    source = plain.parent / ("photos" if name == "photos" else "films")
    (tmp_path / source.name).symlink_to(source)
    own = trained(tmp_path, *(PHOTOS if name == "photos" else FILMS), export=" preprocess = true")
    session = onnxruntime.InferenceSession(str(own / "model.onnx"), providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    assert given.type == "tensor(uint8)"
    assert given.shape[1:] == ([8, 8, 3] if name == "photos" else [4, 8, 8, 3])
    scores = []
    for run in (plain, own):
        result = stdsl("predict", str(run), str(source), "--json")
        assert result.exit_code == 0
        scores.append([list(one["scores"].values()) for one in json.loads(result.stdout)["predictions"]])
    assert np.allclose(*scores, atol=1e-4)
    model = model_of(own)
    first = sorted(path for path in source.rglob("*.*"))[0]
    pixels = np.moveaxis(sample_of(model, first)[0], 0, -1)[None]
    (raw,) = session.run(None, {given.name: pixels})
    shares = np.exp(raw[0]) / np.exp(raw[0]).sum()
    expected = json.loads(stdsl("predict", str(plain), str(first), "--json").stdout)["predictions"][0]["scores"]
    assert np.allclose(shares, list(expected.values()), atol=1e-4), "by onnxruntime alone"


@pytest.mark.parametrize("trained_on", ["", 'data = arrays("a.npz", classes = 2)'])
def test_bytes_of_what_is_no_picture_are_refused(trained_on: str, stdsl: Any, tmp_path: Path) -> None:
    text = TEXT.replace("KIND", "image(3, 8, 8)").replace("KERNEL", "3x3").replace("EXPORT", "preprocess = true")
    data = 'image_folder(root = "photos", size = 8, classes = 2)' if trained_on else 'arrays("a.npz", classes = 2)'
    text = text.replace("DATA", data).replace("retrain {", f"retrain {{ {trained_on} ")
    (tmp_path / "a.space").write_text(text, encoding="utf-8")
    result = stdsl("check", str(tmp_path / "a.space"))
    assert "error[E0510]: `arrays` reads no files of images or clips" in result.stdout
    assert result.exit_code == 1


def test_what_cannot_be_read_is_told_and_the_rest_predicted(stdsl: Any, photos: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.png"
    page.write_text("<html>")
    good = next((photos.parent / "photos").rglob("*.png"))
    result = stdsl("predict", str(photos), str(page), str(good), str(tmp_path / "absent.png"), "--quiet")
    assert result.exit_code == 1
    assert str(good) in result.stdout
    assert result.stderr.count("error[E0742]") == 2
    assert "cannot identify image file" in result.stderr
    assert "No such file" in result.stderr


def test_a_file_that_is_named_twice_has_two_rows(stdsl: Any, photos: Path) -> None:
    file = str(next((photos.parent / "photos").rglob("*.png")))
    found = json.loads(stdsl("predict", str(photos), file, file, "--json").stdout)["predictions"]
    assert [one["file"] for one in found] == [file, file]
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["photos", "films"])
def test_a_folder_that_cannot_be_read_is_told_and_the_rest_predicted(
    name: str, stdsl: Any, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = request.getfixturevalue(name)
    monkeypatch.chdir(tmp_path)
    for _ in range(30):  # deeper than a path can be long
        os.mkdir("x" * 200)
        os.chdir("x" * 200)
    monkeypatch.chdir(tmp_path)
    good = next(path for path in sorted((run.parent / name).rglob("*.*")))
    result = stdsl("predict", str(run), str(tmp_path), str(tmp_path / ("y" * 300)), str(good), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert [one["file"] for one in document["predictions"]] == [str(good)]
    assert [one["reason"] for one in document["failed"]] == ["File name too long"] * 2


@pytest.mark.parametrize("network", ["photos", "films"])
def test_a_folder_without_a_sample_is_told(network: str, stdsl: Any, tmp_path: Path, request: Any) -> None:
    """It was silent, with the exit code 0."""
    (tmp_path / "none" / "deep").mkdir(parents=True)
    (tmp_path / "none" / "notes.txt").write_text("x", encoding="utf-8")
    result = stdsl("predict", str(request.getfixturevalue(network)), str(tmp_path / "none"))
    assert result.exit_code == 1
    assert "none: nothing in this folder is a sample" in result.stderr


def test_a_pipe_is_not_waited_for(stdsl: Any, photos: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    result = stdsl("predict", str(photos), str(tmp_path / "a.png"), "--json")
    assert json.loads(result.stdout)["failed"][0]["reason"] == "it is no regular file"


def test_frames_need_no_package_for_videos(
    stdsl: Any, films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, frame in enumerate(coloured(5, 24, 32)):
        Image.fromarray(frame).save(tmp_path / f"{number}.png")
    film = str(next((films.parent / "films").rglob("*.mp4")))
    monkeypatch.setitem(sys.modules, "av", None)
    assert stdsl("predict", str(films), str(tmp_path), "--json").exit_code == 0
    assert "PyAV" in stdsl("predict", str(films), str(tmp_path), film).stderr
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert "Pillow" in stdsl("predict", str(films), film).stderr


def identity(path: Path, facts: dict[str, Any]) -> None:
    """A network of three numbers that gives them as they are."""
    values = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", 3]) for name in "xy"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    model = onnx.helper.make_model(graph, ir_version=8, opset_imports=[onnx.helper.make_opsetid("", 17)])
    inputs = [{"name": "x", "shape": [None, 3], "layout": "features", "axes": "N,C"}]
    texts = {key: json.dumps(value) for key, value in ({"inputs": inputs} | facts).items()}
    onnx.helper.set_model_props(model, texts)
    onnx.save(model, path)


def test_a_label_applies_above_one_half_as_results_are_measured(stdsl: Any, tmp_path: Path) -> None:
    names = ["above", "half", "below"]
    identity(tmp_path / "a.onnx", {"classes": names, "targets": {"kind": "labels", "names": names}})
    np.save(tmp_path / "a.npy", np.array([1e-9, 0, -1e-9], np.float32))
    result = stdsl("predict", str(tmp_path / "a.onnx"), str(tmp_path / "a.npy"), "--json")
    assert json.loads(result.stdout)["predictions"][0]["labels"] == ["above"]


def test_arrays(stdsl: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=rng.normal(3, 2, (20, 3, 8, 8)), y=np.array(["low", "high"] * 10))
    run = trained(tmp_path, "image(3, 8, 8)", "3x3", 'arrays("a.npz")')
    np.save(tmp_path / "one.npy", rng.normal(3, 2, (3, 8, 8)))
    np.save(tmp_path / "odd.npy", rng.normal(3, 2, (3, 8, 9)))
    shutil.copy(tmp_path / "a.npz", tmp_path / "packed.npy")
    files = [str(tmp_path / name) for name in ("one.npy", "odd.npy")]
    result = stdsl("predict", str(run), *files, "a.png", str(tmp_path / "packed.npy"), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["predictions"][0]["scores"].keys() == {"low", "high"}
    assert "(3, 8, 9), and numbers of (3, 8, 8) are taken" in document["failed"][0]["reason"]
    assert "it was trained on arrays" in document["failed"][1]["reason"]
    assert document["failed"][2]["reason"] == "it is no .npy file"


def test_numbers_in_the_units_of_the_data(stdsl: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "a.npz", x=rng.normal(size=(40, 3, 8, 8)), y=rng.normal(1000, 5, 40))
    space = tmp_path / "a.space"
    text = TEXT.replace("KIND", "image(3, 8, 8)").replace("KERNEL", "3x3").replace("EXPORT", "")
    text = text.replace("DATA", 'arrays("a.npz")').replace("classes = 2", "classes = 1")
    space.write_text(text, encoding="utf-8")
    api.run(space, out=tmp_path / "run", device="cpu")
    np.save(tmp_path / "one.npy", rng.normal(size=(3, 8, 8)))
    result = stdsl("predict", str(tmp_path / "run"), str(tmp_path / "one.npy"), "--json")
    (value,) = json.loads(result.stdout)["predictions"][0]["values"].values()
    assert 900 < value < 1100
    shown = stdsl("predict", str(tmp_path / "run"), str(tmp_path / "one.npy"), "--quiet").stdout
    assert shown.split()[:2] == ["file", "y"]


def test_what_is_no_model(stdsl: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_text("no network")
    space = api.load(photos.parent / "a.space", "nets")
    api.export_onnx(api.compile(space, space.sample(seed=0)).eval(), tmp_path / "bare.onnx", verify=False)
    for name, words in {
        "a.onnx": "cannot be loaded by onnxruntime",
        "absent.onnx": "is not there",
        "bare.onnx": "does not say what it tells: which classes, labels or numbers\n",
    }.items():
        result = stdsl("predict", str(tmp_path / name), "x.png")
        assert result.exit_code == 2
        assert "error[E0741]" in result.stderr
        assert words in result.stderr
    empty = stdsl("predict", str(tmp_path), "x.png")
    assert "E0704" in empty.stderr


def test_no_torch_is_imported(photos: Path) -> None:
    file = next((photos.parent / "photos").rglob("*.png"))
    code = f"""
import sys
sys.modules["torch"] = None
from stdsl.cli.main import main
sys.argv = ["stdsl", "predict", {str(photos)!r}, {str(file)!r}, "--json"]
main()
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["predictions"][0]["file"] == str(file)
