"""Tables in files, `.csv`, `.tsv` and `.parquet`: their columns as texts, and what becomes of each."""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

from ..record import record
from ..text.reading import check_file, read_file, reason_of
from .faults import FileDamaged, FilesAbsent
from .forms import Kind
from .splits import TRAIN, named_splits

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
"""What a cell without a value holds, in small letters."""
_UNTOLD = MISSING - {"none"}
"""The same of a cell that should name a class: `none` is a class, that of nothing."""


_ROUND = re.compile(r"(-?\d+)\.0+")
_FIRST_ROW = re.compile(r'(?:"[^"]*"|[^"\n])*')
_QUOTED = re.compile(r'"[^"]*"')


class PackageMissing(Exception):
    """A kind of file is read by a package that is not installed."""


Targets: TypeAlias = tuple[tuple[str, ...], Sequence[tuple[float, ...]]]
"""Names, and what each row is to be told as."""


@record
class Table:
    """``columns``: by name, a text for each row; "" where there is no value. ``nested``: those whose cells hold lists
    or tables."""

    path: Path
    columns: Mapping[str, Sequence[str]]
    nested: frozenset[str] = frozenset()

    @property
    def rows(self) -> int:
        return len(next(iter(self.columns.values()), ()))


@record
class Encoding:
    """What becomes of a table. ``features``: a column, and the category of it that the feature stands for, None for
    a number. ``names``: of the classes in order, or of the columns of labels or numbers. ``targets``: of each row the
    place of its class, or a number for each name. ``splits``: the places of the rows, by split."""

    features: tuple[tuple[str, str | None], ...]
    kind: Kind
    names: tuple[str, ...]
    targets: Sequence[tuple[float, ...]]
    splits: Mapping[str, Sequence[int]]

    @property
    def sorts(self) -> Sequence[int]:
        """What rows are divided into splits by, each sort alike: their classes, or one for all."""
        return [int(target[0]) for target in self.targets] if self.kind == "classes" else [0] * len(self.targets)

    def counts(self) -> dict[str, Counter[int]]:
        """How often each sort occurs in each split that is given."""
        sorts = self.sorts
        return {split: Counter(sorts[row] for row in rows) for split, rows in self.splits.items()}


@record
class Wanted:
    """What of a table is asked for. ``inputs``: None for all columns but the others that are named here. ``kind``: what
    the targets are; None: as they look."""

    targets: tuple[str, ...]
    kind: Kind | None
    inputs: Sequence[str] | None
    without: Sequence[str]
    categories: Collection[str]
    split: str | None
    most: int


def read_table(path: Path, limit: int | None = None) -> Table | None:
    """The table in a file; None where the file is larger than ``limit`` bytes. Raises FilesAbsent, FileDamaged, and
    PackageMissing."""
    try:
        check_file(path, None)
        if limit is not None and path.stat().st_size > limit:
            return None
        table = _parquet(path) if path.suffix.lower() in (".parquet", ".pq") else Table(path, _separated(path))
    except FileNotFoundError:
        hint = "write it there, or name another file; relative paths start from the folder of the .space file"
        raise FilesAbsent(path.parent, (path.name,), hint) from None
    except OSError as error:
        raise FileDamaged(path, reason_of(error)) from error
    if not table.rows:
        raise FileDamaged(path, "it has no rows")
    return table


def encoding(table: Table, wanted: Wanted) -> Encoding:
    """Raises FileDamaged where a column is not there, or cannot serve."""
    others = [name for name in (*wanted.targets, wanted.split) if name is not None]
    for name in (*others, *(wanted.inputs or ()), *wanted.without, *wanted.categories):
        if name not in table.columns:
            raise FileDamaged(table.path, f"it has no column `{name}`, but {_listed(table.columns)}")
    kept = wanted.inputs if wanted.inputs is not None else [n for n in table.columns if n not in wanted.without]
    features: list[tuple[str, str | None]] = []
    for name in kept:
        if name in others:
            continue
        if name not in wanted.categories and _numeric(table, name):
            features.append((name, None))
            continue
        found = in_order(map(known, set(table.columns[name])))
        if len(found) > wanted.most:
            reason = (
                f"its column `{name}` has {len(found):,} different texts, and at most {wanted.most} become features"
            )
            raise FileDamaged(table.path, f"{reason}; leave it out (`without`), or allow more (`most`)")
        features += [(name, category) for category in found]
    if not features:
        raise FileDamaged(table.path, "it has no columns beside the target")
    kind = wanted.kind or _kind(table, wanted.targets)
    names, targets = (_labels if kind == "classes" else partial(_numbers, kind=kind))(table, wanted.targets)
    return Encoding(tuple(features), kind, names, targets, _splits(table, wanted.split))


