"""Tables as files that spreadsheets read."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from .files import write_text

Table: TypeAlias = Sequence[Sequence[str | int | float | None]]
"""The names of the columns, then the rows; None where there is no value."""
_COMPUTED = ("=", "+", "-", "@", "\t", "\n")
"""What begins a formula (OWASP, "CSV injection"); names of classes come with the data, from anywhere."""
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def write_rows(path: Path, table: Table) -> None:
    """As :func:`csv_text` says. Raises RunError where the system refuses it."""
    write_text(path, csv_text(table))


def csv_text(table: Table) -> str:
    """As CSV; numbers with as many digits as bring them back, texts that a spreadsheet would compute behind a `'`."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(map(_cell, row) for row in table)
    return buffer.getvalue()


def _cell(cell: str | int | float | None) -> str | int | float:
    if not isinstance(cell, str):
        return "" if cell is None else cell
    text = cell.replace("\r", "\n")  # which the writer would leave bare, and readers take for the end of the row
    return f"'{text}" if text.startswith(_COMPUTED) and not _NUMBER.fullmatch(text) else text
