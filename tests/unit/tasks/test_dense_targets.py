"""Targets at positions: what arrays of them are, and which networks they are for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.runtime.data.numbers.arrays import ArraysDataset
from stdsl.runtime.data.registry import open_dataset

RNG = np.random.default_rng(0)
CLIPS = RNG.normal(size=(8, 3, 4, 6, 5))
"""(N, C, T, H, W)"""
WHOLE = RNG.integers(0, 3, (8, 4, 6, 5))


def opened(folder: Path, y: npt.NDArray[Any], **settings: Any) -> ArraysDataset:
    np.savez(folder / "a.npz", x=CLIPS, y=y)
    own = Arrays(file="a.npz", **settings)
    told = own.knowing(own.look(folder)).signature().targets
    dataset = ArraysDataset(own, 0, folder, None)
    assert told == dataset.targets.signature
    return dataset


def targets(dataset: ArraysDataset) -> torch.Tensor:
    return torch.cat([dataset.samples(s, np.arange(dataset.size(s)), 0).targets for s in ("train", "valid", "test")])


@pytest.mark.parametrize(
    ("y", "settings", "said", "shape"),
    [
        (WHOLE, {}, "3 classes at each of 4 × 6 × 5 positions", (8, 4, 6, 5)),
        (WHOLE[:, 0], {}, "3 classes at each of 6 × 5 positions", (8, 6, 5)),
        (WHOLE[:, :, 0, 0], {"target_axes": "NT"}, "3 classes at each of 4 positions", (8, 4)),
        (
            WHOLE.transpose(0, 2, 3, 1),
            {"target_axes": "NHWT"},
            "3 classes at each of 4 × 6 × 5 positions",
            (8, 4, 6, 5),
        ),
        (WHOLE > 1, {}, "2 classes at each of 4 × 6 × 5 positions", (8, 4, 6, 5)),
        (CLIPS[:, :2], {}, "2 numbers at each of 4 × 6 × 5 positions", (8, 2, 4, 6, 5)),
        (CLIPS[:, 0, 0], {}, "1 number at each of 6 × 5 positions", (8, 1, 6, 5)),
        (CLIPS[:, 0], {"target_axes": "NTHW"}, "1 number at each of 4 × 6 × 5 positions", (8, 1, 4, 6, 5)),
        (CLIPS[:, :, :, 0, 0], {"target_axes": "NCT"}, "3 numbers at each of 4 positions", (8, 3, 4)),
        (np.moveaxis(CLIPS, 1, 4), {"target_axes": "NTHWC"}, "3 numbers at each of 4 × 6 × 5 positions", CLIPS.shape),
        (WHOLE[:, 0, 0] > 1, {"targets": "labels"}, "5 labels", (8, 5)),
        (WHOLE[:, 0, 0], {"targets": "numbers"}, "5 numbers", (8, 5)),
    ],
)
def test_arrays_of_targets(
    tmp_path: Path, y: npt.NDArray[Any], settings: dict[str, Any], said: str, shape: tuple[int, ...]
) -> None:
    dataset = opened(tmp_path, y, **settings)
    assert str(dataset.targets.signature) == said
    assert targets(dataset).shape == shape


def test_positions_stay_where_they_are_whatever_the_order_of_axes(tmp_path: Path) -> None:
    plain = targets(opened(tmp_path, WHOLE))
    turned = targets(opened(tmp_path, WHOLE.transpose(0, 3, 1, 2), target_axes="NWTH"))
    assert torch.equal(plain, turned)


def test_numbers_at_positions_are_scaled_channel_by_channel(tmp_path: Path) -> None:
    y = CLIPS * np.array([1.0, 10.0, 100.0]).reshape(3, 1, 1, 1) + 7
    dataset = opened(tmp_path, y)
    found = dataset.samples("train", np.arange(dataset.size("train")), 0).targets
    assert found.mean((0, 2, 3, 4)).tolist() == pytest.approx([0, 0, 0], abs=1e-5)
    assert found.std((0, 2, 3, 4), correction=0).tolist() == pytest.approx([1, 1, 1], abs=1e-5)
    assert dataset.targets.std == pytest.approx((1, 10, 100), rel=0.1)


def checks(folder: Path, net: str, more: str = "", y: npt.NDArray[Any] = WHOLE) -> list[tuple[str, str]]:
    np.savez(folder / "a.npz", x=CLIPS, y=y)
    text = f"""stdsl 1
