"""Arrays in files: what their headers say, how they are laid out, divided and scaled, and what is wrong with them."""

from __future__ import annotations

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.labels import label_counts
from stdsl.compiler.datafiles.npy import npy_array, npz_arrays
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.runtime.data.batch import Normalisation
from stdsl.runtime.data.loading.statistics import channel_statistics
from stdsl.runtime.data.numbers.arrays import ArraysDataset
from stdsl.runtime.data.numbers.stored_values import StoredRows

Array = npt.NDArray[Any]


def opened(folder: Path, **settings: Any) -> ArraysDataset:
    return ArraysDataset(Arrays(**settings), 0, folder, None)


@pytest.mark.parametrize("dtype", ["?", "u1", "<i2", ">i4", "<i8", ">u8", "<f2", ">f8", "<U7", ">U3"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_headers_say_what_numpy_reads(dtype: str, order: Any, tmp_path: Path) -> None:
    values = np.asarray(np.arange(24).reshape(2, 3, 4) % 2, dtype=dtype, order=order)
    np.save(tmp_path / "a.npy", values)
    np.savez_compressed(tmp_path / "b.npz", one=values, two=values[0])
    found = [npy_array(tmp_path / "a.npy"), *npz_arrays(tmp_path / "b.npz")]
    assert [a.name for a in found] == ["a", "one", "two"]
    for stored, real in zip(found, (values, values, values[0]), strict=True):
        assert stored.header.shape == real.shape
        assert (stored.header.kind, stored.header.item) == (real.dtype.kind, real.dtype.itemsize)
        assert len(stored.content()) == real.nbytes


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_of_the_header(version: tuple[int, int], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, np.arange(5), version=version)
    (tmp_path / "a.npy").write_bytes(buffer.getvalue())
    assert label_counts(npy_array(tmp_path / "a.npy")) == Counter(range(5))


@pytest.mark.parametrize(
    "labels",
    [
        np.array([3, 1, 1, 0]),
        np.array([[3], [1], [1], [0]], ">i2"),
        np.array([True, False, True]),
        np.array(["düne", "see", "see", ""]),
        np.array(["ab", "c"], ">U2"),
    ],
    ids=str,
)
def test_labels_are_counted_as_numpy_counts_them(labels: Array, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", y=labels)
    values, counts = np.unique(labels, return_counts=True)
    (stored,) = npz_arrays(tmp_path / "a.npz")
    assert label_counts(stored) == dict(zip(values.tolist(), counts.tolist(), strict=True))


@pytest.mark.parametrize(
    ("shape", "axes", "wanted"),
    [
        ((9,), None, (1,)),
        ((9, 5), None, (5,)),
        ((9, 4, 5), None, (1, 4, 5)),
        ((9, 4, 5), "NLC", (4, 5)),
        ((9, 4, 5), "NCL", (5, 4)),
        ((9, 3, 4, 5), None, (3, 4, 5)),
        ((9, 4, 5, 3), "NHWC", (3, 4, 5)),
        ((9, 4, 5, 3), "NWHC", (3, 5, 4)),
        ((9, 2, 4, 5), "NTHW", (1, 2, 4, 5)),
        ((9, 3, 2, 4, 5), None, (3, 2, 4, 5)),
        ((9, 2, 4, 5, 3), "NTHWC", (3, 2, 4, 5)),
    ],
)
def test_axes_in_any_order(shape: tuple[int, ...], axes: str | None, wanted: tuple[int, ...], tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    np.savez(tmp_path / "a.npz", x=values, y=np.zeros(9, int))
    settings = Arrays(file="a.npz", axes=axes, normalise=None)
    (signature,) = settings.knowing(settings.look(tmp_path)).signature().inputs
    assert signature.shape == wanted
    dataset = ArraysDataset(settings, 0, tmp_path, None)
    found = torch.cat([dataset.samples(s, np.arange(dataset.size(s)), 0).inputs[0] for s in ("train", "valid", "test")])
    assert found.shape == (9, *wanted)
    assert found.is_contiguous()
    if axes is not None:
        order = {"image": "CHW", "clip": "CTHW", "tokens": "LC"}[signature.layout]
        values = np.moveaxis(values[..., None], -1, 1) if "C" not in axes else values
        stored = axes if "C" in axes else f"NC{axes[1:]}"
        values = values.transpose([stored.index(axis) for axis in f"N{order}"])
    each = {tensor.numpy().tobytes() for tensor in found}
    assert each == {np.ascontiguousarray(sample).tobytes() for sample in values.reshape(9, *wanted)}


def test_samples_are_read_from_files_and_inputs_called_as_they_are(tmp_path: Path) -> None:
    rgb, flow = np.ones((6, 3, 2, 4, 4), np.float16), np.ones((6, 2, 2, 4, 4))
    for name, values in {"rgb": rgb, "flow_train": flow, "labels": np.arange(6) % 2}.items():
        np.save(tmp_path / f"{name}.npy", values)
    dataset = opened(tmp_path, x=("rgb.npy", "flow_train.npy"), y="labels.npy", test=0.3)
    assert dataset.inputs == ("rgb", "flow_train")
    assert all(isinstance(values, StoredRows) for values in dataset._content["train"])
    assert [x.shape[1:] for x in dataset.samples("train", np.arange(2), 0).inputs] == [(3, 2, 4, 4), (2, 2, 4, 4)]


@pytest.mark.parametrize("packed", [True, False])
def test_splits_by_name(packed: bool, tmp_path: Path) -> None:
    content = {"x_train": np.zeros((8, 4)), "y_train": np.arange(8) % 2, "x_val": np.ones((3, 4))}
    content |= {"y_val": np.array([0, 1, 1]), "x_test": np.full((2, 4), 2.0), "y_test": np.array([1, 0])}
    if packed:
        np.savez(tmp_path / "a.npz", **content)
    for name, values in content.items():
        np.save(tmp_path / f"{name}.npy", values)
    dataset = opened(tmp_path, file="a.npz" if packed else ".", normalise=None)
    for split, size, value in (("train", 8, 0), ("valid", 3, 1), ("test", 2, 2)):
        batch = dataset.samples(split, np.arange(size), 0)
        assert dataset.size(split) == size
        assert (batch.inputs[0] == value).all()
    assert dataset.samples("test", np.array([1, 0]), 0).targets.tolist() == [0, 1]


def test_shares_are_of_each_class_and_stay_with_other_seeds_of_the_search(tmp_path: Path) -> None:
    targets = np.repeat([0, 1, 2], [100, 20, 10])
    np.savez(tmp_path / "a.npz", x=np.arange(130.0)[:, None], y=targets)
    settings = Arrays(file="a.npz", test=0.2, valid=0.25)
    one, other = (ArraysDataset(settings, seed, tmp_path, None) for seed in (0, 1))
    for split, counts in {"test": [20, 4, 2], "valid": [20, 4, 2], "train": [60, 12, 6]}.items():
        batch = one.samples(split, np.arange(one.size(split)), 0)
        assert np.bincount(batch.targets.numpy()).tolist() == counts
        assert torch.equal(batch.inputs[0], other.samples(split, np.arange(other.size(split)), 0).inputs[0])
    again = ArraysDataset(settings.model_copy(update={"seed": 1}), 0, tmp_path, None)
    assert not torch.equal(
        again.samples("test", np.arange(26), 0).inputs[0], one.samples("test", np.arange(26), 0).inputs[0]
    )


def test_statistics_are_those_of_the_training_split(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (600, 2, 7, 7)), rng.normal(50, 1, (10, 2, 7, 7))
    train[:, 1] = 4.0
    np.savez(tmp_path / "a.npz", train_x=train, train_y=np.zeros(600, int), test_x=test, test_y=np.zeros(10, int))
    dataset = opened(tmp_path, file="a.npz", valid=0.3)
    whole = dataset.samples("train", np.arange(dataset.size("train")), 0).inputs[0]
    assert abs(whole[:, 0].mean()) < 1e-5
    assert whole[:, 0].std(correction=0) == pytest.approx(1, abs=1e-4)
    assert (whole[:, 1] == 0).all(), "what is the same everywhere is no reason to divide by nothing"
    assert dataset.samples("test", np.arange(10), 0).inputs[0][:, 0].mean() > 10


def test_statistics_do_not_depend_on_the_pieces() -> None:
    values = np.random.default_rng(0).normal(1e4, 1e-2, (50, 3, 5))
    mean, std = channel_statistics([values[:1], values[1:30], values[30:]])
    assert mean == pytest.approx(values.mean((0, 2)), rel=1e-12)
    assert std == pytest.approx(values.std((0, 2)), rel=1e-6)


def test_each_input_has_a_scale_of_its_own_and_bytes_are_scaled(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (20, 3, 4, 4), dtype=np.uint8), rng.normal(7, 2, (20, 5))
    np.savez(tmp_path / "a.npz", a=a, b=b, y=np.zeros(20, int))
    dataset = opened(tmp_path, file="a.npz")
    found = dict(dataset.normalisation.each)
    assert len(found["a"].mean) == 3
    assert all(0.3 < mean < 0.7 for mean in found["a"].mean)
    assert len(found["b"].mean) == 5
    document = dataset.normalisation.document()
    assert document == {"each": {name: {"mean": own.mean, "std": own.std} for name, own in found.items()}}
    assert opened(tmp_path, file="a.npz", normalise="samples").normalisation == Normalisation(per_sample=True)


def test_classes_that_are_texts_are_in_their_order(tmp_path: Path) -> None:
    labels = np.array(["yes", "no", "étage", "no"] * 5)
    np.savez(tmp_path / "a.npz", x=np.zeros((20, 2)), y=labels)
    settings = Arrays(file="a.npz")
    assert settings.knowing(settings.look(tmp_path)).signature().targets.names == ("no", "yes", "étage")
    dataset = ArraysDataset(settings, 0, tmp_path, None)
    assert dataset.classes == ("no", "yes", "étage")
    parts = [dataset.samples(s, np.arange(dataset.size(s)), 0).targets for s in ("train", "valid", "test")]
    assert torch.bincount(torch.cat(parts)).tolist() == [10, 5, 5]


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a data file ran code",))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


X, Y = np.zeros((6, 3, 4, 4)), np.arange(6) % 2
Damage = Callable[[Path], object]
FAULTS: dict[str, tuple[str, Damage | None, dict[str, Array]]] = {
    "objects": ("holds Python objects", None, {"x": np.array([Evil()] * 6, object), "y": Y}),
    "complex": ("holds `<c16`", None, {"x": X.astype(complex), "y": Y}),
    "no targets": ("no targets `y`, but `x`, `labels`", None, {"x": X, "labels": Y}),
    "no inputs": ("and no inputs", None, {"y": Y}),
    "nothing": ("no arrays at all", None, {}),
    "too few": ("`x` has 5 samples, and `y` has 6", None, {"x": X[:5], "y": Y}),
    "no samples": ("`x` has no samples", None, {"x": X[:0], "y": Y[:0]}),
    "one-hot": ("`y` has the shape (6, 2), and a class for each", None, {"x": X, "y": np.eye(2, dtype=int)[Y]}),
    "six axes": ("`y` has the shape (6, 1, 1, 1, 1, 2)", None, {"x": X, "y": np.zeros((6, 1, 1, 1, 1, 2))}),
    "one target": ("`y` holds one number", None, {"x": X, "y": np.array(1)}),
    "other targets": ("not as those to", None, {"train_x": X, "train_y": Y, "test_x": X, "test_y": Y / 2}),
    "many axes": ("`x` has 6 axes", None, {"x": np.zeros((6, 1, 1, 1, 1, 1)), "y": Y}),
    "half split": ("`y` in it is of no split", None, {"train_x": X, "y": Y}),
    "no training": ("to train on", None, {"test_x": X, "test_y": Y}),
    "other inputs": ("`x`, `y` of the split `test`", None, {"train_a": X, "train_y": Y, "test_x": X, "test_y": Y}),
    "other sizes": ("not as large", None, {"train_x": X, "train_y": Y, "test_x": X[..., :2], "test_y": Y}),
    "twice": ("`x` of the split `train` twice", None, {"train_x": X, "x_train": X, "train_y": Y}),
    "numbers": ("the label 70,000, and classes are .* `task = regression`", None, {"x": X, "y": 14_000 * np.arange(6)}),
    "below 0": ("holds the label -1, and classes are numbered from 0", None, {"x": X, "y": Y - 1}),
    "below 0 at pixels": (
        "or `ignore = -1` for positions",
        None,
        {"x": X, "y": np.stack([np.eye(4, dtype=int) - 1] * 6)},
    ),
    "too great": ("holds the label 1,001, and", None, {"x": X, "y": 1001 * Y}),
    "cut off": ("no whole .npz file", _cut, {"x": X, "y": Y}),
    "a page": ("no whole .npz file", lambda path: path.write_text("<html>"), {"x": X, "y": Y}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_file_is_told_by_check_and_run_alike(fault: str, tmp_path: Path) -> None:
    words, damage, content = FAULTS[fault]
    np.savez(tmp_path / "a.npz", **content)
    if damage is not None:
        damage(tmp_path / "a.npz")
    with pytest.raises(RunError) as raised:
        opened(tmp_path, file="a.npz")
    (told,) = raised.value.diagnostics
    assert told.code == "E0703"
    assert re.search(words if "*" in words else re.escape(words), told.message)
    (checked,) = checks(tmp_path, 'arrays("a.npz")')
    assert (checked.code, checked.message) == (told.code, told.message)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("axes", '["NCHW", "NHW"]'),
        ("axes", '"NHW"'),
        ("names", '["a"]'),
        ("ignore", "3"),
        ("ignore", "255"),
        ("flow", '["y"]'),
    ],
)
def test_a_setting_that_does_not_go_with_a_file_is_told_of_where_it_stands(
    setting: str, value: str, tmp_path: Path
) -> None:
    """The file can be read, and is not said to be damaged."""
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    told = next(d for d in checks(tmp_path, f'arrays("a.npz", {setting} = {value})') if d.code == "E0703")
    assert told.span.text == value
    assert told.message.startswith(f"`{setting}` does not go with {tmp_path / 'a.npz'}: ")
    assert told.help == f"change `{setting}`, or correct the file, or make it anew"


def test_great_labels_are_classes_where_the_text_says_so(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=1001 * Y)
    assert len(opened(tmp_path, file="a.npz", classes=1002).classes) == 1002
    assert checks(tmp_path, 'arrays("a.npz", classes = 1002)', classes=1002) == ()
    assert checks(tmp_path, 'arrays("a.npz")  task = regression', classes=1) == ()
    np.savez(tmp_path / "a.npz", x=np.zeros((1500, 3, 4, 4), np.uint8), y=np.arange(1500))
    assert len(opened(tmp_path, file="a.npz").classes) == 1500, "each has a sample"


def header(described: str, shape: str) -> bytes:
    """The beginning of a .npy file that says so."""
    text = f"{{'descr': {described!r}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


@pytest.mark.parametrize("packed", [False, True])
def test_what_stands_behind_an_array_is_none_of_its_labels(packed: bool, tmp_path: Path) -> None:
    content = header("<i4", "(3,)") + np.array([2, 0, 2], "<i4").tobytes() + b"\xff" * 11
    if packed:
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("y.npy", content)
        (stored,) = npz_arrays(tmp_path / "a.npz")
    else:
        (tmp_path / "y.npy").write_bytes(content)
        stored = npy_array(tmp_path / "y.npy")
    assert label_counts(stored) == {0: 1, 2: 2}


@pytest.mark.parametrize("described", ["<i3", "<u16", "<f1", "|b2", "<U" + "9" * 5000, "<i" + "9" * 5000])
def test_types_that_numpy_has_not_are_refused(described: str, tmp_path: Path) -> None:
    (tmp_path / "y.npy").write_bytes(header(described, "(1,)") + bytes(64))
    with pytest.raises(FileDamaged, match=r"numbers or texts are read|damaged header"):
        npy_array(tmp_path / "y.npy")


def test_a_shape_that_no_file_has_is_a_damaged_header(tmp_path: Path) -> None:
    (tmp_path / "y.npy").write_bytes(header("<i4", f"({'9' * 4000}, {'9' * 4000})"))
    with pytest.raises(FileDamaged, match="damaged header"):
        npy_array(tmp_path / "y.npy")


def checks(folder: Path, data: str, net: str = "x: image(3, 4, 4)", classes: int = 2) -> tuple[Any, ...]:
    text = f"""stdsl 1
meta net on {net} = x -> global_avg_pool -> linear({classes})
space nets = net
search s {{ space = nets  data = {data}  retrain {{ batch = 1 }} }}
"""
    return tuple(check_text(Source("a.space", text, folder / "a.space")))


def test_check_holds_headers_against_the_space(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    assert checks(tmp_path, 'arrays("a.npz")') == ()
    assert [d.code for d in checks(tmp_path, 'arrays("a.npz")', classes=3)] == ["E0516"]
    assert checks(tmp_path, 'arrays("a.npz", classes = 3)', classes=3) == ()
    (told,) = checks(tmp_path, 'arrays("a.npz", axes = "NHWC")')
    assert "image(4, 3, 4)" in told.message
    assert [d.code for d in checks(tmp_path, 'arrays("b.npz")')] == ["W0726"]
    assert [d.code for d in checks(tmp_path, 'arrays("b.npz", classes = 3)')] == ["E0516", "W0726"]


def test_check_holds_numbers_to_tell_against_the_space(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=np.random.default_rng(0).normal(size=(6, 2)))
    assert checks(tmp_path, 'arrays("a.npz")') == ()
    (told,) = checks(tmp_path, 'arrays("a.npz")', classes=3)
    assert (told.code, told.help) == ("E0516", "let it give 2 numbers, not 3")
    assert checks(tmp_path, 'arrays("a.npz")  task = regression') == ()
    assert [d.code for d in checks(tmp_path, 'arrays("a.npz")  task = classification')] == ["E0703"]
    assert [d.code for d in checks(tmp_path, 'arrays("a.npz", targets = "numbers")  task = classification')] == [
        "E0561"
    ]
    np.savez(tmp_path / "a.npz", x=X, y=Y)
    assert checks(tmp_path, 'arrays("a.npz")  task = regression', classes=1) == ()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("arrays()", "no file"),
        ('arrays("a.npz", target_axes = "NWW")', "NWW"),
        ('arrays("a.npz", x = "x.npy")', "two ways"),
        ('arrays(x = "x.npy")', "belong together"),
        ('arrays(x = ["a/x.npy", "b/x.npy"], y = "y.npy")', "called alike"),
        ('arrays("a.npz", axes = "HWNC")', "HWNC"),
        ('arrays("a.npz", axes = "NHH")', "NHH"),
    ],
)
def test_settings_that_do_not_go_together(data: str, words: str, tmp_path: Path) -> None:
    (told,) = checks(tmp_path, data)
    assert told.code == "E0510"
    assert words in told.message


def test_classes_that_check_leaves_unknown_are_held_against_the_space_by_the_run(tmp_path: Path) -> None:
    from stdsl.runtime.prepare.opening import opened as opened_for
    from stdsl.runtime.prepare.preparation import load_job

    n = 1_100_000  # more labels than are read before a run
    np.save(tmp_path / "x.npy", np.zeros((n, 1), np.uint8))
    np.save(tmp_path / "y.npy", np.arange(n) % 3)
    text = """stdsl 1
meta net on x: features(1) = x -> linear(2)
space nets = net
search s { space = nets  data = arrays(x = "x.npy", y = "y.npy")  retrain { batch = 1 } }
"""
    (tmp_path / "a.space").write_text(text, encoding="utf-8")
    job = load_job(str(tmp_path / "a.space"), None)
    with pytest.raises(RunError, match=r"E0516.*3 classes; the space takes 2 classes"):
        opened_for(job)
