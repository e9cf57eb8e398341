"""Tables in files, as a data set: the user's own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from annotated_types import Ge, Le
from pydantic import Field

from ..datafiles.faults import FileDamaged
from ..datafiles.forms import Kind
from ..datafiles.splits import Shares
from ..datafiles.tables import Encoding, PackageMissing, Wanted, encoding, read_table
from ..datafiles.tables import Table as TableFile
from ..text.reading import TEXT
from .base import Classes, Conflict, Natural
from .data import Data, DataSignature, Found, Half, InputSignature
from .tasks.targets import TargetSignature


class Table(Data):
    """A table, `.csv`, `.tsv` or `.parquet`: a row is a sample, its columns are features, one of them is the target.

    Columns of numbers get mean 0 and deviation 1 over the rows to train on, a missing one is the mean; other columns
    become a feature of 0 and 1 for each of their texts, a missing one is a text of its own.
    """

    asks_task: ClassVar[bool] = True
    reader: ClassVar[str | None] = "numbers.tables:TableDataset"

    kind: Literal["table"] = "table"
    file: str = Field(description="The file, with the names of the columns in its first row")
    target: tuple[str, ...] | str = Field(
        description="The column to be told, or several of them: numbers, or labels that apply (1) or not (0)"
    )
    targets: Kind | None = Field(
        default=None,
        description="What the target is; none: what the search's `task` has, else numbers where some have fractions, "
        "and classes where not",
    )
    scale_target: bool = Field(
        default=True,
        description="Numbers to tell get mean 0 and deviation 1 over the rows to train on; results are in their units",
    )
    columns: tuple[str, ...] | None = Field(default=None, description="The columns of the features; none: all others")
    without: tuple[str, ...] = Field(default=(), description="Columns that are left out: numbers of rows, names")
    categories: tuple[str, ...] = Field(default=(), description="Columns of numbers that name categories")
    split: str | None = Field(default=None, description="A column that says `train`, `valid` or `test`")
    most: Annotated[int, Ge(1), Le(65_535)] = Field(
        default=64, description="Different texts that a column may have at most"
    )
    classes: Classes | None = Field(default=None, description="Number of classes; none: as many as the target names")
    valid: Half = Field(default=0.5, description="Share of the training rows that decisions learn from")
    test: Half = Field(default=0.2, description="Share of all rows that only results are measured on")
    seed: Natural = Field(default=0, description="Seed of the division into splits, which the search's does not change")

    @property
    def shares(self) -> Shares:
        return Shares(self.valid, self.test)

    def encoding(self, table: TableFile) -> Encoding:
        """What becomes of a table. Raises FileDamaged."""
        targets = (self.target,) if isinstance(self.target, str) else self.target
        wanted = Wanted(targets, self.targets, self.columns, self.without, self.categories, self.split, self.most)
        found = encoding(table, wanted)
        if self.classes is not None and (found.kind == "numbers" or self.classes != len(found.names)):
            told = f"names {len(found.names)} classes" if found.kind == "classes" else f"holds {found.kind}"
            raise FileDamaged(
                table.path, f"its column `{targets[0]}` {told}, and `classes` is {self.classes}", "classes"
            )
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
        targets = TargetSignature(found.kind, len(found.names), found.names, ())
        return Found(inputs, targets, self.shares.sizes(found.counts()))

    def signature(self) -> DataSignature:
        if self.found is None:
            return DataSignature((), TargetSignature(self.targets, self.classes, None, ()))
        return DataSignature(self.found.inputs, self.found.targets)

    def varies(self) -> bool:
        return False

    def conflicts(self) -> Iterator[Conflict]:
        if not self.target or (not isinstance(self.target, str) and len(set(self.target)) < len(self.target)):
            message = "no column is to be told" if not self.target else "a column is to be told twice"
            yield Conflict("target", message, "name each column once")
        if self.columns is not None and self.without:
            yield Conflict("without", "`columns` says already which there are", "leave one of the two out", "columns")
