"""Data of the user's that gives one sample after the other, with targets of every form: by a text, and from Python."""

from __future__ import annotations

import re
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import stdsl
from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.loading.balance import counts
from stdsl.runtime.data.own.given import as_dataset
from stdsl.runtime.data.targets import VOID, targets_of
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job

CODE = """
import numpy as np
import torch


class Images(torch.utils.data.Dataset):
    def __init__(self, form):
        self.form = form
        if form == "holed":
            self.ignore = 255

    def __len__(self):
        return 30

    def __getitem__(self, index):
        image = np.random.default_rng(index).normal(size=(1, 6, 6)).astype(np.float32)
        return image, {
            "number": 0.5 * index,
            "numbers": torch.tensor([index, 2.0 * index]),
            "labels": np.array([index % 2, index % 3 == 0, 1]),
            "pixels": torch.from_numpy((image[0] > 0).astype(np.int64)),
            "holed": np.where(image[0] > 1, 255, image[0] > 0),
            "heights": image[0],
            "movement": np.concatenate([image, -image]),
            "odd": np.zeros(2 + index % 2),
            "text": "far",
        }[self.form]
"""
TEXT = """stdsl 1
extern data mine(form: string = "FORM") from "images_of_mine:Images" {
  inputs = {x: image(1, 6, 6)}
  STATED
}
meta pooled(outputs) on x: image(1, 6, 6) {
  return x -> conv(2, 3x3) -> bn -> choose {relu, gelu} as kind -> global_avg_pool -> linear(outputs)
}
meta dense(outputs) on x: image(1, 6, 6) {
  return x -> conv(2, 3x3) -> bn -> choose {relu, gelu} as kind -> pointwise(outputs)
}
space nets(outputs = 3) = pooled(outputs)
space grids(outputs = 3) = dense(outputs)
search first {
  space = nets(data.outputs)
  data = mine
  strategy = gradient { steps = 1  batch = 4 }
  retrain { steps = 1  batch = 4 }
}
"""
FORMS = [
    ("number", "numbers = 1", "regression", (1,)),
    ("numbers", "numbers = 2", "regression", (2,)),
    ("labels", "labels = 3", "multi_label", (3,)),
    ("pixels", "classes = 2  positions = (6, 6)", "dense", (6, 6)),
    ("holed", "classes = 2  positions = (6, 6)  ignore = 255", "dense", (6, 6)),
    ("heights", "numbers = 1  positions = (6, 6)", "dense", (1, 6, 6)),
    ("movement", "numbers = 2  positions = (6, 6)", "dense", (2, 6, 6)),
]


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class of the data, whose module lies in a folder of its own."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    monkeypatch.delitem(sys.modules, "images_of_mine", raising=False)
    (tmp_path / "images_of_mine.py").write_text(CODE)
    from images_of_mine import Images  # type: ignore[import-not-found]

    return Images


def text(form: str, stated: str, task: str = "classification") -> str:
    found = TEXT.replace("FORM", form).replace("STATED", stated)
    return found.replace("nets(data", "grids(data") if task == "dense" else found


def place(folder: Path, content: str) -> str:
    (folder / "mine.space").write_text(content, encoding="utf-8")
    return str(folder / "mine.space")


@pytest.mark.parametrize(("form", "stated", "task", "shape"), FORMS)
def test_the_targets_of_a_text(
    form: str, stated: str, task: str, shape: tuple[int, ...], images: Any, tmp_path: Path
) -> None:
    job = load_job(place(tmp_path, text(form, stated, task)), "first", allow_extern=True)
    dataset = opened(job)
    assert targets_of(dataset).task.name == task
    batch = dataset.samples("test", np.arange(3), 0)
    assert batch.targets.shape == (3, *shape)
    assert batch.targets.dtype == (torch.int64 if form in ("pixels", "holed") else torch.float32)
    assert targets_of(dataset).void == ("ignore" in stated)


@pytest.mark.parametrize(("form", "stated", "task", "shape"), FORMS)
def test_what_is_given_from_python_has_the_same(
    form: str, stated: str, task: Any, shape: tuple[int, ...], images: Any, tmp_path: Path
) -> None:
    dataset = opened(load_job(place(tmp_path, text(form, stated, task)), "first", allow_extern=True))
    given = as_dataset(images(form), task)
    assert targets_of(given).signature == targets_of(dataset).signature
    assert given.size("test") == dataset.size("test")
    ones, others = (found.samples("test", np.arange(4), 0).targets for found in (given, dataset))
    assert torch.equal(ones, others)


