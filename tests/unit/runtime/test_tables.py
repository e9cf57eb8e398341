"""Tables: numbers and categories, what is missing, splits, other formats, and what is wrong with a file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
import torch
from pyarrow import parquet

from stdsl.compiler.datafiles.tables import read_table
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.schemas.data_tables import Table
from stdsl.runtime.data.numbers.tables import TableDataset

ROWS = """id,size,colour,zip,grade
a,1.5,red,10115,3
b,NA,green,20095,10
c,2.5,,10115,3
d,-3e1,red,20095,10
"""


def opened(path: Path, **settings: Any) -> TableDataset:
    wanted = {"target": "grade", "without": ("id",), "valid": 0.25, "test": 0.25, **settings}
    return TableDataset(Table(file=str(path), **wanted), 0, Path(), None)


def written(folder: Path, names: str, lines: list[str]) -> Path:
    path = folder / "written.csv"
    path.write_text("\n".join([names, *lines]), encoding="utf-8")
    return path


def rows(dataset: TableDataset) -> tuple[torch.Tensor, list[int]]:
    """All rows of the table in their order."""
    found = [dataset.samples(s, np.arange(dataset.size(s)), 0) for s in ("train", "valid", "test")]
    order = np.argsort(np.concatenate([dataset._rows[s] for s in ("train", "valid", "test")]))
    return torch.cat([batch.inputs[0] for batch in found])[order], torch.cat([b.targets for b in found])[order].tolist()


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_none_is_a_class_and_no_number(tmp_path: Path) -> None:
    lines = [f"{n if n else 'none'},{['none', 'None', 'cat'][n % 3]}" for n in range(12)]
    dataset = opened(written(tmp_path, "size,grade", lines), without=())
    assert dataset.classes == ("None", "cat", "none")
    assert dataset.remarks() == ("1 cells of `size` are empty",)


def test_numbers_categories_and_what_is_missing(csv: Path) -> None:
    dataset = opened(csv, categories=("zip",), split=None)
    assert dataset.classes == ("3", "10"), "whole numbers by their size"
    scale = dataset.normalisation
    assert scale.columns == (
        ("size", None),
        *(("colour", text) for text in ("", "green", "red")),
        *(("zip", text) for text in ("10115", "20095")),
    )
    values, labels = rows(dataset)
    assert labels == [0, 1, 0, 1]
    assert values[:, 1:].tolist() == [[0, 0, 1, 1, 0], [0, 1, 0, 0, 1], [1, 0, 0, 1, 0], [0, 0, 1, 0, 1]]
    sizes = (np.array([1.5, scale.mean[0], 2.5, -30]) - scale.mean[0]) / scale.std[0]
    assert values[:, 0].numpy() == pytest.approx(sizes, rel=1e-5)
    assert scale.mean[1:] == (0.0,) * 5
    assert scale.std[1:] == (1.0,) * 5


def test_statistics_are_those_of_the_rows_to_train_on(tmp_path: Path) -> None:
    lines = [f"{i},{'ab'[i % 2]},{'train' if i < 50 else 'test'}" for i in range(80)]
    (tmp_path / "r.csv").write_text("\n".join(["n,y,part", *lines]), encoding="utf-8")
    dataset = opened(tmp_path / "r.csv", target="y", without=(), split="part", valid=0.2)
    assert [dataset.size(s) for s in ("train", "valid", "test")] == [40, 10, 30]
    train = dataset.samples("train", np.arange(40), 0).inputs[0]
    assert float(train.mean()) == pytest.approx(0, abs=1e-6)
    assert float(train.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert dataset.samples("test", np.arange(30), 0).inputs[0].min() > 1


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_separators_quotes_and_the_mark_of_byte_order(mark: str, tmp_path: Path) -> None:
    text = f'\ufeffname{mark}y\r\n"a{mark} ""b"""{mark}u\r\n\r\nc{mark}v\r\n'
    (tmp_path / "r.csv").write_bytes(text.encode())
    found = read_table(tmp_path / "r.csv")
    assert found is not None
    assert found.columns == {"name": [f'a{mark} "b"', "c"], "y": ["u", "v"]}


def test_parquet_is_as_the_same_rows_in_a_text(csv: Path, tmp_path: Path) -> None:
    columns = {
        "id": list("abcd"),
        "size": pyarrow.array([1.5, None, 2.5, -30.0]),
        "colour": pyarrow.array(["red", "green", None, "red"]),
        "zip": [10115, 20095, 10115, 20095],
        "grade": [3, 10, 3, 10],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "rows.parquet")
    one, other = opened(csv), opened(tmp_path / "rows.parquet")
    assert one.normalisation == other.normalisation
    assert torch.equal(rows(one)[0], rows(other)[0])
    assert rows(one)[1] == rows(other)[1]


