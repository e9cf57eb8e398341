"""Files of arrays are read and not mapped: they give what NumPy reads, and are told of where they are written."""

from __future__ import annotations

import os
import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from stdsl.compiler.datafiles.faults import FileChanged, FileDamaged
from stdsl.compiler.datafiles.npy import npy_array, npz_arrays
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_arrays import Arrays
from stdsl.runtime.data.numbers.arrays import ArraysDataset
from stdsl.runtime.data.numbers.stored_values import StoredRows, values_of

KINDS = ["?", "u1", "<i2", ">i4", "<i8", ">u8", "<f2", ">f8", "f16", "<U7", ">U3", "<U0"]
SHAPES = [(7, 3, 4), (7,), (7, 1), (7, 0, 2), (0, 3), ()]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_values_are_those_that_numpy_reads(kind: str, shape: tuple[int, ...], order: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    values = np.asarray(rng.integers(0, 99, shape), dtype=kind, order=order)
    np.save(tmp_path / "a.npy", values)
    np.savez(tmp_path / "plain.npz", a=values)
    np.savez_compressed(tmp_path / "packed.npz", a=values)
    stored = [npy_array(tmp_path / "a.npy")]
    stored += [one for name in ("plain", "packed") for one in npz_arrays(tmp_path / f"{name}.npz")]
    for own in stored:
        found = values_of(own)
        assert found.dtype.kind == values.dtype.kind
        np.testing.assert_array_equal(found, np.load(tmp_path / "a.npy"))
    if shape and not stored[0].header.columns:
        rows = StoredRows(stored[0])
        assert len(rows) == len(values)
        orders = [np.arange(len(values)), np.arange(len(values))[::-1], np.zeros(0, np.int64)]
        orders += [rng.integers(0, len(values), 9)] if len(values) else []
        for places in orders:
            np.testing.assert_array_equal(rows[places], values[places])


def _write(folder: Path, packed: bool, x: npt.NDArray[Any] | None = None) -> ArraysDataset:
    x = np.arange(40 * 6.0).reshape(40, 6) if x is None else x
    y = np.arange(40) % 2
    if packed:
        np.savez(folder / "d.npz", x=x, y=y)
        return ArraysDataset(Arrays(file="d.npz", normalise=None), 0, folder, None)
    np.save(folder / "x.npy", x)
    np.save(folder / "y.npy", y)
    return ArraysDataset(Arrays(x="x.npy", y="y.npy", normalise=None), 0, folder, None)


def _anew(path: Path, rows: int = 40) -> None:
    np.save(path, -np.ones((rows, 6)))


CHANGES: dict[str, Callable[[Path], None]] = {
    "truncated": lambda path: os.truncate(path, 200),
    "emptied": lambda path: os.truncate(path, 0),
    "written anew": _anew,
    "shorter": lambda path: _anew(path, 3),
    "longer": lambda path: _anew(path, 80),
}


@pytest.mark.parametrize("read", [True, False], ids=["after the first sample", "before the first sample"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_written_meanwhile_ends_the_run(change: str, read: bool, tmp_path: Path) -> None:
    dataset = _write(tmp_path, packed=False)
    if read:
        dataset.samples("train", np.arange(3), 0)
    CHANGES[change](tmp_path / "x.npy")
    with pytest.raises(RunError, match=r"E0727.*x\.npy was written after it was opened"):
        dataset.samples("train", np.arange(3), 0)


def test_what_an_npz_holds_is_of_one_time(tmp_path: Path) -> None:
    dataset = _write(tmp_path, packed=True)
    np.savez(tmp_path / "d.npz", x=-np.ones((40, 6)), y=np.arange(40) % 2)
    with pytest.raises(RunError, match="E0727"):
        dataset.samples("train", np.arange(3), 0)


def test_a_file_that_another_takes_the_place_of_is_read_to_the_end(tmp_path: Path) -> None:
    dataset = _write(tmp_path, packed=False)
    before = dataset.samples("train", np.arange(3), 0)
    _anew(tmp_path / "new.npy")
    os.replace(tmp_path / "new.npy", tmp_path / "x.npy")
    assert dataset.samples("train", np.arange(3), 0).inputs[0].equal(before.inputs[0])
    os.remove(tmp_path / "x.npy")
    assert dataset.samples("train", np.arange(3), 0).inputs[0].equal(before.inputs[0])


def test_an_array_that_is_read_whole_is_of_one_time(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.arange(5))
    stored = npy_array(tmp_path / "a.npy")
    os.truncate(tmp_path / "a.npy", 140)
    with pytest.raises(FileChanged):
        values_of(stored)


def test_a_checksum_holds_to_the_last_byte(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=np.zeros(1000))
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for signature, at in ((b"PK\x03\x04", 14), (b"PK\x01\x02", 16)):
        place = content.find(signature) + at
        content[place : place + 4] = struct.pack("<I", 1)
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(FileDamaged, match="no whole"):
        values_of(npz_arrays(tmp_path / "a.npz")[0])


def test_python_does_not_comment_on_a_header(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.zeros(3))
    content = (tmp_path / "a.npy").read_bytes().replace(b"'<f8'", rb"'\d8'")
    (tmp_path / "a.npy").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(FileDamaged):
            npy_array(tmp_path / "a.npy")
