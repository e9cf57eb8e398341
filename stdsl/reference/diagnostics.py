"""All codes of diagnostics, in order."""

from __future__ import annotations

from stdsl.compiler.diagnostics.explain import load_kinds
from stdsl.compiler.diagnostics.model import KINDS, Diagnostic


def kinds() -> list[type[Diagnostic]]:
    """Every kind of diagnostic, errors first, each by its code."""
    load_kinds()
    return [KINDS[code] for code in sorted(KINDS)]
