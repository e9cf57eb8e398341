"""`stdsl predict` on rows of tables, on several inputs, and where something is told at each position."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from PIL import Image

import stdsl as api
from stdsl.runtime.data.normalisation import Normalisation
from stdsl.runtime.data.registry import open_dataset
from stdsl.runtime.prediction.arrays import arrays_of
from stdsl.runtime.prediction.model import Input, Model, model_of
from stdsl.runtime.prediction.samples import files_in, samples_of
from stdsl.runtime.prepare.preparation import load_job

ROOT = Path(__file__).parents[2]
RNG = np.random.default_rng(0)
TEXT = """stdsl 1
META
space nets(outputs = 2) = net(outputs)
search s {
  space = nets(outputs = data.outputs)
  data = DATA
  retrain { steps = 2  batch = 4 }
  export { onnx = "model.onnx" }
}
"""
ROWS = """meta net(outputs) on row: features(5) = row -> linear(4) -> relu -> linear(outputs)"""
FUSED = """meta net(outputs) on flow: image(2, 4, 4), look: image(3, 4, 4) {
  y = [flow, look] -> concat -> conv(4, 3x3) -> relu
  return y -> global_avg_pool -> linear(outputs)
}"""
PIXELS = "meta net(outputs) on x: image(1, 5, 4) = x -> conv(4, 3x3) -> relu -> pointwise(outputs)"


def trained(folder: Path, meta: str, data: str) -> Path:
    (folder / "a.space").write_text(TEXT.replace("META", meta).replace("DATA", data), encoding="utf-8")
    api.run(folder / "a.space", out=folder / "run", device="cpu")
    return folder / "run"


def seen(run: Path) -> Any:
    """The data that a run was trained on."""
    return open_dataset(load_job(str(run.parent / "a.space"), "s").config.data, 0, run.parent).dataset


def given(run: Path, batch: Any) -> npt.NDArray[np.float32]:
    """What the exported file gives for a batch of the training's data."""
    session = onnxruntime.InferenceSession(str(run / "model.onnx"), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    found: npt.NDArray[np.float32] = session.run(
        None, dict(zip(names, (x.numpy() for x in batch.inputs), strict=True))
    )[0]
    return found


def scores(model: Model, path: Path) -> npt.NDArray[np.float64]:
    return model.scores([sample for _, sample in samples_of(model, path)])


def predicted(stdsl: Any, *arguments: Any) -> list[dict[str, Any]]:
    result = stdsl("predict", *map(str, arguments), "--json")
    assert result.exit_code == 0, result.stderr
    return list(json.loads(result.stdout)["predictions"])


def make_table(path: Path, columns: str = "size,place,age,price") -> None:
    lines = [columns]
    for i in range(40):
        cells = {
            "size": f"{1e6 + i % 7:.1f}",
            "place": ["north", "river", ""][i % 3],
            "age": "" if i % 9 == 4 else str(i),
        }
        cells["price"] = f"{1000.25 + 3 * (i % 7):.2f}"
        lines.append(",".join(cells[name] for name in columns.split(",")))
    path.write_text("\n".join(lines))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rows")
    make_table(folder / "houses.csv")
    return trained(folder, ROWS, 'table("houses.csv", target = "price")')


def test_rows_of_a_table_are_those_that_training_read(stdsl: Any, rows: Path, tmp_path: Path) -> None:
    """In whatever order the columns are, and without the target; missing numbers and texts as in training."""
    make_table(tmp_path / "new.csv", "place,age,size")
    data, model = seen(rows), model_of(rows)
    values = scores(model, tmp_path / "new.csv")
    for split in ("train", "valid", "test"):
        batch = data.samples(split, np.arange(data.size(split)), 0)
        expected = given(rows, batch) * np.array(data.targets.std) + np.array(data.targets.mean)
        assert np.allclose(values[data._rows[split]], expected, rtol=1e-6)
    found = predicted(stdsl, rows, tmp_path / "new.csv", "--batch", "7")
    assert [one["row"] for one in found] == list(range(1, 41))
    assert [one["values"]["price"] for one in found] == pytest.approx(values[:, 0].tolist(), abs=1e-4)
    shown = stdsl("predict", str(rows), str(tmp_path / "new.csv"), "--quiet").stdout.splitlines()
    assert shown[0].split() == ["file", "price"]
    assert shown[3].split()[0] == f"{tmp_path / 'new.csv'}:3"
    assert predicted(stdsl, rows, tmp_path) == found, "a folder stands for the tables in it"


def test_a_text_that_no_row_had_is_no_category(rows: Path, tmp_path: Path) -> None:
    (tmp_path / "new.csv").write_text("size,place,age\n1000001,abroad,3\n")
    ((_, sample),) = samples_of(model_of(rows), tmp_path / "new.csv")
    assert sample[0].tolist() == [1000001, 0, 0, 0, 3]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("size,place\n3,north\n", "it has no column `age`"),
        ("size,place,age\n3,north,old\n", "its row 1 has `old` as `age`, and that is a number"),
        ("size,place,age\n1,river,2\ninf,north,1\n", "its row 2 has `inf` as `size`"),
        ("size,place,age\n", "it has no rows"),
        ("size,place,age\n1,2\n", "its row 1 has 2 cells"),
        (None, "No such file"),
    ],
)
def test_a_table_that_is_another_is_told(stdsl: Any, rows: Path, tmp_path: Path, text: str, words: str) -> None:
    if text is not None:
        (tmp_path / "new.csv").write_text(text)
    result = stdsl("predict", str(rows), str(tmp_path / "new.csv"), "--quiet")
    assert result.exit_code == 1
    assert "error[E0742]" in result.stderr
    assert words in result.stderr


