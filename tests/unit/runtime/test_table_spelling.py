"""The same table in every kind of file is the same data; what of it may be meant otherwise is told of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from stdsl.compiler.datafiles.tables import known, read_table
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.schemas.data_tables import Table
from stdsl.runtime.data.facts.doubts import doubts
from stdsl.runtime.data.numbers.tables import TableDataset
from stdsl.runtime.prediction.rows import rows_of

N = 24
COLUMNS: dict[str, Sequence[Any]] = {
    "wet": [None if i == 3 else i % 3 == 0 for i in range(N)],
    "rank": [None if i == 5 else i % 4 for i in range(N)],
    "size": [i * 0.25 for i in range(N)],
    "colour": ["red", "True", "green"] * (N // 3),
}
TARGETS: dict[str, Sequence[Any]] = {
    "of booleans": [i % 2 == 0 for i in range(N)],
    "of numbers": [i % 3 for i in range(N)],
    "of texts": ["ab"[i % 2] for i in range(N)],
}


def separated(path: Path, columns: dict[str, Sequence[Any]], true: str = "True", false: str = "False") -> None:
    words = {None: "", True: true, False: false}
    texts = {n: [words[v] if v is None or isinstance(v, bool) else str(v) for v in own] for n, own in columns.items()}
    path.write_text("\n".join(map(",".join, [tuple(texts), *zip(*texts.values(), strict=True)])), encoding="utf-8")


def stored(path: Path, columns: dict[str, Sequence[Any]], floats: bool) -> None:
    """``floats``: whole numbers beside missing ones as pandas has them."""
    arrays: dict[str, Any] = {
        name: [None if v is None else float(v) for v in own] if floats and name in ("rank", "y") else list(own)
        for name, own in columns.items()
    }
    parquet.write_table(pyarrow.table(arrays), path)


def opened(path: Path, **settings: Any) -> TableDataset:
    return TableDataset(Table(file=str(path), target="y", **settings), 0, Path(), None)


@pytest.mark.parametrize("kind", TARGETS)
def test_kinds_of_files_hold_the_same(kind: str, tmp_path: Path) -> None:
    columns = {**COLUMNS, "y": TARGETS[kind]}
    separated(tmp_path / "a.csv", columns)
    separated(tmp_path / "b.csv", columns, "TRUE", "FALSE")
    stored(tmp_path / "a.parquet", columns, floats=False)
    stored(tmp_path / "b.parquet", columns, floats=kind == "of numbers")
    sets = [opened(tmp_path / name, categories=("rank",)) for name in ("a.csv", "b.csv", "a.parquet", "b.parquet")]
    first = sets[0].samples("train", np.arange(sets[0].size("train")), 0)
    for own in sets[1:]:
        assert own.classes == sets[0].classes
        assert own.normalisation == sets[0].normalisation
        found = own.samples("train", np.arange(own.size("train")), 0)
        assert found.inputs[0].equal(first.inputs[0])
        assert found.targets.equal(first.targets)


def test_texts_by_which_categories_are_known() -> None:
    assert [known(text) for text in ("TRUE", "False", "1.0", "-2.00", "1.50", "v1.0", "NA", "01", "True ")] == [
        *("true", "false", "1", "-2", "1.50", "v1.0", "", "01", "True ")
    ]


@pytest.mark.parametrize(
    ("mark", "header", "names"),
    [
        (";", '"a, b, c";"d, e"', ["a, b, c", "d, e"]),
        (";", 'x;"a,b,c,d"', ["x", "a,b,c,d"]),
        (",", '"a;b","c;d;e",f', ["a;b", "c;d;e", "f"]),
        (";", '"two\nlines, of text";b', ["two\nlines, of text", "b"]),
        (";", "a;b,c;d", ["a", "b,c", "d"]),
        (",", "a", ["a"]),
        (",", '"a"', ["a"]),
    ],
)
def test_marks_between_columns_are_not_those_in_quotes(
    mark: str, header: str, names: list[str], tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n{mark.join('1' * len(names))}\n", encoding="utf-8")
    table = read_table(tmp_path / "a.csv")
    assert table is not None
    assert list(table.columns) == names


def told(path: Path, **settings: Any) -> list[str]:
    return [doubt.message for doubt in doubts(opened(path, **settings), "table", None)]


@pytest.mark.parametrize(
    ("column", "settings", "words"),
    [
        ([f"{i},5" if i % 2 else str(i) for i in range(N)], {}, "decimal commas, so that `"),
        ([str(i) for i in range(N - 1)] + ["broken"], {}, "23 of 24 different cells of its column `x` are numbers"),
        ([str(i) for i in range(N - 1)] + ["broken"], {"categories": ("x",)}, None),
        (["1,5 kg", "2,5"] * (N // 2), {}, None),
        (["a", "b", "1"] * (N // 3), {}, None),
        ([""] * (N // 2) + ["b", "c"] * (N // 4), {}, None),
    ],
)
def test_columns_that_may_be_meant_otherwise(
    column: list[str], settings: dict[str, Any], words: str | None, tmp_path: Path
) -> None:
    lines = ["x;y", *(f"{cell};{'ab'[i % 2]}" for i, cell in enumerate(column))]
    (tmp_path / "a.csv").write_text("\n".join(lines))
    found = told(tmp_path / "a.csv", **settings)
    assert len(found) == (words is not None)
    assert words is None or words in found[0]


def test_targets_that_may_be_meant_otherwise(tmp_path: Path) -> None:
    def written(cells: list[str]) -> Path:
        (tmp_path / "a.csv").write_text("\n".join(["x;y", *(f"{i};{cell}" for i, cell in enumerate(cells))]))
        return tmp_path / "a.csv"

    assert "one class, `a`" in told(written(["a"] * N))[0]
    assert "column `y` has decimal commas" in told(written(["1,5", "2,5"] * (N // 2)))[0]
    assert told(written(["2.5"] * N), targets="numbers") == ["`table`: all samples to train on have 2.5 as `y`"]
    assert not told(written(["2.5", "3.5"] * (N // 2)), targets="numbers")


@pytest.mark.parametrize(
    ("cells", "words"), [(["0", "1", "inf"], "its row 3 has `inf` for `y`"), (["a", "b", "inf"], "")]
)
def test_an_infinite_number_has_no_fraction(cells: list[str], words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("\n".join(["x;y", *(f"{i};{cells[i % 3]}" for i in range(N))]))
    if not words:
        assert opened(tmp_path / "a.csv").classes == ("a", "b", "inf")
        return
    with pytest.raises(RunError, match=f"E0703.*{words}"):
        opened(tmp_path / "a.csv")


def test_lists_in_cells(tmp_path: Path) -> None:
    columns = {"x": [[i % 2, 1] for i in range(N)], "y": ["ab"[i % 2] for i in range(N)]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    assert "holds lists or tables" in told(tmp_path / "a.parquet")[0]


def test_a_column_without_one_of_its_categories(tmp_path: Path) -> None:
    separated(tmp_path / "a.csv", {"colour": ["red", "green"] * 12, "wet": [True, False] * 12, "y": ["a", "b"] * 12})
    trained = opened(tmp_path / "a.csv")
    model: Any = SimpleNamespace(normalisation=trained.normalisation)

    def warnings(columns: dict[str, Sequence[Any]]) -> list[str]:
        separated(tmp_path / "b.csv", {**columns, "y": ["a"] * 2})
        found: list[Diagnostic] = []
        assert len(list(rows_of(model, tmp_path / "b.csv", found.append))) == 2
        scale: Any = SimpleNamespace(normalisation=trained.normalisation, told=lambda targets: targets)
        own = opened(tmp_path / "b.csv").scaled_as(scale)
        assert len([d for d in own.doubts() if "in training" in d[0]]) == len(found)
        return [warning.message for warning in found]

    assert warnings({"wet": ["TRUE", "x"], "colour": ["rot", ""]}) == [
        f"{tmp_path / 'b.csv'}: no text of its column `colour` was there in training: `rot`, say"
    ]
    assert not warnings({"wet": ["true", "x"], "colour": ["rot", "red"]})
    assert not warnings({"wet": ["false", ""], "colour": ["", "NA"]})
