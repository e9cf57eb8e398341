"""A few moments of a search, from its journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from stdsl.compiler.analysis.remaining import remaining

from ..phases.context import Context
from ..tracking.journal import read_journal

PHASE = "search"
_MOMENTS = 8
T = TypeVar("T")


def history(run: Context) -> list[dict[str, Any]]:
    """How undecided it was, how much it leant to operations without weights and, where decisions are fixed on the way,
    how many architectures were left (texts)."""
    lines = [e for e in read_journal(run.tracker.journal.path) if e.get("phase") == PHASE]
    notes = [e for e in lines if e["event"] == "notes"]
    told = ("step", "entropy", "weightless")
    moments: list[dict[str, Any]] = [{k: line[k] for k in told if k in line} for line in evenly(notes)]
    decisions = [e for e in lines if e["event"] == "decision"]
    if decisions:
        whole = str(remaining(run.job.graph, {}).high)
        for moment in moments:
            left = [e["remaining"] for e in decisions if e["step"] <= moment["step"]]
            moment["remaining"] = left[-1] if left else whole
    return moments


def evenly(found: Sequence[T], number: int = _MOMENTS) -> list[T]:
    """So many of these, as far apart as each other (to one), the last one among them; all where they are no more."""
    number = min(number, len(found))
    return [found[-(-(i + 1) * len(found) // number) - 1] for i in range(number)]
