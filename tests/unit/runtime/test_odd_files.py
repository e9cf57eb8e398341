"""Files of arrays and tables that only somebody else writes: each is read, or told of (found by an adversary)."""

from __future__ import annotations

import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from stdsl.compiler.datafiles.faults import FileDamaged
from stdsl.compiler.datafiles.npy import npz_arrays
from stdsl.compiler.datafiles.tables import in_order, read_table


def npy(folder: Path, values: object) -> bytes:
    np.save(folder / "one.npy", np.asarray(values))
    return (folder / "one.npy").read_bytes()


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("é.npy", npy(tmp_path, [1.0]))
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xff"))
    with pytest.raises(FileDamaged):
        npz_arrays(path)


def test_damage_that_only_its_compression_knows(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x.npy", npy(tmp_path, np.arange(1000.0)))
    content = bytearray(path.read_bytes())
    content[60:90] = b"\xff" * 30
    path.write_bytes(content)
    with pytest.raises(FileDamaged):
        npz_arrays(path)


def test_two_members_of_almost_one_name(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.npy", npy(tmp_path, [[1.0], [2.0]]))
        archive.writestr("x", b"hello")
    (stored,) = npz_arrays(path)
    assert stored.member == "x.npy"
    with np.load(path) as archive:
        assert archive[stored.member].tolist() == [[1.0], [2.0]]


def test_numbers_of_thousands_of_digits_are_texts() -> None:
    assert in_order(["10", "9"]) == ("9", "10")
    assert in_order(["9" * 5_000, "10"]) == ("10", "9" * 5_000)


def test_times_that_python_has_none_for(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="the extra `table` reads .parquet files")
    from pyarrow import parquet

    times = arrow.array([1, 1_000_000_001], arrow.timestamp("ns"))
    days = arrow.array([0, 2_000_000], arrow.int32()).cast(arrow.date32())
    parquet.write_table(arrow.table({"when": times, "day": days}), tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet")
    assert table is not None
    columns = table.columns
    assert columns["when"][1].startswith("1970-01-01 00:00:01.000000001")
    assert columns["day"] == [str(date(1970, 1, 1)), columns["day"][1]]
