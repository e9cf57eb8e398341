"""Features of frozen parts, computed once: the same results, and where they are not kept."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import stdsl
from stdsl.compiler.schemas.data_images import Cifar10
from stdsl.compiler.schemas.data_motion import MotionDigits
from stdsl.runtime.data.motion_digits import MotionDigitsDataset
from stdsl.runtime.data.networks import features as features_module
from stdsl.runtime.data.networks.feature_files import FeatureFiles, TooLarge
from stdsl.runtime.data.networks.features import Features, Making, hindrance
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.training.interruption import Interrupted, Interruption
from stdsl.runtime.training.placement import place

TEXT = """stdsl 1
use std.strategies (sdas_a)
cell seen(c) on x {
  half = x -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu
  return half -> conv(2 * c, 3x3x3, stride = 2) -> bn
}
meta fused on frames: clip(1, 4, 16, 16), flow: clip(2, 4, 16, 16), mask: clip(1, 4, 16, 16) {
  known = [frames -> frozen seen(2), flow -> frozen seen(2), mask -> frozen seen(2)]
  y = known -> each choose {pointwise: relu -> pointwise(4) -> bn, around: relu -> conv(4, 3x3x3) -> bn} as kind
    -> keep 2 as streams -> sum
  return y -> relu -> global_avg_pool -> linear(4)
}
meta one on frames: clip(1, 4, 16, 16), flow: clip(2, 4, 16, 16), mask: clip(1, 4, 16, 16) {
  known = flow -> frozen seen(2)
  return [known -> pointwise(4), mask -> seen(2) -> pointwise(4)] -> concat -> global_avg_pool -> linear(4)
}
space together = fused
space alone = one
search fuse {
  space = together
  strategy = sdas_a {
    steps = 10  batch = 16  measure = 32
    weights { optimizer = sgd(lr = 0.05) }  decisions { optimizer = adam(lr = 0.1) }
  }
  data = motion_digits(frames = 4, size = 16, motions = 4, modalities = ["mask", "flow", "frames"],
    train = 64, valid = 48, test = 32)
  retrain { steps = 6  batch = 16  holdout = 0.3  snapshot = best }
  compare { random = 1  spaces = [alone] }
}
"""
SETTINGS = MotionDigits(
    frames=4, size=16, motions=4, modalities=("frames", "flow", "mask"), train=70, valid=40, test=20
)


class Told(Silent):
    def __init__(self) -> None:
        self.titles: list[str] = []
        self.lines: list[str] = []

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        self.titles.append(title)

    def say(self, text: str) -> None:
        self.lines.append(text)


def weights(folder: Path) -> Mapping[str, Mapping[str, torch.Tensor]]:
    return {path.stem: load_file(path) for path in sorted((folder / "weights").glob("*.safetensors"))}


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_on_features_is_the_run_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    """Through a search that fixes decisions and drops streams, the final training and the comparisons (in processes of
    their own; the run without stays in this one, where the features are forbidden)."""
    monkeypatch.setattr("stdsl.runtime.run.cores", lambda: 1)
    space = tmp_path / "fuse.space"
    space.write_text(TEXT, encoding="utf-8")
    told, overrides = Told(), (f"loaders={workers}",)
    kept = run(RunRequest(str(space), overrides=overrides, out=tmp_path / "kept"), told)
    assert [title for title in told.titles if title.startswith("features")] == [
        *("features of train", "features of valid"),  # of the search; frozen parts without files start at random
        *("features of train", "features of valid", "features of test") * 3,
    ]
    assert not (tmp_path / "kept" / "features").exists()
    monkeypatch.setattr(features_module, "hindrance", lambda varies, placement: "a test")
    told = Told()
    plain = run(RunRequest(str(space), overrides=overrides, out=tmp_path / "plain", hands=0), told)
    assert not [title for title in told.titles if title.startswith("features")]
    assert plain.document["networks"][0]["test"] == kept.document["networks"][0]["test"]
    with_features, without = weights(tmp_path / "kept"), weights(tmp_path / "plain")
    assert set(with_features) == set(without) == {"alone", "derived", "random-1", "search"}
    for name, tensors in with_features.items():
        for key, value in tensors.items():
            assert torch.equal(value, without[name][key]), f"{name}: {key}"


def network(tmp_path: Path) -> torch.nn.Module:
    file = tmp_path / "fuse.space"
    file.write_text(TEXT, encoding="utf-8")
    space = stdsl.load(file, "together")
    model: torch.nn.Module = place("cpu").model(stdsl.compile(space, space.sample(seed=0), seed=0))
    return model


def making(folder: Path, reporter: Silent | None = None, identity: str = "a" * 64) -> Making:
    return Making(folder, identity, place("cpu"), reporter or Silent(), Interruption())


def test_samples_of_features_are_those_of_the_first_half(tmp_path: Path) -> None:
    model = network(tmp_path)
    dataset = MotionDigitsDataset(SETTINGS, 0)
    data = Features(dataset, ("train", "valid"), making(tmp_path / "features"))
    order = np.array([69, 3, 3, 40, *range(20)])
    raw = dataset.samples("train", order, 0)
    expected = model(*raw.inputs)
    assert len(data.samples("train", order, 0).inputs[0][0]) == 1  # frames have one channel
    data.attach(model)
    batch = data.samples("train", order, 0)
    assert torch.equal(batch.targets, raw.targets)
    assert all(len(x[0]) == 4 for x in batch.inputs)
    assert torch.equal(model(*batch.inputs), expected)


def test_another_process_finds_the_files_and_changed_weights_do_not(tmp_path: Path) -> None:
    folder, indices = tmp_path / "features", np.arange(5)
    runs: list[list[str]] = []
    for change, identity in ((False, "a"), (False, "a"), (True, "a"), (False, "b")):
        model, told = network(tmp_path), Told()
        if change:
            with torch.no_grad():
                next(p for name, p in model.named_parameters() if name.startswith("known")).add_(1)
        data = Features(MotionDigitsDataset(SETTINGS, 0), ("test",), making(folder, told, identity * 64))
        data.attach(model)
        data.samples("test", indices, 0)
        runs.append(told.titles)
    assert runs == [["features of test"], [], ["features of test"], ["features of test"]]


def test_what_does_not_fit_on_the_disk_is_computed_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    model, told = network(tmp_path), Told()
    dataset = MotionDigitsDataset(SETTINGS, 0)
    data = Features(dataset, ("test",), making(tmp_path / "features", told))
    data.attach(model)
    batch = data.samples("test", np.arange(5), 0)
    raw = dataset.samples("test", np.arange(5), 0)
    assert all(torch.equal(a, b) for a, b in zip(batch.inputs, raw.inputs, strict=True))
    assert torch.isfinite(model(*batch.inputs)).all()
    assert any("computed anew in every step" in line for line in told.lines)
    assert not list((tmp_path / "features").glob("*.npy"))


def test_a_pass_that_is_stopped_leaves_no_files(tmp_path: Path) -> None:
    ready = making(tmp_path / "features")
    ready.interruption.asked = True
    data = Features(MotionDigitsDataset(SETTINGS, 0), ("test",), ready)
    data.attach(network(tmp_path))
    with pytest.raises(Interrupted):
        data.samples("test", np.arange(5), 0)
    assert not [path for path in (tmp_path / "features").iterdir() if path.suffix in (".npy", ".tmp")]
    ready.interruption.asked = False
    assert len(data.samples("test", np.arange(5), 0)) == 5


def test_files_of_killed_processes_go(tmp_path: Path) -> None:
    files = FeatureFiles(tmp_path, "a" * 64)
    left = tmp_path / ".test-aaaa-bbbb.npy.123.tmp"
    left.write_bytes(b"half")
    with files.locked("test"), files.writing("test", 2) as writer:
        writer.add({"b" * 64: torch.ones(2, 3, 1, 2, 2)}, torch.tensor([1, 0]))
    assert not left.exists()
    files.open("test", ["b" * 64])
    assert torch.equal(files.read("test", "b" * 64, np.array([1])), torch.ones(1, 3, 1, 2, 2))
    assert files.targets("test").tolist() == [1, 0]


@pytest.mark.parametrize("last", [False, True])
def test_features_keep_their_memory_format(tmp_path: Path, last: bool) -> None:
    value = torch.randn(4, 3, 2, 5, 5)
    if last:
        value = value.contiguous(memory_format=torch.channels_last_3d)
    files = FeatureFiles(tmp_path, "a" * 64)
    with files.writing("test", 4) as writer:
        writer.add({"b": value}, torch.zeros(4, dtype=torch.int64))
    files.open("test", ["b"])
    found = files.read("test", "b", np.array([2, 0]))
    assert torch.equal(found, value[[2, 0]])
    assert found.stride() == value.stride()
    assert files.is_channels_last("b") == last


def test_when_features_are_not_kept() -> None:
    cpu = place("cpu")
    assert hindrance(False, cpu) is None
    assert "every epoch" in str(hindrance(True, cpu))
    assert Cifar10(root="x").varies()
    assert not Cifar10(root="x", pad=0, flip=False).varies()
    assert not SETTINGS.varies()
    with pytest.raises(TooLarge):
        raise TooLarge("no room")
