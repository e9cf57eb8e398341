"""How far a run has come that has no result yet, from its directory alone; nothing is changed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from stdsl.compiler.schemas import run_files
from stdsl.compiler.text.commands import going_on
from stdsl.compiler.text.reading import open_regular

from .checkpoint_files import newest_place
from .directory import RunDirectory
from .finished import hold_journal
from .journal import FINISHED, read_journal
from .left import owner
from .manifest import Manifest

State = Literal["done", "under way", "to come"]


@dataclass(frozen=True)
class PhaseProgress:
    """``step``: steps behind it, 0 for phases that have none. ``total``: where the settings give it in steps.
    ``measured``: of a search under way, how many architectures are drawn and measured after these steps; ``drawn``: how
    many there will be. ``facts``: of its last step, or of the whole phase when it is done."""

    name: str
    state: State
    step: int = 0
    total: int | None = None
    measured: int = 0
    drawn: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LastCheckpoint:
    """``step`` steps of ``phase`` are in it; ``over``: the whole phase."""

    phase: str
    step: int
    over: bool


@dataclass(frozen=True)
class Progress:
    """``process``: the id of the process that works on it, 0 where it is not known, None where none does. How many
    there are in each state, as far as a file of the run tells: ``trials`` of a search of separate trainings,
    ``comparisons`` networks that are trained beside the found one. ``checkpoint``: from where it
    would go on; None: from the start."""

    directory: Path
    search: str
    space: str
    data: str
    seed: int
    process: int | None
    phases: tuple[PhaseProgress, ...]
    trials: Mapping[str, int] = field(default_factory=dict)
    comparisons: Mapping[str, int] = field(default_factory=dict)
    checkpoint: LastCheckpoint | None = None
    allow_extern: bool = False

    @property
    def resume(self) -> str:
        return going_on(self.directory, self.allow_extern)

    def document(self) -> dict[str, Any]:
        """For JSON. ``over`` is false; a result has no such key."""
        return {
            "over": False,
            "running": self.process is not None,
            "search": self.search,
            "space": self.space,
            "data": self.data,
            "seed": self.seed,
            "phases": [
                {
                    "name": p.name,
                    "state": p.state,
                    "step": p.step,
                    "steps": p.total,
                    "measured": p.measured,
                    "facts": _plain(p.facts),
                }
                for p in self.phases
            ],
            "trials": dict(self.trials),
            "comparisons": dict(self.comparisons),
            "checkpoint": None if self.checkpoint is None else asdict(self.checkpoint),
            "resume": self.resume,
        }


def progress_of(directory: RunDirectory) -> Progress:
    """Raises RunError where the folder is no run directory, or its journal is damaged."""
    manifest = directory.manifest
    hold_journal(directory.path, owner(manifest.id))
    finished, steps, drawn = _read(directory.path / run_files.JOURNAL)
    phases = []
    trials, comparisons = _trials(directory, manifest)
    for name in _expected(manifest):
        section = manifest.config.get(_SECTIONS.get(name, "")) or {}
        total = section.get("steps")
        if name in finished:
            facts = finished[name]
            phases.append(PhaseProgress(name, "done", facts.get("steps", 0), total, facts=facts))
        elif name in steps:
            facts = {k: v for k, v in steps[name].items() if k not in ("time", "event", "phase", "step")}
            step, measured = drawn.get(name, (steps[name]["step"] + 1, 0))
            samples = (section.get("derive") or {}).get("samples") or 0
            phases.append(PhaseProgress(name, "under way", step, total, measured, samples, facts))
        else:
            begun = name == "search" and bool(trials)
            phases.append(PhaseProgress(name, "under way" if begun else "to come"))
    return Progress(
        directory.path,
        manifest.search,
        manifest.space,
        str((manifest.config.get("data") or {}).get("kind", "")),
        manifest.seed,
        holder(directory.path),
        tuple(phases),
        trials,
        comparisons,
        _checkpoint(directory, finished),
        manifest.allow_extern,
    )


_SECTIONS = {"search": "strategy", "retrain": "retrain"}


def _expected(manifest: Manifest) -> list[str]:
    names = ["search"] if manifest.config.get("strategy") else []
    names.append("derive")
    if manifest.config.get("retrain"):
        return [*names, "retrain", "evaluate", "export"]
    return [*names, "inherit", "evaluate", "export"] if manifest.config.get("export") else names


def _read(journal: Path) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]], dict[str, tuple[int, int]]]:
    """The facts of the phases that are over, the last step of each phase, and of those that measure architectures which
    they draw, the steps before these and how many are measured."""
    finished: dict[str, dict[str, Any]] = {}
    steps: dict[str, dict[str, Any]] = {}
    drawn: dict[str, tuple[int, int]] = {}
    for line in read_journal(journal):
        if line["event"] == FINISHED:
            finished[line["phase"]] = line["facts"]
        elif line["event"] == "step":
            steps[line["phase"]] = line
        elif line["event"] == "drawn":
            drawn[line["phase"]] = (line["step"] - line["number"] + 1, line["number"])
    return finished, steps, drawn


def _checkpoint(directory: RunDirectory, finished: Collection[str]) -> LastCheckpoint | None:
    place = newest_place(directory.path / run_files.CHECKPOINTS)
    return None if place is None else LastCheckpoint(*place, over=place[0] in finished)


def _trials(directory: RunDirectory, manifest: Manifest) -> tuple[dict[str, int], dict[str, int]]:
    """How many trials of the search, and beside it, there are in each state."""
    if not directory.trial_store.exists():
        return {}, {}
    from ..trials.database import existing_file
    from ..trials.store import TrialStore

    store = TrialStore(existing_file(directory.trial_store), manifest.id)
    try:
        store.alone()
        return store.states(), store.states(beside=True)
    finally:
        store.close()


def holder(folder: Path) -> int | None:
    """The process that works in a run directory: its id, 0 where that is not known; None where none does."""
    try:
        with os.fdopen(open_regular(folder / run_files.LOCK), "r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().strip()
                return int(text) if text.isdigit() else 0
    except OSError:
        pass
    return None


def _plain(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if isinstance(value, int | float | str | bool)}
