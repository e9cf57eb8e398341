"""What a run learnt of each unit as text: tables with bars, and rows for a CSV file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from ..marginals import Layer, Marginals, Unit
from ..tracking.rows import csv_text
from .plain import plain

_WIDTH = 20
_ROOMY = 70
"""Columns from which on there are bars: numbers come first."""
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render_marginals(marginals: Marginals, console: Console) -> None:
    """Print each unit with a bar of the probability that a drawn architecture has it, then what layers come out as."""
    head = f"{marginals.search}: the {marginals.learnt} over {marginals.space}"
    console.print(plain(head, "bold"), highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("layer", "unit"):
        table.add_column(title)
    for title in marginals.numbers:
        table.add_column(title, justify="right", no_wrap=True)
    if drawn := console.width >= _ROOMY:
        table.add_column("", no_wrap=True)
    for unit in marginals.units:
        own = (unit.drawn, unit.alone, unit.score)[: len(marginals.numbers)]
        numbers = ("" if number is None else f"{number:.3f}" for number in own)
        table.add_row(plain(unit.layer), plain(unit.unit), *numbers, *([bar(unit.drawn)] if drawn else []))
    console.print(table, highlight=False)
    if marginals.layers:
        console.print("how layers come out", style="italic", highlight=False)
    for ways, layers in marginals.kinds.items():
        console.print(_outcomes(ways, layers, console.width), highlight=False)


def _outcomes(ways: Sequence[str], layers: Sequence[Layer], width: int) -> Table:
    """Layers of one kind: a column for each way, or, where these would not fit, a row. Numbers are never cut."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("layer", overflow="fold")
    needed = max(cell_len(layer.layer) for layer in layers) + sum(max(cell_len(way), 5) + 3 for way in ways)
    if needed < width:
        for way in ways:
            table.add_column(plain(way), justify="right", no_wrap=True)
        for layer in layers:
            table.add_row(plain(layer.layer), *(f"{layer.ways[way]:.3f}" for way in ways))
        return table
    table.add_column("comes out as", overflow="fold")
    table.add_column("probability", justify="right", no_wrap=True)
    for layer in layers:
        for way in ways:
            table.add_row(plain(layer.layer if way == ways[0] else ""), plain(way), f"{layer.ways[way]:.3f}")
    return table


def bar(share: float) -> str:
    """A bar for a number from 0 to 1."""
    eighths = round(share * _WIDTH * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def marginals_csv(marginals: Marginals) -> str:
    """A row for each unit, numbers in full."""
    titles = [field.name for field in fields(Unit)]
    return csv_text([titles, *([getattr(unit, title) for title in titles] for unit in marginals.units)])
