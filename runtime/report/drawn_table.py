"""The architectures that a search drew as text: a table, and rows for a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from stdsl.compiler.text.figures import figure, rounded
from stdsl.compiler.text.quoting import json_text

from ..drawn import Drawn
from ..tracking.rows import Table as Rows
from .plain import plain
from .whole import print_whole

_HASH = 12
"""So much of an architecture's hash tells it from others."""
_FEW = 12
"""The values of a strategy stand in the table where it has no more."""
_ROOMY = 100
"""And where there are so many columns."""


def render_drawn(drawn: Drawn, console: Console) -> None:
    """Print a row for each different strategy, the best first."""
    number = sum(strategy.times for strategy in drawn.strategies)
    one, many = drawn.called
    head = f"{drawn.search}: {many} drawn of {drawn.space}: {number:,}, {len(drawn.strategies):,} of them different"
    console.print(plain(head, "bold"), highlight=False, soft_wrap=True)
    few = all(len(strategy.architecture) <= _FEW for strategy in drawn.strategies)
    short = few and console.width >= _ROOMY
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(one, no_wrap=True)
    known = any(strategy.log_prob is not None for strategy in drawn.strategies)
    for title in (drawn.measured_by.title, "drawn", *(["log probability"] if known else []), "params", "FLOPs"):
        table.add_column(title, justify="right")
    if short:
        table.add_column("has", overflow="fold", min_width=12)
    for strategy in drawn.strategies:
        likely = "" if strategy.log_prob is None else rounded(strategy.log_prob, 2)
        table.add_row(
            plain(strategy.architecture.hash[:_HASH]),
            drawn.measured_by.written(strategy.value),
            str(strategy.times),
            *([likely] if known else []),
            figure(strategy.params),
            figure(strategy.flops),
            *([plain(_has(strategy.architecture))] if short else []),
        )
    print_whole(table, console)


def _has(values: Mapping[str, Any]) -> str:
    """The gates that are on, and the values of other decisions."""
    found = []
    for path, value in values.items():
        if isinstance(value, bool):
            found += [path] if value else []
        elif isinstance(value, tuple | list):
            found.append(f"{path} = {'+'.join(map(str, value)) or 'none'}")
        else:
            found.append(f"{path} = {value}")
    return ", ".join(found) or "nothing"


def drawn_rows(drawn: Drawn) -> Rows:
    """A row for each different strategy, the best first; numbers in full."""
    titles = ["hash", drawn.metric, "times", "log_prob", "params", "flops", "architecture"]
    rows: list[list[str | int | float | None]] = []
    for strategy in drawn.strategies:
        facts = strategy.document()
        values = json_text(facts.pop("architecture"))
        rows.append([*facts.values(), values])
    return [titles, *rows]
