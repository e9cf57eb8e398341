"""CIFAR's files: read by index and epoch, and never trusted."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_images import Cifar10, Cifar100
from stdsl.runtime.data.pictures.cifar import CifarDataset


def write(path: Path, n: int, labels: bytes, classes: int, **more: object) -> None:
    rng = np.random.default_rng(n)
    table = {b"data": rng.integers(0, 256, (n, 3072), dtype=np.uint8), labels: [i % classes for i in range(n)]}
    path.write_bytes(pickle.dumps(table | more, protocol=2))


@pytest.fixture
def cifar10(tmp_path: Path) -> Path:
    for number in range(1, 6):
        write(tmp_path / f"data_batch_{number}", 10 + number, b"labels", 10)
    write(tmp_path / "test_batch", 12, b"labels", 10)
    return tmp_path


def test_splits_and_shapes(cifar10: Path) -> None:
    dataset = CifarDataset(Cifar10(root=str(cifar10), valid=0.2), 0, Path("."), None)
    assert (dataset.size("train"), dataset.size("valid"), dataset.size("test")) == (52, 13, 12)
    batch = dataset.samples("test", np.arange(12), 0)
    assert batch.inputs[0].shape == (12, 3, 32, 32)
    assert batch.targets.tolist() == [i % 10 for i in range(12)]
    assert dataset.classes[0] == "airplane"
    assert abs(batch.inputs[0].mean()) < 0.1


def test_augmentation_is_a_function_of_seed_epoch_and_index(cifar10: Path) -> None:
    dataset = CifarDataset(Cifar10(root=str(cifar10)), 0, Path("."), None)
    first = dataset.samples("train", np.array([3, 5]), epoch=1).inputs[0]
    assert torch.equal(first[1:], dataset.samples("train", np.array([5]), epoch=1).inputs[0])
    assert not torch.equal(first, dataset.samples("train", np.array([3, 5]), epoch=2).inputs[0])


def test_cifar100_reads_fine_labels_and_names(tmp_path: Path) -> None:
    write(tmp_path / "train", 40, b"fine_labels", 100)
    write(tmp_path / "test", 10, b"fine_labels", 100)
    names = {b"fine_label_names": [f"c{i}".encode() for i in range(100)]}
    (tmp_path / "meta").write_bytes(pickle.dumps(names, protocol=2))
    dataset = CifarDataset(Cifar100(root=str(tmp_path)), 0, Path("."), None)
    assert dataset.classes[99] == "c99"


def test_missing_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"E0702.*data_batch_1.*test_batch"):
        CifarDataset(Cifar10(root=str(tmp_path)), 0, Path("."), None)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch pwned",)


@pytest.mark.parametrize(
    "content", [b"<html>", b"", pickle.dumps(Evil()), pickle.dumps([1]), pickle.dumps({b"data": 3})]
)
def test_a_file_that_is_something_else_is_refused(
    cifar10: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cifar10)
    (cifar10 / "data_batch_2").write_bytes(content)
    with pytest.raises(RunError, match=r"E0703.*data_batch_2"):
        CifarDataset(Cifar10(root=str(cifar10)), 0, Path("."), None)
    assert not (cifar10 / "pwned").exists()