def _numeric(table: Table, name: str) -> bool:
    """Whether all cells of a column that hold something hold numbers. Raises FileDamaged where one is infinite."""
    cells = table.columns[name]
    try:
        found = list(map(float, cells))  # what is missing may be a NaN; an underscore is no digit
        plain = "_" not in "".join(cells)
    except ValueError:
        own = {cell: number(cell) for cell in set(cells) if not missing(cell)}
        found = [value for value in own.values() if value is not None]
        plain = len(found) == len(own)
    if plain and any(map(math.isinf, found)):
        raise FileDamaged(table.path, f"its column `{name}` holds an infinite number, and all are finite")
    return plain


def number(value: str) -> float | None:
    """The number that a text is, perhaps an infinite one."""
    try:
        return float(value) if "_" not in value else None
    except ValueError:
        return None


def missing(value: str) -> bool:
    """Whether a cell of a feature says that there is no value."""
    return value.lower() in MISSING


def untold(value: str) -> bool:
    """Whether a cell of a target says that there is no value."""
    return value.lower() in _UNTOLD


def known(value: str) -> str:
    """The text that a cell of a category is known by, whatever kind of file it stands in: "" where there is no value;
    `true` and `false` in small letters; whole numbers without a fraction."""
    if missing(value):
        return ""
    return _plain(value)


def _plain(value: str) -> str:
    small = value.lower()
    if small in ("true", "false"):
        return small
    whole = _ROUND.fullmatch(value)
    return whole[1] if whole else value


def in_order(values: Iterable[str]) -> tuple[str, ...]:
    """Different texts in a row: whole numbers by their size, others by their letters."""
    found = sorted(set(values))
    return tuple(sorted(found, key=int)) if all(map(_whole, found)) else tuple(found)


def _whole(value: str) -> bool:
    # Python converts no texts of thousands of digits, and no size of one matters.
    return value.removeprefix("-").isdecimal() and value.isascii() and len(value) <= 1_000


def _kind(table: Table, targets: Sequence[str]) -> Kind:
    """What targets are that hold numbers with fractions, or texts. Raises FileDamaged where that is open."""
    cells = [[number(value) for value in set(table.columns[name]) if not untold(value)] for name in targets]
    if all(None not in column for column in cells) and any(
        value is not None and math.isfinite(value) and not value.is_integer() for column in cells for value in column
    ):
        return "numbers"
    if len(targets) > 1:
        told = "`task = multi_label` where each applies (1) or not (0), `task = regression` where they are numbers"
        raise FileDamaged(table.path, f"its columns {_listed(targets)} may be labels or numbers; write {told}")
    return "classes"


def _check_whole(table: Table, target: str) -> None:
    for row, value in enumerate(table.columns[target]):
        if untold(value):
            raise FileDamaged(
                table.path, f"its row {row + 1} has {f'`{value}` for' if value else 'no'} `{target}`, the target"
            )


def _labels(table: Table, targets: Sequence[str]) -> Targets:
    """The classes, and the place of that of each row."""
    if len(targets) > 1:
        raise FileDamaged(table.path, f"its columns {_listed(targets)} are to name classes, and one does")
    (target,) = targets
    _check_whole(table, target)
    values = list(map(_plain, table.columns[target]))
    classes = in_order(values)
    numbers = {value: number(value) for value in classes}
    infinite = next((value for value, n in numbers.items() if n is not None and math.isinf(n)), None)
    if infinite is not None and None not in numbers.values():
        raise FileDamaged(
            table.path, f"its row {values.index(infinite) + 1} has `{infinite}` for `{target}`, the target"
        )
    if any(n is not None and math.isfinite(n) and not n.is_integer() for n in numbers.values()):
        reason = f"its column `{target}` holds numbers with fractions, and the target names classes"
        raise FileDamaged(table.path, f"{reason}; write `task = regression`")
    places = {name: place for place, name in enumerate(classes)}
    return classes, [(places[value],) for value in values]


