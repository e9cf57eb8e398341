"""Samples in tables: a row is one, its columns become features as in training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from stdsl.compiler.datafiles.faults import FileDamaged, FilesAbsent
from stdsl.compiler.datafiles.table_doubts import strangers
from stdsl.compiler.datafiles.tables import PackageMissing, Table, missing, number, read_table
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.prediction import CategoriesUnknown

from ..data.numbers.table_features import feature_values, filled
from .model import Model, Sample

Warn = Callable[[Diagnostic], None]
TABLES = (".csv", ".tsv", ".parquet", ".pq")


def rows_of(model: Model, path: Path, warn: Warn) -> Iterator[Sample]:
    """The rows of a table with the columns that the network was trained on, in any order, among others. A cell without
    a value is the mean in training; a text that no row had is none of the categories, and where all rows have such in a
    column, ``warn`` is told. Raises ValueError."""
    features, mean = model.normalisation.columns, model.normalisation.mean
    try:
        table = read_table(path)
    except FileDamaged as fault:
        raise ValueError(fault.reason) from fault
    except FilesAbsent as fault:
        raise ValueError("No such file or directory") from fault
    except PackageMissing as fault:
        raise ValueError('it is read by pyarrow: pip install "stdsl[table]"') from fault
    assert table is not None, "without a limit nothing is too large"
    for name, category in features:
        if name not in table.columns:
            raise ValueError(f"it has no column `{name}`")
        if category is None:
            _check_numbers(table, name)
    for name, text, categories in strangers(table, features):
        warn(CategoriesUnknown(None, str(path), name, text, categories))
    yield from ((row,) for row in filled(feature_values(table, features), mean))


def _check_numbers(table: Table, name: str) -> None:
    """Raises ValueError where a cell that holds something holds no finite number."""
    for row, cell in enumerate(table.columns[name], 1):
        value = 0.0 if missing(cell) else number(cell)
        if value is None or value - value != 0:
            raise ValueError(f"its row {row} has `{cell}` as `{name}`, and that is a number")