@pytest.fixture(scope="module")
def fused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on `rgb` (bytes) and `move`, which the network calls `look` and `flow`."""
    folder = tmp_path_factory.mktemp("fused")
    rgb = RNG.integers(0, 256, (24, 4, 4, 3), dtype=np.uint8)
    np.savez(folder / "a.npz", move=RNG.normal(3, 2, (24, 2, 4, 4)), rgb=rgb, y=np.array(["wave", "clap"] * 12))
    return trained(folder, FUSED, 'arrays("a.npz", axes = ["NCHW", "NHWC"])')


def test_several_inputs_come_by_their_names(stdsl: Any, fused: Path, tmp_path: Path) -> None:
    data, model = seen(fused), model_of(fused)
    stored = np.load(fused.parent / "a.npz")
    split, places = data._places["test"]
    assert split == "train"
    for number, place in enumerate(places):
        one = {"rgb": np.moveaxis(stored["rgb"][place], -1, 0), "move": stored["move"][place]}
        np.savez(tmp_path / f"{number}.npz", **one)
    logits = given(fused, data.samples("test", np.arange(len(places)), 0)).astype(float)
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    files, _ = files_in(model, [tmp_path])
    assert files == [tmp_path / f"{number}.npz" for number in range(len(places))]
    found = predicted(stdsl, fused, *files)
    assert np.allclose([list(one["scores"].values()) for one in found], shares, atol=1e-5)
    folder = tmp_path / "first"
    folder.mkdir()
    np.save(folder / "look.npy", np.moveaxis(stored["rgb"][places[0]], -1, 0))
    np.save(folder / "move.npy", stored["move"][places[0]])
    (alone,) = predicted(stdsl, fused, folder)
    assert alone["scores"] == pytest.approx(found[0]["scores"], abs=1e-5), (
        "a folder, by the network's names or the data's"
    )
    assert predicted(stdsl, fused, tmp_path)[-1] == alone


def test_each_sample_of_a_batch_is_scaled_by_its_own_type(fused: Path) -> None:
    """Bytes are 0…1 as in training, whatever stands beside them in the batch."""
    model = model_of(fused)
    look, move = RNG.integers(0, 256, (3, 4, 4), dtype=np.uint8), RNG.normal(3, 2, (2, 4, 4))
    both = [(move, look), (move, look.astype(np.float32) / 255)]
    alone = model.scores(both[:1])
    assert np.allclose(model.scores(both), alone, atol=1e-6)


def test_capitals_in_the_ending_of_a_file_make_no_difference(fused: Path, tmp_path: Path) -> None:
    stored, model = np.load(fused.parent / "a.npz"), model_of(fused)
    np.savez(tmp_path / "one.npz", rgb=np.moveaxis(stored["rgb"][0], -1, 0), move=stored["move"][0])
    expected = scores(model, tmp_path / "one.npz")
    (tmp_path / "one.npz").rename(tmp_path / "ONE.NPZ")
    (file,), refused = files_in(model, [tmp_path])
    assert not refused
    assert np.array_equal(scores(model, file), expected)


def test_inputs_that_are_absent_or_others_are_told(stdsl: Any, fused: Path, tmp_path: Path) -> None:
    look = np.zeros((3, 4, 4), np.uint8)
    np.savez(tmp_path / "half.npz", rgb=look)
    np.savez(tmp_path / "odd.npz", rgb=look, move=np.zeros((2, 4, 5)))
    np.save(tmp_path / "one.npy", look)
    (tmp_path / "page.npz").write_text("<html>")
    result = stdsl("predict", str(fused), *(str(tmp_path / n) for n in ("half.npz", "odd.npz", "one.npy", "page.npz")))
    assert result.exit_code == 1
    assert result.stderr.count("error[E0742]") == 4
    assert "it has no array `move`, and one for each of `move`, `rgb` is taken" in result.stderr
    assert "`move` in it holds float64 of (2, 4, 5), and numbers of (2, 4, 4) are taken" in result.stderr
    assert "an .npz file, or a folder of .npy files, with `move`, `rgb` is taken" in result.stderr


def test_channels_that_stand_elsewhere_are_told_how_to_bring(tmp_path: Path) -> None:
    def fault(shape: tuple[int, ...], taken: tuple[int, ...], layout: str = "image") -> str:
        np.save(tmp_path / "x.npy", np.zeros(shape))
        model = Model(None, "x.onnx", (Input("x", "x", taken, layout),), Normalisation(), None, "classes", ())
        with pytest.raises(ValueError, match="are taken") as raised:
            arrays_of(model, tmp_path / "x.npy")
        return str(raised.value)

    assert fault((4, 5, 3), (3, 4, 5)).endswith("are taken, channels first: `numpy.moveaxis(x, -1, 0)`")
    assert fault((2, 4, 5, 3), (3, 2, 4, 5), "clip").endswith("channels first: `numpy.moveaxis(x, -1, 0)`")
    assert fault((4, 5), (1, 4, 5)).endswith("are taken, with an axis for its channel: `x[None]`")
    for shape, taken, layout in (((4, 5), (3, 4, 5), "image"), ((5, 4), (4, 5), "tokens"), ((3,), (1, 3), "tokens")):
        assert fault(shape, taken, layout).endswith("are taken")


def pixels(folder: Path, y: npt.NDArray[Any], data: str = 'arrays("a.npz")') -> tuple[Path, npt.NDArray[np.float64]]:
    """A run on images, and the sample that is predicted."""
    x = RNG.normal(2, 3, (30, 5, 4))
    np.savez(folder / "a.npz", x=x, y=y)
    run = trained(folder, PIXELS, data)
    (folder / "new").mkdir()
    one = x[seen(run)._places["test"][1][0]][None]
    np.save(folder / "new" / "one.npy", one)
    return run, one


def test_classes_of_pixels_are_label_maps(stdsl: Any, tmp_path: Path) -> None:
    run, one = pixels(tmp_path, RNG.integers(0, 3, (30, 5, 4)))
    (tmp_path / "other").mkdir()
    np.save(tmp_path / "other" / "one.npy", one)
    found = predicted(stdsl, run, tmp_path / "new", tmp_path / "other" / "one.npy", "-o", tmp_path / "maps")
    assert [Path(own["map"]).name for own in found] == ["one.png", "one-2.png"]
    expected = given(run, seen(run).samples("test", np.arange(1), 0))[0].argmax(0)
    for own in found:
        told = np.array(Image.open(own["map"]))
        assert told.dtype == np.uint8
        assert np.array_equal(told, expected)
        assert list(own["shares"].values()) == pytest.approx(
            [(expected == label).mean() for label in range(3)], abs=1e-6
        )
    shown = stdsl("predict", str(run), str(tmp_path / "new"), "-o", str(tmp_path / "more"), "--top", "1", "--quiet")
    assert shown.stdout.split()[:2] == [str(tmp_path / "new" / "one.npy"), str(tmp_path / "more" / "one.png")]
    before = (tmp_path / "maps" / "one.png").read_bytes()
    again = stdsl("predict", str(run), str(tmp_path / "new"), "-o", str(tmp_path / "maps"))
    assert (again.exit_code, (tmp_path / "maps" / "one.png").read_bytes()) == (2, before)


def test_what_is_no_number_is_told_of_and_the_rest_predicted(stdsl: Any, tmp_path: Path) -> None:
    run, one = pixels(tmp_path, RNG.integers(0, 3, (30, 5, 4)))
    for name, value in (("bad", np.nan), ("great", 1e300)):
        np.save(tmp_path / "new" / f"{name}.npy", np.full(one.shape, value))
    result = stdsl("predict", str(run), str(tmp_path / "new"), "-o", str(tmp_path / "maps"), "--json")
    told = json.loads(result.stdout)
    assert result.exit_code == 1
    assert [Path(own["file"]).name for own in told["predictions"]] == ["one.npy"]
    assert [Path(own["file"]).name for own in told["failed"]] == ["bad.npy", "great.npy"]


def test_numbers_at_pixels_are_arrays_in_units_of_the_data(stdsl: Any, tmp_path: Path) -> None:
    run, _ = pixels(tmp_path, RNG.normal(1000, 5, (30, 2, 5, 4)))
    (own,) = predicted(stdsl, run, tmp_path / "new", "-o", tmp_path / "maps")
    told, data = np.load(own["map"]), seen(run)
    mean, std = (np.array(values).reshape(2, 1, 1) for values in (data.targets.mean, data.targets.std))
    assert told.dtype == np.float32
    assert np.allclose(told, given(run, data.samples("test", np.arange(1), 0))[0] * std + mean, rtol=1e-5)


def test_where_maps_go_is_said(stdsl: Any, rows: Path, tmp_path: Path) -> None:
    """And never beside what is predicted, where they could take the place of a sample."""
    run, _ = pixels(tmp_path, RNG.integers(0, 2, (30, 5, 4)))
    new = tmp_path / "new"
    before = (new / "one.npy").read_bytes()
    for arguments, words in (
        ((run, new), "something of each of 5 × 4 positions: name a folder with `-o`"),
        ((run, new, "-o", new), "is there and not empty: name a new folder"),
        ((rows, "x.csv", "-o", new), "`-o` is for networks that tell something of each position"),
    ):
        result = stdsl("predict", *map(str, arguments))
        assert result.exit_code == 2
        assert words in result.stderr
    assert (new / "one.npy").read_bytes() == before
    assert len(list(new.iterdir())) == 1


@pytest.mark.parametrize("kind", ["rows", "fused"])
def test_no_torch_is_imported(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    run = request.getfixturevalue(kind)
    if kind == "rows":
        make_table(tmp_path / "new.csv")
    else:
        np.savez(tmp_path / "new.npz", rgb=np.zeros((3, 4, 4), np.uint8), move=np.zeros((2, 4, 4)))
    code = f"""