HOLED = "classes = 2  positions = (6, 6)  ignore = 255"


@pytest.mark.parametrize(
    ("form", "stated", "task"), [("numbers", "numbers = 2", ""), ("pixels", "", "dense"), ("holed", HOLED, "dense")]
)
def test_a_run_on_them(form: str, stated: str, task: str, images: Any, tmp_path: Path) -> None:
    file = place(tmp_path, text(form, stated or "classes = 2  positions = (6, 6)", task))
    given = stdsl.run(file, data=images(form), out=tmp_path / "given", device="cpu", progress=False)
    own = stdsl.run(file, out=tmp_path / "own", device="cpu", progress=False, allow_extern=True)
    assert own.document["networks"][0]["test"] == given.document["networks"][0]["test"]
    assert ("iou" if task else "rmse") in own.document["networks"][0]["test"]


def test_without_a_task_numbers_are_told_by_their_type(images: Any) -> None:
    assert targets_of(as_dataset(images("number"))).signature.kind == "numbers"
    assert targets_of(as_dataset(images("pixels"))).signature.positions == (6, 6)
    with pytest.raises(RunError, match=r"E0724.*multi_label"):
        as_dataset(images("labels"))


@pytest.mark.parametrize(
    "label", [bool, np.bool_, np.int64, lambda k: np.array([k]), lambda k: torch.tensor([bool(k)]), torch.tensor]
)
def test_a_label_is_one_truth_value_or_whole_number_in_whatever_it_comes(label: Any) -> None:
    class Rows(torch.utils.data.Dataset[Any]):
        def __len__(self) -> int:
            return 20

        def __getitem__(self, index: int) -> Any:
            return np.zeros(2, np.float32), label(index % 2)

    found = as_dataset(Rows())
    assert found.classes == ("0", "1")
    targets = found.samples("train", np.arange(found.size("train")), 0).targets
    assert targets.shape == (found.size("train"),)
    assert targets.dtype == torch.int64
    assert targets.unique().tolist() == [0, 1]


@pytest.mark.parametrize(
    ("form", "stated", "code", "words"),
    [
        ("numbers", "numbers = 3", "E0724", r"of the shape \(2,\), and all have \(3,\)"),
        ("labels", "labels = 2", "E0724", r"of the shape \(3,\), and all have \(2,\)"),
        ("number", "classes = 3", "E0724", "has the label 0.5, and labels are whole numbers"),
        ("numbers", "labels = 2", "E0724", "0 or 1"),
        ("text", "numbers = 1", "E0724", "has the target far, and targets are numbers"),
        ("odd", "numbers = 2", "E0724", r"of the shape \(3,\), and all have \(2,\)"),
    ],
)
def test_what_is_wrong_with_a_target_is_said(
    form: str, stated: str, code: str, words: str, images: Any, tmp_path: Path
) -> None:
    def read() -> None:
        dataset = opened(load_job(place(tmp_path, text(form, stated)), "first", allow_extern=True))
        for split in ("train", "test"):
            dataset.samples(split, np.arange(dataset.size(split)), 0)

    with pytest.raises(RunError) as raised:
        read()
    found = raised.value.diagnostics[0]
    assert found.code == code
    assert re.search(words, found.message), found.message


@pytest.mark.parametrize(
    ("stated", "task", "expected"),
    [
        ("numbers = 2", "", []),
        ("numbers = 2  classes = 3", "", ["E0229"]),
        ("numbers = 0", "", ["E0505"]),
        ("numbers = 10 ** 9", "", ["E0505"]),
        ("numbers = 2  positions = (10 ** 6, 10 ** 6)", "", ["E0505"]),
        ("numbers = 2  positions = (1, 2, 3, 4)", "", ["E0504"]),
        ("labels = 2  positions = 6", "", ["E0516", "E0561"]),
        ("numbers = 1  positions = (6, 6)", "", ["E0516"]),
        ("numbers = 1  positions = (6, 6)", "dense", []),
        ("classes = 2  positions = (6, 6)  ignore = 255", "dense", []),
        ("classes = 2  positions = (6, 6)  ignore = 0 - 1", "dense", []),
        ("classes = 2  positions = (6, 6)  ignore = 1", "dense", ["E0505"]),
        ("classes = 2  positions = (6, 6)  ignore = 0.5", "dense", ["E0504"]),
        ("classes = 2  ignore = 255", "", ["E0229"]),
        ("numbers = 1  positions = (6, 6)  ignore = 255", "dense", ["E0229"]),
        ("labels = 2", "multi_label", []),
        ("labels = 2", "regression", ["E0561"]),
    ],
)
def test_what_is_stated_is_checked_without_the_code(stated: str, task: str, expected: list[str]) -> None:
    content = text("number", stated, task).replace("retrain {", f"{f'task = {task}' if task else ''}  retrain {{")
    assert [d.code for d in check_text(Source("a.space", content))] == expected


