"""Making a failing text small: lines, then tokens are left out as long as it fails alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .driver import Failure, Settings, examine
from .mutations import Mutant, pieces
from .texts import ROOT

TRIES = 600


def shrunk(failure: Failure, settings: Settings) -> str:
    """A smaller text that fails in the same stage in the same way, or the text itself."""
    folder = (ROOT / failure.origin).parent if failure.origin.endswith(".space") else Path(ROOT)
    always = replace(settings, deep=1.0, networks=1.0 if failure.stage in ("network", "mixture") else 0.0)
    tries = TRIES if "Late" not in failure.kind else 40

    def fails(text: str) -> bool:
        found, _ = examine(Mutant(text, folder, failure.origin), failure.index, always)
        return found is not None and (found.stage, found.kind) == (failure.stage, failure.kind)

    text = failure.text
    if failure.stage == "?" or not fails(text):
        return text
    for parts in (lambda t: t.splitlines(keepends=True), pieces):
        text, tries = _without(parts(text), fails, tries)
    return text


def _without(parts: list[str], fails: object, tries: int) -> tuple[str, int]:
    assert callable(fails)
    size = max(len(parts) // 2, 1)
    while tries > 0:
        at, before = 0, len(parts)
        while at < len(parts) and tries > 0:
            rest = parts[:at] + parts[at + size :]
            tries -= 1
            if rest and fails("".join(rest)):
                parts = rest
            else:
                at += size
        if size == 1 and len(parts) == before:
            break
        size = max(size // 2, 1)
    return "".join(parts), tries
