"""Where tables and progress are written for people."""

from __future__ import annotations

from rich.console import Console


class Terminal(Console):
    """A console of rich's that leaves a reader who has gone away (`… | head`) to those who call it: rich's own ends the
    program with the exit code 1."""

    def on_broken_pipe(self) -> None:
        """Called while a BrokenPipeError is handled, which goes on."""
        raise
