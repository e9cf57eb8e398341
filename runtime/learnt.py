"""What the search of a run left in its journal, for those who ask later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.checks.shared import lent_by
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.run_directories import RunNotOver
from stdsl.compiler.families.registry import family, searches
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.text.commands import command, leave
from stdsl.compiler.text.kept_commands import Word, typed

from .prepare.job import Job
from .prepare.preparation import load_kept_job
from .prepare.texts import file_of
from .tracking.directory import RunDirectory, open_run
from .tracking.left import phases_of
from .tracking.names import SEARCH


def learnt(path: Path, without: Callable[[str], Diagnostic]) -> tuple[Job, Strategy, Mapping[str, Any]]:
    """The job of a run, its strategy, and the facts of its search. Raises RunError where there is no such run, its
    search is not over, or, with what ``without`` makes of the reason, where it searched for nothing."""
    directory = open_run(path)
    job = load_kept_job(directory, directory.manifest)
    strategy = job.config.strategy
    if strategy is None or not searches(strategy, job.graph):
        raise RunError([without("it searched for nothing")])
    return job, strategy, found_by(path, job)


def found_by(path: Path, job: Job) -> Mapping[str, Any]:
    """The facts of the search of a run, whose ``job`` is at hand. Raises RunError where that is not over."""
    directory = open_run(path)
    manifest = directory.manifest
    facts = phases_of(directory, manifest).get(SEARCH)
    if facts is None:
        place = job.config.place("strategy")
        raise RunError([RunNotOver(None, str(path), "search that is over", manifest.allow_extern, place)])
    return facts


@dataclass(frozen=True)
class NetworkOf:
    """``words``: the command that makes a network of an architecture of a list, whose file is the next word; ``does``:
    how."""

    words: tuple[Word, ...]
    does: str

    @property
    def without(self) -> tuple[Word, ...]:
        """The command without the option that names an architecture."""
        return self.words[:-1]

    @property
    def command(self) -> str:
        """As one would type it here."""
        return command(*(word if isinstance(word, Path) else typed(word) for word in self.words))


def network_of(path: Path, job: Job) -> NetworkOf | None:
    """How an architecture becomes a network: the search of the run is run again with it, or it has its part of the
    weights that the search left for all, or measured with; None where neither can be done."""
    manifest = open_run(path).manifest
    own = leave(manifest.allow_extern)
    if job.config.retrain is not None:
        settings = (word for text in manifest.overrides for word in ("--set", text))
        target = f"{file_of(job.texts)}::{job.config.name}"
        again = ("stdsl", "run", target, *settings, *own, "--arch")
        return NetworkOf(again, "which trains that architecture")
    return shared_network_of(path, job)


def shared_network_of(path: Path, job: Job) -> NetworkOf | None:
    """How an architecture has its part of the weights that the search of a run left for all, or measured with; None
    where there are no such weights."""
    own, strategy = leave(open_run(path).manifest.allow_extern), job.config.strategy
    lent = None if strategy is None else lent_by(job.search)
    folder = RunDirectory(path).needed(lent.config.name) if lent is not None else path
    if lent is None and (strategy is None or not family(strategy.family).shared):
        return None
    return NetworkOf(("stdsl", "derive", folder, *own, "--arch"), "which exports it with the shared weights")