meta net on x: clip(3, 4, 6, 5) = x -> conv(4, 1x1x1) -> {net}
space nets = net
search s {{ space = nets  data = arrays("a.npz")  {more}  retrain {{ batch = 1 }} }}
"""
    return [(d.code, f"{d.message} {d.help}") for d in check_text(Source("a.space", text, folder / "a.space"))]


def test_a_network_gives_an_answer_at_each_position(tmp_path: Path) -> None:
    assert checks(tmp_path, "pointwise(3)") == []
    assert checks(tmp_path, "pointwise(3)", "task = dense  loss = dice  evaluate { metric = iou }") == []
    ((code, words),) = checks(tmp_path, "pointwise(4)")
    assert (code, "let it give 3 classes, not 4" in words) == ("E0516", True)
    ((code, words),) = checks(tmp_path, "global_avg_pool -> linear(3)")
    assert code == "E0516"
    assert "not a number for each class at each position of the targets" in words
    assert "pointwise(3)`, with axes of 4 × 6 × 5" in words
    ((code, words),) = checks(tmp_path, "max_pool(2x2x2, stride = 2) -> pointwise(3)")
    assert code == "E0516"


def test_what_is_of_whole_samples_is_not_for_positions(tmp_path: Path) -> None:
    assert [code for code, _ in checks(tmp_path, "pointwise(3)", "task = classification")] == ["E0561"]
    assert [code for code, _ in checks(tmp_path, "pointwise(3)", "evaluate { metric = top5 }")] == ["E0563"]
    assert [code for code, _ in checks(tmp_path, "pointwise(3)", "loss = huber")] == ["E0562"]
    numbers = CLIPS[:, :2]
    assert checks(tmp_path, "pointwise(2)", "loss = l1  evaluate { metric = r2 }", numbers) == []
    assert [code for code, _ in checks(tmp_path, "pointwise(2)", "loss = dice", numbers)] == ["E0562"]


@pytest.mark.parametrize(
    ("y", "settings", "words"),
    [
        (
            WHOLE[:, :, 0, 0],
            {},
            r"`y` has the shape \(8, 4\), and a class for each sample has \(N,\); write `task = mul",
        ),
        (CLIPS, {"targets": "classes"}, "`y` holds float64, and labels of classes are whole numbers"),
        (WHOLE, {"targets": "labels"}, r"`y` has the shape \(8, 4, 6, 5\), which is not that of targets"),
        (WHOLE, {"target_axes": "NHW"}, r"`y` has the shape \(8, 4, 6, 5\), which is not that of targets"),
        (WHOLE[:, 0], {"target_axes": "NCT"}, "`y` has channels by its axes NCT, and classes have none"),
        (np.array(["a"] * 8), {"targets": "numbers"}, "`y` holds text"),
    ],
)
def test_an_array_that_cannot_be_that_is_told(
    tmp_path: Path, y: npt.NDArray[Any], settings: dict[str, Any], words: str
) -> None:
    np.savez(tmp_path / "a.npz", x=CLIPS, y=y)
    with pytest.raises(RunError, match=f"E0703.*{words}"):
        ArraysDataset(Arrays(file="a.npz", **settings), 0, tmp_path, None)


def test_what_stands_at_pixels_is_moved_and_mirrored_with_them(tmp_path: Path) -> None:
    flat = np.round(CLIPS[:, :1] * 100)
    np.savez(tmp_path / "a.npz", x=flat, y=(flat[:, 0] > 0).astype(int))
    settings = Arrays(file="a.npz", flip=True, pad=2, normalise=None)
    dataset = open_dataset(settings.knowing(settings.look(tmp_path)), 0, tmp_path)
    seen = [dataset.samples("train", np.arange(dataset.size("train")), epoch) for epoch in range(4)]
    assert not torch.equal(seen[0].targets, seen[1].targets)
    for batch in seen:
        assert torch.equal(batch.targets, (batch.inputs[0][:, 0] > 0).long())
    np.savez(tmp_path / "a.npz", x=flat, y=CLIPS[:, :, :, 0, 0])
    frames = settings.model_copy(update={"target_axes": "NCT"})
    dataset = open_dataset(frames.knowing(frames.look(tmp_path)), 0, tmp_path)
    first, second = (dataset.samples("train", np.arange(dataset.size("train")), epoch).targets for epoch in (0, 1))
    assert torch.equal(first, second)
