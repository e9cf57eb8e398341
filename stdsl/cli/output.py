"""Where text goes: facts to standard output, messages to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from stdsl.compiler.diagnostics.model import Diagnostic


def colored(stream: IO[str]) -> bool:
    """Whether to colour what goes to ``stream``: only on a terminal, and not under NO_COLOR."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def tell(diagnostics: Sequence[Diagnostic]) -> None:
    """Diagnostics in full, to standard error."""
    from stdsl.compiler.diagnostics.render import render

    color = colored(sys.stderr)
    click.echo(render(diagnostics, "full", color), err=True, nl=False, color=color)


def message(text: str, quiet: bool = False) -> None:
    """A line to standard error, unless the user wants none."""
    if not quiet:
        click.echo(text, err=True)


def document(value: Any) -> None:
    """One JSON document, to standard output."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def number(value: float) -> str:
    """A number for people: `3,349,342`; means are rounded."""
    return f"{round(value):,}"


def table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """Rows as aligned columns, two spaces apart; ``right``: the columns that are aligned to the right."""
    if not rows:
        return ""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.rjust(w) if i in right else c.ljust(w) for i, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
