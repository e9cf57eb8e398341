"""What a run tells while it goes on, apart from how that is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from stdsl.compiler.diagnostics.model import Diagnostic, in_words


class Reporter(Protocol):
    """Several tasks may be under way at once; each is known by its title."""

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        """A task of ``total`` steps starts, or goes on after ``done`` of them. ``of``: what they are, in words, where
        they are not all steps of a training (`8 steps, then 2 architectures measured`)."""
        ...

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        """``done`` steps are behind us; ``facts`` of the last one."""
        ...

    def end(self, title: str, summary: str = "") -> None:
        """The task is over."""
        ...

    def say(self, text: str) -> None:
        """One line for the reader."""
        ...


def warned(warning: Diagnostic) -> str:
    """A warning in one line."""
    warning = in_words(warning)
    return f"warning[{warning.code}]: {warning.message} ({warning.help})"


class Silent:
    """A reporter that says nothing."""

    def begin(self, title: str, total: int, done: int = 0, of: str = "") -> None:
        pass

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        pass

    def end(self, title: str, summary: str = "") -> None:
        pass

    def say(self, text: str) -> None:
        pass
