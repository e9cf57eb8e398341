"""The posterior of a run as text: tables with bars, and rows for a CSV file."""

from __future__ import annotations

import csv
import io

from rich import box
from rich.console import Console
from rich.table import Table

from ..marginals import Marginals
from .plain import plain

_WIDTH = 20
_EIGHTHS = " ▏▎▍▌▋▊▉"


def render_marginals(marginals: Marginals, console: Console) -> None:
    """Print each unit with a bar of the probability that a drawn architecture has it, then what layers come out as."""
    head = f"{marginals.search}: the posterior over {marginals.space}"
    console.print(plain(head, "bold"), highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("layer", "unit"):
        table.add_column(title)
    for title in ("drawn", "1 - p", "1 - √p"):
        table.add_column(title, justify="right")
    table.add_column("", no_wrap=True)
    for unit in marginals.units:
        score = "" if unit.score is None else f"{unit.score:.3f}"
        table.add_row(
            plain(unit.layer), plain(unit.unit), f"{unit.drawn:.3f}", f"{unit.alone:.3f}", score, bar(unit.drawn)
        )
    console.print(table, highlight=False)
    ways = marginals.ways
    if not ways:
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="how layers come out", title_justify="left")
    table.add_column("layer")
    for way in ways:
        table.add_column(plain(way), justify="right")
    for layer in marginals.layers:
        cells = [f"{layer.ways[way]:.3f}" if way in layer.ways else "" for way in ways]
        table.add_row(plain(layer.layer), *cells)
    console.print(table, highlight=False)


def bar(share: float) -> str:
    """A bar for a number from 0 to 1."""
    eighths = round(share * _WIDTH * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def marginals_csv(marginals: Marginals) -> str:
    """A row for each unit, numbers in full."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["decision", "layer", "unit", "active", "drawn", "alone", "score"])
    for unit in marginals.units:
        score = "" if unit.score is None else repr(unit.score)
        numbers = (repr(unit.active), repr(unit.drawn), repr(unit.alone))
        writer.writerow([unit.decision, unit.layer, unit.unit, *numbers, score])
    return buffer.getvalue()