import sys
sys.modules["torch"] = None
from stdsl.cli.main import main
sys.argv = ["stdsl", "predict", {str(run)!r}, {str(tmp_path)!r}, "--json"]
main()
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["predictions"]


@pytest.mark.parametrize("called", ["x", "film"])
def test_bytes_that_the_data_calls_otherwise_than_the_space(called: str, tmp_path: Path, stdsl: Any) -> None:
    """The names of the data rule in what a file says of itself, where there is one input too."""
    frames = RNG.integers(0, 256, (12, 1, 5, 4), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", **{called: frames, "y": np.arange(12) % 2})  # type: ignore[arg-type]
    meta = "meta net(outputs) on x: image(1, 5, 4) = x -> conv(4, 3x3) -> relu -> global_avg_pool -> linear(outputs)"
    run = trained(tmp_path, meta, 'arrays("a.npz")')
    again = tmp_path / "again.onnx"
    written = stdsl("compile", f"{tmp_path / 'a.space'}::nets", "--to", "onnx", "--weights", str(run), "-o", str(again))
    assert written.exit_code == 0, written.stderr
    batch = seen(run).samples("test", np.arange(1), 0)
    scale = seen(run).normalisation.of(called)
    shares_of_white = batch.inputs[0].numpy()[0] * np.float64(scale.std[0]) + scale.mean[0]
    np.save(tmp_path / "one.npy", np.rint(shares_of_white * 255).astype(np.uint8))
    logits = given(run, batch)[0].astype(np.float64)
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    for file in (run, again):
        model = model_of(file)
        assert (model.inputs[0].called, model.of_bytes) == (called, {called})
        assert scores(model, tmp_path / "one.npy")[0] == pytest.approx(shares, abs=1e-5)
