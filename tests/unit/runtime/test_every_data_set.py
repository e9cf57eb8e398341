"""What every data set keeps: what its schema says of its samples holds for those that its reader gives.

A new one that reads files needs a line in `EXAMPLES` under its name: settings whose files a few lines write. Others
may follow, told apart by further words. One that makes its samples is taken as it stands, with a few of them.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import TypeAdapter, ValidationError
from sample_laws import SPLITS, check_nobody_writes_into_samples
from sample_laws import equal as _equal
from videos import coloured, write_video

from stdsl.compiler.datafiles.faults import FilesAbsent
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source, Span
from stdsl.compiler.schemas.constructors import DATA
from stdsl.compiler.schemas.data import Data, Found
from stdsl.runtime.data.batch import Batch, Dataset, Part
from stdsl.runtime.data.loading.loader import Loader
from stdsl.runtime.data.loading.order import Order
from stdsl.runtime.data.own.checked import wrong_targets
from stdsl.runtime.data.registry import open_dataset
from stdsl.runtime.data.targets import targets_of


def _pickle(path: Path, n: int, labels: bytes, classes: int) -> None:
    rng = np.random.default_rng(n)
    table = {b"data": rng.integers(0, 256, (n, 3072), dtype=np.uint8), labels: [i % classes for i in range(n)]}
    path.write_bytes(pickle.dumps(table, protocol=2))


def _motion_digits(folder: Path) -> Data:
    return DATA["motion_digits"].load(
        {"kind": "motion_digits", "frames": 4, "size": 12, "train": 12, "valid": 10, "test": 8}
    )


def _cifar10(folder: Path) -> Data:
    for number in range(1, 6):
        _pickle(folder / f"data_batch_{number}", 10, b"labels", 10)
    _pickle(folder / "test_batch", 12, b"labels", 10)
    return DATA["cifar10"].load({"kind": "cifar10", "root": str(folder)})


def _cifar100(folder: Path) -> Data:
    _pickle(folder / "train", 40, b"fine_labels", 100)
    _pickle(folder / "test", 10, b"fine_labels", 100)
    names = {b"fine_label_names": [f"c{i}".encode() for i in range(100)]}
    (folder / "meta").write_bytes(pickle.dumps(names, protocol=2))
    return DATA["cifar100"].load({"kind": "cifar100", "root": "."})


def _arrays(folder: Path) -> Data:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (30, 4, 6, 6, 3), dtype=np.uint8)
    flow = rng.normal(size=(30, 2, 4, 6, 6))
    np.savez(folder / "clips.npz", rgb=frames, flow=flow, y=np.arange(30) % 3)
    given = {"kind": "arrays", "file": "clips.npz", "axes": ["NTHWC", "NCTHW"]}
    return DATA["arrays"].load(given)


def _image_folder(folder: Path) -> Data:
    rng = np.random.default_rng(0)
    for name in ("dünen", "see", "wald"):
        (folder / "bilder" / name).mkdir(parents=True)
        for number in range(8):
            pixels = rng.integers(0, 256, (20 + number, 26 - number, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / "bilder" / name / f"{number}.png")
    return DATA["image_folder"].load({"kind": "image_folder", "root": "bilder", "size": 12, "valid": 0.4})


def _clip_folder(folder: Path) -> Data:
    for name in ("heben", "winken", "größer"):
        for number in range(8):
            frames = coloured(5 + number, 20 + 2 * number, 26, number * 3 + len(name))
            write_video(folder / "filme" / name / f"{number}.mp4", frames, g="4")
    given = {"kind": "clip_folder", "root": "filme", "size": 12, "frames": 4, "stride": 2, "valid": 0.4}
    return DATA["clip_folder"].load(given)


def _streams(folder: Path) -> Data:
    """Videos, and what belongs to them as folders of frames."""
    rng = np.random.default_rng(0)
    for name in ("heben", "größer"):
        for number in range(8):
            write_video(folder / "filme" / "rgb" / name / f"{number}.mp4", coloured(7, 20, 26, number + len(name)))
            clip = folder / "filme" / "flow" / name / str(number)
            clip.mkdir(parents=True)
            for time in range(6):
                Image.fromarray(rng.integers(0, 256, (20, 26, 3), dtype=np.uint8)).save(clip / f"{time}.png")
    given = {"root": "filme", "size": 12, "frames": 4, "valid": 0.4, "inputs": ["rgb", "flow"], "channels": [3, 2]}
    return DATA["clip_folder"].load({"kind": "clip_folder"} | given)


def _tagged(folder: Path) -> Data:
    rows = [
        f"in/{number}.png,{'red;' * (number % 2)}{'|'.join(['', 'old', 'new'][: number % 3])}" for number in range(24)
    ]
    (folder / "photos" / "in").mkdir(parents=True)
    for number in range(24):
        pixels = np.random.default_rng(number).integers(0, 256, (10, 12, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / "photos" / "in" / f"{number}.png")
    (folder / "labels.csv").write_text("\n".join(["path,tags", *rows]), encoding="utf-8")
    given = {"kind": "image_folder", "root": "photos", "size": 8, "list": "labels.csv", "labels": "tags"}
    return DATA["image_folder"].load(given)


def _table(folder: Path) -> Data:
    rows = [f"{i},{i * i % 7 or ''},{'rgb'[i % 3]},{'yes' if i % 4 else 'no'}" for i in range(40)]
    (folder / "rows.csv").write_text("\n".join(["weight,height,colour,label", *rows]), encoding="utf-8")
    return DATA["table"].load({"kind": "table", "file": "rows.csv", "target": "label"})


def _numbers(folder: Path) -> Data:
    rng = np.random.default_rng(0)
    np.savez(folder / "rows.npz", x=rng.normal(size=(30, 5)), y=rng.normal(7, 3, size=(30, 2)))
    return DATA["arrays"].load({"kind": "arrays", "file": "rows.npz"})


def _pixels(folder: Path) -> Data:
    """Mirrored and moved beside coarser targets, of which some have no class."""
    rng = np.random.default_rng(0)
    flow, small = rng.integers(0, 256, (30, 2, 8, 8), dtype=np.uint8), rng.normal(size=(30, 4, 4))
    np.savez(folder / "pixels.npz", flow=flow, small=small, y=np.where(small > 1, 255, small > 0).astype(np.uint8))
    changed = {"flip": True, "pad": 2, "ignore": 255, "normalise": "samples"}
    return DATA["arrays"].load({"kind": "arrays", "file": "pixels.npz"} | changed)


def _prices(folder: Path) -> Data:
    rows = [f"{i},{i * i % 7},{3 + i * 1.5}" for i in range(40)]
    (folder / "rows.csv").write_text("\n".join(["weight,height,price", *rows]), encoding="utf-8")
    return DATA["table"].load({"kind": "table", "file": "rows.csv", "target": "price"})


EXAMPLES: dict[str, Callable[[Path], Data]] = {
    "motion_digits": _motion_digits,
    "cifar10": _cifar10,
    "cifar100": _cifar100,
    "arrays": _arrays,
    "image_folder": _image_folder,
    "image_folder of several labels": _tagged,
    "clip_folder": _clip_folder,
    "clip_folder of two inputs": _streams,
    "table": _table,
    "arrays of numbers": _numbers,
    "arrays of pixels": _pixels,
    "table of numbers": _prices,
}
READ = {name for name, model in DATA.items() if model.reader is not None}
NAMES = sorted(READ - {name.split()[0] for name in EXAMPLES} | set(EXAMPLES))
WHOLE = {"cifar10": 50_000, "cifar100": 50_000}
"""Samples to learn from of published data sets, of which the examples have a few."""


def example(name: str, folder: Path) -> Data:
    """The settings of an example, whose files are in ``folder`` from then on."""
    if name in EXAMPLES:
        return EXAMPLES[name](folder)
    few = {split: n for split, n in (("train", 12), ("valid", 10), ("test", 8)) if split in DATA[name].model_fields}
    try:
        settings = DATA[name].load({"kind": name} | few)
        settings.look(folder)
        open_dataset(settings, 3, folder)
    except (ValidationError, FilesAbsent, RunError) as error:
        pytest.fail(f"the data set `{name}` reads files, and has no line in `EXAMPLES`: {error}")
    return settings


def test_examples_are_of_data_sets_that_are_read() -> None:
    assert {name.split()[0] for name in EXAMPLES} <= READ


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(name: str, tmp_path: Path) -> Data:
    own = example(name, tmp_path)
    return own.knowing(own.look(tmp_path))


@pytest.fixture
def dataset(settings: Data, tmp_path: Path) -> Dataset:
    return open_dataset(settings, 3, tmp_path)


def test_samples_are_what_the_schema_says(settings: Data, dataset: Dataset) -> None:
    signature, told = settings.signature(), targets_of(dataset).signature
    assert dataset.inputs == tuple(i.name for i in signature.inputs)
    assert told.known
    assert told.names is not None
    assert len(told.names) == told.count
    assert dataset.classes == (() if told.kind == "numbers" else told.names)
    for name in ("kind", "count", "names", "positions"):
        assert getattr(signature.targets, name) in (None, getattr(told, name))
    for split in SPLITS:
        batch = dataset.samples(split, np.arange(min(4, dataset.size(split))), 0)
        for tensor, said in zip(batch.inputs, signature.inputs, strict=True):
            assert tensor.dtype == torch.float32
            assert len(tensor.shape) == 1 + len(said.shape)
            assert all(n in (None, have) for n, have in zip(said.shape, tensor.shape[1:], strict=True))
            assert torch.isfinite(tensor).all()
        positions, channels = told.positions or (), () if told.kind == "classes" else (told.count,)
        assert batch.targets.shape[1:] == (*channels, *positions)
        assert batch.targets.dtype == (torch.int64 if told.kind == "classes" else torch.float32)
        assert not dict(wrong_targets(batch.targets, targets_of(dataset)))


def test_what_was_found_in_the_files_is_what_is_read(settings: Data, dataset: Dataset, tmp_path: Path) -> None:
    found = settings.found
    if found is None:
        return
    assert found.targets.names in (None, targets_of(dataset).names)
    assert found.sizes in (None, {split: dataset.size(split) for split in SPLITS})
    kept = TypeAdapter(Found)  # as a run keeps it
    assert kept.validate_json(kept.dump_json(found)) == found


def test_how_many_there_are_is_what_the_schema_says(name: str, settings: Data, dataset: Dataset) -> None:
    for splits in (("train",), ("valid",), ("test",), ("train", "valid"), SPLITS):
        said = settings.samples(splits)
        if name in WHOLE and "test" in splits:
            assert said == 10_000 + (WHOLE[name] if len(splits) > 1 else 0)
        elif name in WHOLE:
            assert said is not None
            found = len(Part(dataset, splits)) / len(Part(dataset, ("train", "valid")))
            assert said / WHOLE[name] == pytest.approx(found)
        elif said is not None:
            assert said == len(Part(dataset, splits))


def test_a_sample_depends_on_split_index_and_epoch_alone(settings: Data, dataset: Dataset, tmp_path: Path) -> None:
    for split in SPLITS:
        places = np.arange(dataset.size(split))
        whole = dataset.samples(split, places, 1)
        for chosen in (places[::-1].copy(), places[1:3]):
            found = dataset.samples(split, chosen, 1)
            again = Batch(tuple(t[torch.from_numpy(chosen)] for t in whole.inputs), whole.targets[chosen])
            assert _equal(found, again)
        other = open_dataset(settings, 3, tmp_path)
        assert _equal(other.samples(split, places, 1), whole)


def test_nobody_writes_into_samples_that_were_given(dataset: Dataset) -> None:
    check_nobody_writes_into_samples(dataset)


def test_any_number_of_workers_gives_the_same_batches(dataset: Dataset) -> None:
    order = Order(Part(dataset, ("train",)), 3, 5, "weights")
    steps = 2 * order.steps_per_epoch
    expected = [order.at(step) for step in range(steps)]
    for workers in (0, 1, 4):
        loader = Loader(order, steps, workers)
        assert all(_equal(loader.at(step), expected[step]) for step in range(steps))
        middle = steps // 2 + 1  # as after a resume in the middle of an epoch
        assert _equal(loader.at(min(middle, steps - 1)), expected[min(middle, steps - 1)])
        assert loader.waited > 0
        loader.close()


def test_epochs_differ_where_the_schema_says_so(settings: Data, dataset: Dataset) -> None:
    for split in SPLITS:
        places = np.arange(dataset.size(split))
        same = _equal(dataset.samples(split, places, 0), dataset.samples(split, places, 1))
        assert same == (not dataset.varies(split))
    assert settings.varies() == dataset.varies("train")
    assert not dataset.varies("test")


def test_the_halves_share_no_sample(dataset: Dataset) -> None:
    halves = [dataset.samples(split, np.arange(dataset.size(split)), 0) for split in ("valid", "test")]
    seen = [{t.numpy().tobytes() for t in batch.inputs[0]} for batch in halves]
    assert not seen[0] & seen[1]


@pytest.mark.parametrize("name", sorted(EXAMPLES.keys() - {"motion_digits"}))
def test_files_that_are_not_there_are_told_at_the_text(name: str, tmp_path: Path) -> None:
    settings = EXAMPLES[name](tmp_path)
    empty = tmp_path / "empty"
    if "root" in type(settings).model_fields and "_folder" not in name:
        empty.mkdir()
    source = Source("a.space", "data = …")
    place = {"root": str(empty), "file": str(empty / "no.npz"), "list": str(empty / "no.csv")}
    away = {key: path for key, path in place.items() if getattr(settings, key, None) is not None}
    with pytest.raises(RunError, match="E0702") as caught:
        open_dataset(settings.model_copy(update=away), 0, tmp_path, Span(source, 0, 4))
    assert caught.value.diagnostics[0].span is not None