def test_parquet_needs_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parquet.write_table(pyarrow.table({"x": [1.0, 2.0], "grade": ["a", "b"]}), tmp_path / "rows.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    settings = Table(file=str(tmp_path / "rows.parquet"), target="grade")
    assert settings.look(tmp_path) is None
    with pytest.raises(RunError, match=r"E0728.*pyarrow.*stdsl\[table\]"):
        opened(tmp_path / "rows.parquet", without=())


FAULTS: dict[str, tuple[str, bytes, dict[str, Any]]] = {
    "no target": ("no column `grade`, but `a`, `b`", b"a,b\n1,2\n", {}),
    "no column": ("no column `c`", b"a,grade\n1,2\n", {"columns": ("c",)}),
    "only the target": ("no columns beside the target", b"grade\n1\n", {}),
    "two columns": ("two columns `a`", b"a,a,grade\n1,2,3\n", {}),
    "a short row": ("its row 2 has 2 cells", b"a,b,grade\n1,2,3\n1,2\n", {}),
    "no rows": ("it has no rows", b"a,grade\n", {}),
    "empty": ("it is empty", b"\n", {}),
    "no text": ("no text in UTF-8", b"a,grade\n\xff\xfe,1\n", {}),
    "a quote": ("it is no table", b'a,grade\n"1,2\n', {}),
    "no label": ("its row 2 has no `grade`", b"a,grade\n1,x\n1,\n", {}),
    "an unknown label": ("its row 2 has `?` for `grade`, the target", b"a,grade\n1,x\n1,?\n", {}),
    "fractions": ("write `task = regression`", b"a,grade\n1,0.5\n", {"targets": "classes"}),
    "endless": ("holds an infinite number", b"a,grade\n1,x\ninf,y\n", {}),
    "too many": ("3 different texts, and at most 2", b"a,grade\nu,x\nv,y\nw,x\n", {"most": 2}),
    "a strange split": ("says `later`", b"a,part,grade\n1,later,x\n", {"split": "part"}),
    "no training": ("no row to train on", b"a,part,grade\n1,test,x\n", {"split": "part"}),
    "classes": ("names 1 classes, and `classes` is 3", b"a,grade\n1,x\n", {"classes": 3}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_is_wrong_with_a_table(fault: str, tmp_path: Path) -> None:
    words, content, settings = FAULTS[fault]
    (tmp_path / "r.csv").write_bytes(content)
    with pytest.raises(RunError) as raised:
        opened(tmp_path / "r.csv", **{"without": (), **settings})
    (told,) = raised.value.diagnostics
    assert told.code == "E0703"
    assert words in told.message


def test_a_parquet_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "r.parquet").write_text("a,grade\n1,2\n")
    with pytest.raises(RunError, match=r"E0703.*no whole \.parquet"):
        opened(tmp_path / "r.parquet", without=())


def test_numbers_to_tell_are_scaled_by_the_rows_to_train_on(tmp_path: Path) -> None:
    rows = [f"{i},{'ab'[i % 2]},{100 + 3 * i + 0.5}" for i in range(40)]
    dataset = opened(written(tmp_path, "x,y,price", rows), target="price", without=())
    assert dataset.classes == ()
    targets = dataset.targets
    assert (targets.signature.kind, targets.names) == ("numbers", ("price",))
    values = dataset.samples("train", np.arange(dataset.size("train")), 0).targets
    assert values.shape == (dataset.size("train"), 1)
    assert values.mean().item() == pytest.approx(0, abs=1e-5)
    assert values.std(correction=0).item() == pytest.approx(1, abs=1e-5)
    assert targets.mean[0] == pytest.approx(100 + 3 * 19.5 + 0.5, rel=0.3)
    plain = opened(written(tmp_path, "x,y,price", rows), target="price", without=(), scale_target=False)
    raw = plain.samples("train", np.arange(plain.size("train")), 0).targets
    assert torch.allclose(values * targets.std[0] + targets.mean[0], raw, atol=1e-3)


def test_several_columns_are_numbers_where_that_is_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, "x,a,b", [f"{i},{i % 3},{i % 4}" for i in range(30)])
    with pytest.raises(RunError, match=r"E0703.*`a`, `b` may be labels or numbers"):
        opened(path, target=("a", "b"), without=())
    dataset = opened(path, target=("a", "b"), without=(), targets="numbers")
    assert dataset.targets.names == ("a", "b")
    assert dataset.samples("test", np.arange(2), 0).targets.shape == (2, 2)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1,2.5\n2,\n3,4.5", "its row 2 has no `y`"),
        ("1,2.5\n2,inf\n3,4.5", "its row 2 has `inf` as `y`"),
        ("1,2.5\n2,much\n3,4.5", "its row 2 has `much` as `y`"),
    ],
)
def test_a_target_that_is_no_number_is_told_with_its_row(tmp_path: Path, rows: str, words: str) -> None:
    with pytest.raises(RunError, match=words):
        opened(written(tmp_path, "x,y", [rows]), target="y", without=(), targets="numbers")
