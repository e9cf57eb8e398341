"""Tables as files that spreadsheets read."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from .files import write_text

Table: TypeAlias = Sequence[Sequence[str | int | float | None]]
"""The names of the columns, then the rows; None where there is no value."""


def write_rows(path: Path, table: Table) -> None:
    """As CSV; numbers with as many digits as bring them back. Raises RunError where the system refuses it."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(["" if cell is None else cell for cell in row] for row in table)
    write_text(path, buffer.getvalue())
