"""A few moments of a search, from its journal."""

from __future__ import annotations

from typing import Any

from stdsl.compiler.analysis.remaining import remaining

from ..phases.context import Context
from ..tracking.journal import read_journal

PHASE = "search"
_MOMENTS = 8


def history(run: Context) -> list[dict[str, Any]]:
    """How undecided it was, how much it leant to operations without weights and, where decisions are fixed on the way,
    how many architectures were left (texts)."""
    lines = [e for e in read_journal(run.tracker.journal.path) if e.get("phase") == PHASE]
    notes = [e for e in lines if e["event"] == "notes"]
    every = max(1, len(notes) // _MOMENTS)
    kept = notes[::-1][::every][:_MOMENTS][::-1]
    told = ("step", "entropy", "weightless")
    moments: list[dict[str, Any]] = [{k: line[k] for k in told if k in line} for line in kept]
    decisions = [e for e in lines if e["event"] == "decision"]
    if decisions:
        whole = str(remaining(run.job.graph, {}).high)
        for moment in moments:
            left = [e["remaining"] for e in decisions if e["step"] <= moment["step"]]
            moment["remaining"] = left[-1] if left else whole
    return moments
