"""Texts of users for rich, which would read markup in plain ones."""

from __future__ import annotations

from rich.text import Text

from stdsl.compiler.text.quoting import visible


def plain(text: object, style: str = "") -> Text:
    """One line that is shown as it is."""
    return Text(visible(str(text)), style=style)
