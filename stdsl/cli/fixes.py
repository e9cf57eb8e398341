"""Applying the safe corrections that diagnostics offer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from stdsl.cli.files import write
from stdsl.compiler.diagnostics.model import Diagnostic, Edit
from stdsl.compiler.diagnostics.source import Source


def apply_fixes(diagnostics: Iterable[Diagnostic], files: Collection[Path]) -> int:
    """Write all fixes that concern ``files`` (resolved) alone and do not overlap; returns how many."""
    taken: dict[Source, list[Edit]] = {}
    fixed = 0
    for d in diagnostics:
        edits = d.fix.edits if d.fix is not None else ()
        if not edits or any(edit.span.source.path not in files for edit in edits):
            continue
        if any(_clash(edit, other) for edit in edits for other in taken.get(edit.span.source, ())):
            continue
        for edit in edits:
            taken.setdefault(edit.span.source, []).append(edit)
        fixed += 1
    for source, found in taken.items():
        text = source.text
        for edit in sorted(found, key=lambda e: e.span.start, reverse=True):
            text = text[: edit.span.start] + edit.text + text[edit.span.end :]
        assert source.path is not None
        write(source.path, text)
    return fixed


def _clash(a: Edit, b: Edit) -> bool:
    """Whether two edits touch the same characters, or insert at the same place."""
    first, second = sorted((a.span, b.span), key=lambda s: (s.start, s.end))
    return second.start < first.end or first.start == second.start
