"""Tables whose numbers are never cut."""

from __future__ import annotations

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table


def print_whole(table: Table, console: Console) -> None:
    """Print a table. Its columns to the right, which are of numbers, have room for the longest one; where the console
    is too narrow for that, lines are longer than it."""
    for column in table.columns:
        cells = [str(cell) for cell in (column.header, *column.cells)]
        if column.no_wrap:
            column.min_width = max(map(cell_len, cells))
        elif column.justify == "right":
            column.min_width = max((cell_len(word) for cell in cells for word in cell.split()), default=0)
    needed = Measurement.get(console, console.options.update(max_width=10_000), table).minimum
    table.width = needed if needed > console.width else None
    console.print(table, highlight=False, crop=False)
