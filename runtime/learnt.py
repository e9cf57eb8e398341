"""What the search of a run left in its journal, for those who ask later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.run_directories import RunNotOver
from stdsl.compiler.families.registry import searches
from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.text.commands import command, leave

from .prepare.job import Job
from .prepare.preparation import load_kept_job
from .prepare.texts import file_as_typed
from .tracking.directory import open_run
from .tracking.journal import FINISHED, read_journal


def learnt(path: Path, without: Callable[[str], Diagnostic]) -> tuple[Job, Strategy, Mapping[str, Any]]:
    """The job of a run, its strategy, and the facts of its search. Raises RunError where there is no such run, its
    search is not over, or, with what ``without`` makes of the reason, where it searched for nothing."""
    directory = open_run(path)
    job = load_kept_job(directory, directory.manifest)
    strategy = job.config.strategy
    if strategy is None or not searches(strategy, job.graph):
        raise RunError([without("it searched for nothing")])
    lines = read_journal(directory.path / run_files.JOURNAL)
    facts = [e["facts"] for e in lines if e["event"] == FINISHED and e["phase"] == "search"]
    if not facts:
        raise RunError([RunNotOver(None, str(path), "search that is over", directory.manifest.allow_extern)])
    return job, strategy, facts[-1]


def command_again(path: Path, job: Job) -> str | None:
    """What runs the search of a run again, for an architecture to be trained by; None where it trains none."""
    if job.config.retrain is None:
        return None
    manifest = open_run(path).manifest
    settings = (word for text in manifest.overrides for word in ("--set", text))
    target = f"{file_as_typed(job.texts)}::{job.config.name}"
    return command("stdsl", "run", target, *settings, *leave(manifest.allow_extern))
