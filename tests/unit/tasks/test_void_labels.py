"""A label of positions that have no class: left out of what is learnt, measured and counted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

import stdsl
from stdsl.cli.main import cli
from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.compiler.schemas.tasks.losses import CrossEntropy, Dice, Loss
from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.loading.balance import counts
from stdsl.runtime.data.numbers.arrays import ArraysDataset
from stdsl.runtime.data.own.checked import Checked
from stdsl.runtime.data.targets import VOID, Targets
from stdsl.runtime.tasks.criterion import Criterion
from stdsl.runtime.tasks.losses import loss_by
from stdsl.runtime.tasks.measurement import Measurement
from stdsl.runtime.training.evaluate import evaluate
from stdsl.runtime.training.placement import Placement

TARGETS = Targets(TargetSignature("classes", 3, ("a", "b", "c"), (2, 4)), void=True)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6, 5))
Y = np.digitize(X, [-1, 1]).astype(np.uint8)
HOLES = RNG.random(X.shape) < 0.3
WITH_HOLES = np.where(HOLES, 255, Y).astype(np.uint8)


def positions(given: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Those that have a class, in a row: (M, C) and (M,)."""
    return given.movedim(1, -1)[targets != VOID], targets[targets != VOID]


@pytest.mark.parametrize("loss", [CrossEntropy(), Dice(), Dice(smooth=0.5, cross_entropy=0.3)])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, torch.tensor([0.2, 1.0, 3.0])])
def test_a_loss_is_that_of_the_positions_that_have_a_class(loss: Loss, smoothing: float, weights: Any) -> None:
    targets = torch.from_numpy(RNG.choice([VOID, 0, 1, 2], (5, 2, 4)))
    scores = torch.randn(5, 3, 2, 4, requires_grad=True)
    found = loss_by(loss, scores, targets, smoothing, weights, void=True)
    own, wanted = positions(scores, targets)
    assert found.item() == pytest.approx(loss_by(loss, own, wanted, smoothing, weights).item(), rel=1e-5)
    (slope,) = torch.autograd.grad(found, scores)
    assert (slope.movedim(1, -1)[targets == VOID] == 0).all()
    assert slope.isfinite().all()


@pytest.mark.parametrize("loss", [CrossEntropy(), CrossEntropy(weights=(1.0, 2.0, 3.0)), Dice(cross_entropy=1)])
def test_where_no_position_has_a_class_there_is_nothing_to_learn(loss: Loss) -> None:
    scores = torch.randn(2, 3, 2, 4, requires_grad=True)
    criterion = Criterion(TARGETS, loss, weights=getattr(loss, "weights", None) or ())
    found = criterion(scores, torch.full((2, 2, 4), VOID))
    (slope,) = torch.autograd.grad(found, scores)
    assert found.item() == pytest.approx(0, abs=1e-6)
    assert slope.abs().max() == 0
    assert criterion.of_batch(scores, torch.full((2, 2, 4), VOID)) == ("accuracy", 0.0)


@settings(max_examples=40)
@given(st.lists(st.sampled_from([VOID, 0, 1, 2]), min_size=24, max_size=24), st.integers(0, 99))
def test_metrics_and_tables_are_those_of_the_positions_that_have_a_class(labels: list[int], seed: int) -> None:
    targets = torch.tensor(labels).reshape(3, 2, 4)
    scores = torch.randn(3, 3, 2, 4, generator=torch.Generator().manual_seed(seed))
    found, plain = Measurement(TARGETS), Measurement(TARGETS)
    found.add(scores, targets)
    plain.add(*positions(scores, targets))
    assert found.figures() == plain.figures()
    assert found.tables() == plain.tables()


def test_results_weigh_each_position_alike() -> None:
    """Also where batches have different numbers of them."""
    data = stdsl.arrays({"x": X, "y": WITH_HOLES}, ignore=255, normalise=None)
    model = torch.nn.Conv2d(1, 3, 1)
    part = Part(data, ("train",))
    found = evaluate(model, part, Placement(torch.device("cpu")), size=3, criterion=Criterion.of(data))
    batch = part.samples(np.arange(len(part)))
    own, wanted = positions(model(*batch.inputs), batch.targets)
    assert found["loss"] == pytest.approx(F.cross_entropy(own, wanted).item(), rel=1e-5)
    assert found["accuracy"] == pytest.approx((own.argmax(1) == wanted).float().mean().item())


@pytest.mark.parametrize("void", [255, -1, 3])
def test_arrays_leave_a_label_out_of_their_classes(void: int, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=np.where(HOLES, void, Y.astype(int)))
    own = Arrays(file="a.npz", ignore=void, flip=True, pad=1)
    dataset = ArraysDataset(own, 0, tmp_path, None)
    assert own.knowing(own.look(tmp_path)).signature().targets == dataset.targets.signature
    assert dataset.classes == ("0", "1", "2")
    batch = Checked(dataset, "arrays").samples("train", np.arange(dataset.size("train")), 0)
    assert batch.targets.unique().tolist() == [VOID, 0, 1, 2]
    assert counts(dataset).tolist() == [(batch.targets == label).sum() for label in range(3)]


