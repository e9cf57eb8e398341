"""The long text of a diagnostic."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from .model import KINDS, Diagnostic


@cache
def load_kinds() -> None:
    """Imports every module of this folder, so that :data:`KINDS` knows all diagnostics."""
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules(import_module(package).__path__):
        import_module(f"{package}.{module.name}")


def kind(code: str) -> type[Diagnostic] | None:
    """The kind of diagnostic with a code; upper and lower case are the same."""
    load_kinds()
    return KINDS.get(code.strip().upper())


def explain(code: str) -> str | None:
    """What a code means, with an example of the mistake and its cure; None where there is no such code."""
    found = kind(code)
    if found is None:
        return None
    return f"{found.code} ({found.severity.value}): {found.title}\n\n{found.explanation.strip()}\n"
