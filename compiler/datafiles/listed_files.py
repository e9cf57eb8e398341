"""A list of files with the class of each, or the labels that apply to it, and perhaps its split: a table. No file of it
is opened."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..record import record
from .faults import FileDamaged
from .splits import TRAIN, named_splits
from .tables import Table, in_order, number, read_table

Labelled = tuple[str, ...] | str
"""What says of several labels whether each applies: a column for each (0 or 1), or one that lists those that do."""
_BETWEEN = re.compile("[;|]")
"""What stands between labels in a cell."""
_LOOKED_FOR = 100
"""So many of the first files are looked for before all are taken to be there."""


@record
class ListedFiles:
    """``rows``: by split, path and place of the label among ``classes``, in the order of the list. Paths start from
    ``root``. ``sets``: of files to which several labels may apply, by split 0 or 1 for each of ``classes``, the labels,
    in the same order; then all rows have the place 0. None where a file is of one class."""

    root: Path
    source: Path
    classes: tuple[str, ...]
    rows: Mapping[str, Sequence[tuple[str, int]]]
    sets: Mapping[str, Sequence[tuple[int, ...]]] | None = None

    @property
    def splits(self) -> Mapping[str, Path]:
        """What the paths of each split start from."""
        return dict.fromkeys(self.rows, self.root)

    def samples(self, split: str, label: int) -> Iterator[str]:
        """The files of a class."""
        return (path for path, own in self.rows[split] if own == label)

    def others(self) -> Iterator[str]:
        """None: what is listed is meant."""
        return iter(())

    def counts(self, split: str, limit: int) -> dict[int, int] | None:
        """How many files each class has, whatever ``limit``: the list is read."""
        counts = dict.fromkeys(range(len(self.classes)), 0)
        for _, label in self.rows[split]:
            counts[label] += 1
        return counts

    def miscounted(self, classes: int) -> FileDamaged:
        """That it has another number of classes."""
        return FileDamaged(self.source, f"it has {len(self.classes)} labels, and `classes` is {classes}", "classes")


def listed_files(source: Path, root: Path, labelled: Labelled | None = None) -> ListedFiles:
    """The list in a `.csv` or `.tsv` with the columns `path` and `label` (or those of ``labelled``), and perhaps
    `split`. Raises FilesAbsent and FileDamaged."""
    if source.suffix.lower() not in (".csv", ".tsv"):
        raise FileDamaged(source, "a list of files ends in .csv or .tsv")
    table = read_table(source)
    assert table is not None
    columns = ("label",) if labelled is None else (labelled,) if isinstance(labelled, str) else labelled
    for name in ("path", *columns):
        if name not in table.columns:
            known = ", ".join(f"`{column}`" for column in list(table.columns)[:8])
            wanted = ",".join(("path", *columns))
            raise FileDamaged(source, f"its first row names no column `{name}`, but {known}; write `{wanted}`")
    paths = table.columns["path"]
    labels = table.columns["label"] if labelled is None else paths
    for row, (path, label) in enumerate(zip(paths, labels, strict=True), 1):
        if not path or not label:
            raise FileDamaged(source, f"its row {row} has no {'label' if path else 'path'}")
        if os.path.isabs(path) or os.pardir in Path(path).parts:
            raise FileDamaged(source, f"its row {row} names `{path}`, and paths go on from {root}, without `..`")
    if not any(os.path.exists(root / path) for path in paths[:_LOOKED_FOR]):
        raise FileDamaged(source, f"`{paths[0]}` and those behind it are not in {root}, which its paths start from")
    twice = _first_twice(paths)
    if twice is not None:
        raise FileDamaged(source, f"it names `{twice}` twice")
    splits = _splits(table.columns.get("split"), len(paths), source)
    rows: dict[str, list[tuple[str, int]]] = {}
    if labelled is not None:
        names, applying = _sets(table, labelled)
        sets: dict[str, list[tuple[int, ...]]] = {}
        for path, own, split in zip(paths, applying, splits, strict=True):
            rows.setdefault(split, []).append((path, 0))
            sets.setdefault(split, []).append(own)
        spoken = _spoken(rows, source)
        by_split = {split: sets[word] for split, word in spoken.items()}
        return ListedFiles(root, source, names, {split: rows[word] for split, word in spoken.items()}, by_split)
    classes = in_order(labels)
    places = {name: place for place, name in enumerate(classes)}
    for path, label, split in zip(paths, labels, splits, strict=True):
        rows.setdefault(split, []).append((path, places[label]))
    spoken = _spoken(rows, source)
    return ListedFiles(root, source, classes, {split: rows[word] for split, word in spoken.items()})


def _spoken(rows: Mapping[str, Sequence[tuple[str, int]]], source: Path) -> Mapping[str, str]:
    """What the list calls each split. Raises FileDamaged."""
    if TRAIN not in rows:
        raise FileDamaged(source, "none of its rows is of the split `train`")
    return named_splits(rows, source)


def _sets(table: Table, labelled: Labelled) -> tuple[tuple[str, ...], list[tuple[int, ...]]]:
    """The labels, and 0 or 1 for each of them, row by row. Raises FileDamaged."""
    if isinstance(labelled, str):
        cells = [[part.strip() for part in _BETWEEN.split(cell)] for cell in table.columns[labelled]]
        names = in_order(part for cell in cells for part in cell if part)
        if not names:
            raise FileDamaged(table.path, f"its column `{labelled}` names no label")
        return names, [tuple(int(name in cell) for name in names) for cell in cells]
    columns = []
    for name in labelled:
        column = [number(cell) for cell in table.columns[name]]
        for row, value in enumerate(column):
            if value not in (0, 1):
                reason = f"its row {row + 1} has `{table.columns[name][row]}` as `{name}`, and that is 0 or 1"
                raise FileDamaged(table.path, f"{reason}, whether the label applies")
        columns.append([int(value or 0) for value in column])
    return labelled, list(zip(*columns, strict=True))


def _splits(column: Sequence[str] | None, count: int, source: Path) -> Sequence[str]:
    if column is None:
        return [TRAIN] * count
    found = [split.lower() for split in column]
    strange = [split for split in found if split not in ("train", "valid", "val", "test")]
    if strange:
        raise FileDamaged(source, f"its column `split` says `{strange[0]}`, and splits are train, valid and test")
    return found


def _first_twice(paths: Sequence[str]) -> str | None:
    seen: set[str] = set()
    for path in map(os.path.normpath, paths):
        if path in seen:
            return path
        seen.add(path)
    return None
