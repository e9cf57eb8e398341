"""A list of files with the label of each, and perhaps its split: a table. No file of it is opened."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from ..record import record
from .faults import FileDamaged
from .splits import TRAIN, named_splits
from .tables import in_order, read_table

_LOOKED_FOR = 100
"""So many of the first files are looked for before all are taken to be there."""


@record
class ListedFiles:
    """``rows``: by split, path and place of the label among ``classes``, in the order of the list. Paths start from
    ``root``."""

    root: Path
    source: Path
    classes: tuple[str, ...]
    rows: Mapping[str, Sequence[tuple[str, int]]]

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
        return FileDamaged(self.source, f"it has {len(self.classes)} labels, and `classes` is {classes}")


def listed_files(source: Path, root: Path) -> ListedFiles:
    """The list in a `.csv` or `.tsv` with the columns `path` and `label`, and perhaps `split`. Raises FilesAbsent and
    FileDamaged."""
    if source.suffix.lower() not in (".csv", ".tsv"):
        raise FileDamaged(source, "a list of files ends in .csv or .tsv")
    table = read_table(source)
    assert table is not None
    for name in ("path", "label"):
        if name not in table.columns:
            known = ", ".join(f"`{column}`" for column in list(table.columns)[:8])
            raise FileDamaged(source, f"its first row names no column `{name}`, but {known}; write `path,label`")
    paths, labels = table.columns["path"], table.columns["label"]
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
    classes = in_order(labels)
    places = {name: place for place, name in enumerate(classes)}
    rows: dict[str, list[tuple[str, int]]] = {}
    for path, label, split in zip(paths, labels, _splits(table.columns.get("split"), len(paths), source), strict=True):
        rows.setdefault(split, []).append((path, places[label]))
    if TRAIN not in rows:
        raise FileDamaged(source, "none of its rows is of the split `train`")
    spoken = named_splits(rows, source)
    return ListedFiles(root, source, classes, {split: rows[word] for split, word in spoken.items()})


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