class Maps(torch.utils.data.Dataset[Any]):
    """Images of zeros with a target made of their index."""

    def __init__(self, target: Callable[[int], Any]) -> None:
        self.target = target

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> Any:
        return np.zeros((1, 4, 4), np.float32), self.target(index)


@pytest.mark.parametrize("at_hand", [False, True])
@pytest.mark.parametrize("shape", [(), (4, 4)])
def test_a_label_far_above_all_classes_is_no_class(shape: tuple[int, ...], at_hand: bool) -> None:
    maps = Maps(lambda index: np.full(shape, 10**7 if index == 7 else index % 3))
    if at_hand:
        maps.targets = [10**7 if index == 7 else 0 for index in range(12)]  # type: ignore[attr-defined]
    with pytest.raises(RunError, match=r"sample 7 of the split `train` .* has the label 10,000,000"):
        as_dataset(maps)


def test_there_are_as_many_classes_as_the_greatest_label_at_any_position_says() -> None:
    found = as_dataset(Maps(lambda index: np.full((4, 4), 900 if index == 5 else 1)))
    assert targets_of(found).signature.count == 901


def test_maps_are_looked_through_one_by_one() -> None:
    kept: list[weakref.ref[Any]] = []
    alive = []

    def target(index: int) -> Any:
        alive.append(sum(one() is not None for one in kept))
        values = np.full((4, 4), index % 2, np.int64)
        kept.append(weakref.ref(values))
        return values

    as_dataset(Maps(target))
    assert max(alive) <= 2


def holed(index: int) -> Any:
    """Classes 0 and 1, and a corner without one."""
    values = np.full((4, 4), index % 2)
    values[:2, :2] = 255
    return values


def maps_without(ignore: Any, target: Callable[[int], Any] = holed) -> Maps:
    maps = Maps(target)
    maps.ignore = ignore  # type: ignore[attr-defined]
    return maps


def test_positions_without_a_class_in_data_from_python() -> None:
    found = as_dataset(maps_without(255))
    assert targets_of(found).signature.count == 2
    assert targets_of(found).void
    targets = found.samples("train", np.arange(2), 0).targets
    assert (targets == VOID).sum() == 2 * 4
    assert counts(found).sum() == found.size("train") * 12


@pytest.mark.parametrize(
    ("ignore", "target", "words"),
    [
        (1, holed, "1, which is one of 256 classes"),
        (255, lambda index: index % 2, "about classes at positions, and its targets are 2 classes"),
        (255, lambda index: np.zeros((4, 4)), "about classes at positions, and its targets are 1 number"),
        (255, lambda index: np.full((4, 4), 255), "no position has a class: all labels are 255"),
        ("void", holed, "is void, and that is the label of positions without a class"),
    ],
)
def test_what_cannot_be_left_out(ignore: Any, target: Callable[[int], Any], words: str) -> None:
    with pytest.raises(RunError, match=f"E0737.*{words}"):
        as_dataset(maps_without(ignore, target))


@pytest.mark.parametrize("frames", [1, 4])
def test_with_the_task_dense_whole_numbers_are_classes_of_frames(frames: int) -> None:
    found = as_dataset(Maps(lambda index: np.arange(index, index + frames) % 3), "dense")
    assert targets_of(found).signature == TargetSignature("classes", 3, ("0", "1", "2"), (frames,))
    batch = found.samples("train", np.arange(2), 0)
    assert batch.targets.shape == (2, frames)


def test_what_is_advised_for_a_target_that_may_be_anything_can_be_followed() -> None:
    maps = Maps(lambda index: np.arange(index, index + 4) % 2)
    with pytest.raises(RunError) as raised:
        as_dataset(maps)
    message = raised.value.diagnostics[0].message
    assert "target_axes" not in message
    tasks = re.findall(r"`task = (\w+)`", message)
    assert [targets_of(as_dataset(maps, task)).task.name for task in tasks] == tasks
    assert len(tasks) == 3