@pytest.mark.parametrize(
    ("y", "more", "words"),
    [
        (Y, {"ignore": 1}, "`y` has 3 classes, numbered from 0, and `ignore = 1` is one"),
        (Y, {"ignore": 3, "classes": 5}, "`y` has 5 classes, numbered from 0, and `ignore = 3` is one"),
        (
            Y[:, 0, 0],
            {"ignore": 255},
            "and `ignore` is about classes at positions; leave out the",
        ),
        (X, {"ignore": 255}, "its targets are numbers, and `ignore` is about classes"),
        (Y.astype(str), {"ignore": 2}, "its classes are texts, and `ignore = 2` is a number"),
    ],
)
def test_a_label_that_cannot_be_left_out_is_told(y: Any, more: dict[str, Any], words: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=y)
    with pytest.raises(RunError, match=f"E0703.*{words}"):
        ArraysDataset(Arrays(file="a.npz", **more), 0, tmp_path, None)


SEARCH = """stdsl 1
meta net(n) on x: image(1, 6, 5) = x -> conv(4, 3x3) -> relu -> pointwise(n)
space nets(n = 3) = net(n)
search s {
  space = nets(n = data.outputs)
  data = arrays("a.npz", ignore = 255)
  retrain { batch = 1  MORE }
}
"""


def checked(folder: Path, text: str) -> list[tuple[str, str]]:
    (folder / "a.space").write_text(text)
    return [(one.code, one.message) for one in check_file(folder / "a.space")]


def test_data_without_any_class_is_told_of_the_data(tmp_path: Path) -> None:
    for classes in ("", ", classes = 3"):
        np.savez(tmp_path / "a.npz", x=X, y=np.full_like(Y, 255))
        text = SEARCH.replace(", ignore", f"{classes}, ignore").replace("MORE", "").replace("data.outputs", "3")
        ((code, message),) = checked(tmp_path, text)
        assert code == "E0703"
        assert "no position has a class: all labels are 255" in message


@pytest.mark.parametrize("absent", ["a.npz", "b.npz"])
@pytest.mark.parametrize("task", ["", "task = dense"])
def test_what_absent_files_do_not_tell_is_no_mismatch(absent: str, task: str, tmp_path: Path) -> None:
    np.savez(tmp_path / ("b.npz" if absent == "a.npz" else "a.npz"), x=X, y=WITH_HOLES)
    text = SEARCH.replace("MORE", 'data = arrays("b.npz", ignore = 255)').replace("  retrain", f"  {task}\n  retrain")
    assert [code for code, _ in checked(tmp_path, text.replace("data.outputs", "3"))] == ["W0726"]


@pytest.mark.parametrize("wrong", [-1, -2, 9])
def test_other_labels_that_are_no_classes_stay_wrong(wrong: int) -> None:
    y = np.where(HOLES, 255, Y.astype(int))
    y[:, 0, 0] = wrong
    dataset = Checked(stdsl.arrays({"x": X, "y": y}, ignore=255, classes=3), "arrays")
    with pytest.raises(RunError, match=rf"E0724.*has the label {wrong}, and there are 3 classes"):
        dataset.samples("train", np.arange(4), 0)


def test_a_check_of_the_data_counts_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=X, y=WITH_HOLES)
    text = """stdsl 1
meta net(n) on x: image(1, 6, 5) = x -> conv(4, 3x3) -> relu -> pointwise(n)
space nets(n = 3) = net(n)
search s { space = nets(n = data.outputs)  data = arrays("a.npz", ignore = 255)  retrain { } }
"""
    (tmp_path / "a.space").write_text(text)
    shown = CliRunner().invoke(cli, ["data", "check", str(tmp_path / "a.space"), "--quiet"])
    assert shown.exit_code == 0, shown.output
    (row,) = [line for line in shown.stdout.splitlines() if line.startswith("left out")]
    told = CliRunner().invoke(cli, ["data", "check", str(tmp_path / "a.space"), "--json"])
    document = json.loads(told.stdout)["data"]
    assert [int(n.replace(",", "")) for n in row.split()[2:]] == list(document["void"].values())
    rows = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines() if line[:1].isalnum()}
    assert [int(n.replace(",", "")) for n in rows["positions"]] == [30 * n for n in document["sizes"].values()]
    assert list(map(int, rows["samples"])) == list(document["sizes"].values())
    assert sum(document["void"].values()) == HOLES.sum()
    assert sum(map(sum, document["counts"].values())) == (~HOLES).sum()
