"""Tables in files, as a data set: the user's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from ..datafiles.faults import FileDamaged
from ..datafiles.splits import Shares
from ..datafiles.tables import Encoding, PackageMissing, Wanted, encoding, read_table
from ..datafiles.tables import Table as TableFile
from ..text.reading import TEXT
from .base import Conflict, Count, Natural
from .data import Data, DataSignature, Found, Half, InputSignature


class Table(Data):
    """A table, `.csv`, `.tsv` or `.parquet`: a row is a sample, its columns are features, one of them is the target.

    Columns of numbers get mean 0 and deviation 1 over the rows to train on, a missing one is the mean; other columns
    become a feature of 0 and 1 for each of their texts, a missing one is a text of its own.
    """

    reader: ClassVar[str | None] = "tables:TableDataset"

    kind: Literal["table"] = "table"
    file: str = Field(description="The file, with the names of the columns in its first row")
    target: str = Field(description="The column of the classes")
    columns: tuple[str, ...] | None = Field(default=None, description="The columns of the features; none: all others")
    without: tuple[str, ...] = Field(default=(), description="Columns that are left out: numbers of rows, names")
    categories: tuple[str, ...] = Field(default=(), description="Columns of numbers that name categories")
    split: str | None = Field(default=None, description="A column that says `train`, `valid` or `test`")
    most: Count = Field(default=64, description="Different texts that a column may have at most")
    classes: Count | None = Field(default=None, description="Number of classes; none: as many as the target names")
    valid: Half = Field(default=0.5, description="Share of the training rows that decisions learn from")
    test: Half = Field(default=0.2, description="Share of all rows that only results are measured on")
    seed: Natural = Field(default=0, description="Seed of the division into splits, which the search's does not change")

    @property
    def shares(self) -> Shares:
        return Shares(self.valid, self.test)

    def encoding(self, table: TableFile) -> Encoding:
        """What becomes of a table. Raises FileDamaged."""
        wanted = Wanted(self.target, self.columns, self.without, self.categories, self.split, self.most)
        found = encoding(table, wanted)
        if self.classes is not None and self.classes != len(found.classes):
            reason = f"its column `{self.target}` names {len(found.classes)} classes, and `classes` is {self.classes}"
            raise FileDamaged(table.path, reason)
        return found

    def look(self, folder: Path) -> Found | None:
        try:
            table = read_table(folder / self.file, TEXT)
        except PackageMissing:
            return None
        if table is None:
            return None
        found = self.encoding(table)
        inputs = (InputSignature("features", "features", (len(found.features),)),)
        return Found(inputs, found.classes, self.shares.sizes(found.counts()))

    def signature(self) -> DataSignature:
        if self.found is None:
            return DataSignature((), self.classes)
        names = self.found.class_names
        return DataSignature(self.found.inputs, None if names is None else len(names), names)

    def samples(self, splits: Sequence[str]) -> int | None:
        sizes = self.found.sizes if self.found is not None else None
        return sum(sizes[split] for split in splits) if sizes is not None else None

    def varies(self) -> bool:
        return False

    def conflicts(self) -> Iterator[Conflict]:
        if self.columns is not None and self.without:
            yield Conflict("without", "`columns` says already which there are", "leave one of the two out", "columns")