def _numbers(table: Table, targets: Sequence[str], kind: Kind) -> Targets:
    """The names of the columns, and the numbers of each row."""
    columns: list[list[float]] = []
    for target in targets:
        _check_whole(table, target)
        column = [number(value) for value in table.columns[target]]
        for row, value in enumerate(column):
            if value is None or not math.isfinite(value) or (kind == "labels" and value not in (0, 1)):
                told = "0 or 1, whether the label applies" if kind == "labels" else "a number"
                reason = f"its row {row + 1} has `{table.columns[target][row]}` as `{target}`, and that is {told}"
                raise FileDamaged(table.path, reason)
        columns.append([value for value in column if value is not None])
    return tuple(targets), list(zip(*columns, strict=True))


def _splits(table: Table, column: str | None) -> dict[str, Sequence[int]]:
    if column is None:
        return {TRAIN: range(table.rows)}
    found: dict[str, list[int]] = {}
    for row, value in enumerate(table.columns[column]):
        found.setdefault(value.lower(), []).append(row)
    strange = sorted(found.keys() - {"train", "valid", "val", "test"})
    if strange:
        raise FileDamaged(
            table.path, f"its column `{column}` says `{strange[0]}`, and splits are train, valid and test"
        )
    if TRAIN not in found:
        raise FileDamaged(table.path, f"its column `{column}` has no row to train on")
    return {split: found[name] for split, name in named_splits(found, table.path).items()}


def _separated(path: Path) -> dict[str, list[str]]:
    try:
        text = read_file(path, None).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileDamaged(path, f"it is no text in UTF-8: {error.reason}") from error
    mark = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=_header(text).count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True) if row]
    except csv.Error as error:
        raise FileDamaged(path, f"it is no table: {error}") from error
    if not rows:
        raise FileDamaged(path, "it is empty")
    names = [name.strip() for name in rows[0]]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FileDamaged(path, f"it has two columns `{twice[0]}`")
    for place, row in enumerate(rows[1:], 1):
        if len(row) != len(names):
            raise FileDamaged(path, f"its row {place} has {len(row)} cells, and there are {len(names)} columns")
    columns = zip(*rows[1:], strict=True) if len(rows) > 1 else ((),) * len(names)
    return {name: list(map(str.strip, cells)) for name, cells in zip(names, columns, strict=True)}


def _header(text: str) -> str:
    """The names of the columns but for what is quoted, in which a mark is part of a name."""
    found = _FIRST_ROW.match(text)
    row = found[0] if found is not None else ""
    return _QUOTED.sub("", row) or text.partition("\n")[0]


def _parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowException, parquet, types
    except ImportError:
        raise PackageMissing from None
    try:
        table = parquet.read_table(path)
        nested = frozenset(field.name for field in table.schema if types.is_nested(field.type))
        return Table(path, {name: _cells(table[name]) for name in table.column_names}, nested)
    except (ArrowException, KeyError, ValueError, OverflowError) as error:
        raise FileDamaged(path, f"it is no whole .parquet file: {str(error).splitlines()[0]}") from error


def _cells(column: Any) -> list[str]:
    try:
        values = column.to_pylist()
    except (ValueError, OverflowError):  # a time that Python has none for: nanoseconds, years beyond 9999
        values = column.cast("string").to_pylist()
    return [_written(value) for value in values]


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))  # whole numbers beside missing ones are stored so
    return str(value).lower() if isinstance(value, bool) else str(value).strip()


def _listed(names: Collection[str]) -> str:
    shown = [f"`{name}`" for name in names]
    return ", ".join(shown[:8]) + (", …" if len(shown) > 8 else "")
