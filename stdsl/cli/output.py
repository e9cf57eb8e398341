"""Where text goes: facts to standard output, messages to standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

import click

from stdsl.compiler.text.quoting import json_text, visible

if TYPE_CHECKING:
    from stdsl.compiler.diagnostics.model import Diagnostic
    from stdsl.compiler.diagnostics.render import Format


def colored(stream: IO[str]) -> bool:
    """Whether to colour what goes to ``stream``: only on a terminal, and not under NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def report(diagnostics: Sequence[Diagnostic], format: Format, stream: IO[str]) -> None:
    """Diagnostics to a stream; their renderers quote what they say."""
    from stdsl.compiler.diagnostics.render import render

    color = colored(stream)
    click.echo(render(diagnostics, format, color), stream, nl=False, color=color)


def tell(diagnostics: Sequence[Diagnostic]) -> None:
    """Diagnostics in full, to standard error."""
    report(diagnostics, "full", sys.stderr)


def message(text: str, quiet: bool = False) -> None:
    """A line or several to standard error, unless the user wants none."""
    if not quiet:
        click.echo(visible(text, lines=True), err=True)


def fact(text: str, end: str = "\n") -> None:
    """Lines to standard output."""
    click.echo(visible(text, lines=True) + end, nl=False)


def exactly(text: str) -> None:
    """A user's own text to standard output, with whatever characters it has; escaped only where a terminal would obey
    them."""
    click.echo(visible(text, lines=True) if sys.stdout.isatty() else text, nl=False)


def document(value: Any, indent: int | None = 2) -> None:
    """One JSON document, to standard output."""
    click.echo(json_text(value, indent))


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows as aligned columns, two spaces apart; ``right``: the columns that are aligned to the right."""
    if not rows:
        return ""
    rows = [[visible(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
