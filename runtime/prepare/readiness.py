"""Whether a run would start: leave to load its code, its data, what this version runs; of the searches that it needs,
too, as far as there is work to do for them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from stdsl.compiler.backends.lowering.externs import load_externs
from stdsl.compiler.checks.limits import limits
from stdsl.compiler.diagnostics.externs import ExternNotAllowed
from stdsl.compiler.diagnostics.model import Diagnostic, RunError, SpaceError, StdslError
from stdsl.compiler.schemas.search import Role

from ..data.own.checked import Checked
from ..data.targets import targets_of
from ..tasks.extern_loss import own_loss
from .job import Job
from .opening import opened_for
from .tested import check_tested


def permit(job: Job) -> None:
    """Load the extern operators of all spaces of a job. Raises SpaceError where it may not, or cannot."""
    for graph in (job.graph, job.final, *job.compared.values(), *job.tested.values()):
        load_externs(graph)


def check_ready(job: Job, engine: str) -> dict[Role, Checked]:
    """The data of a job. Raises SpaceError or RunError where the job would not start: its code may not be loaded, its
    data is not there, or this version does not run what it asks for."""
    permit(job)
    refuse(limits(job.search, engine, searched=job.elastic is None))
    datasets = opened_for(job)
    own_loss(job.config, targets_of(datasets["search"]))
    check_tested(job)
    return datasets


def all_ready(job: Job, needed: Sequence[Job], given: Collection[str], engine: str) -> dict[str, dict[Role, Checked]]:
    """The data of a job and of those that it ``needed``, by the names of searches. Of one whose finished run is
    ``given`` no operator is loaded where its networks are built no more; the data is opened, for the run is held to it.
    Of what such searches alone need nothing is. Raises as :func:`check_ready` does."""
    datasets = {job.config.name: check_ready(job, engine)}
    asked = _asked(job, given)
    running = (job, *(each for each in needed if each.config.name in asked))
    fused = {name: each.config.name for each in running for name in each.config.fuse}
    for each in needed:
        name = each.config.name
        if name in given and name not in fused:
            with _because(f"it reads the data of `{name}`, to which the run that is given for that is held"):
                datasets[name] = opened_for(each)
        elif name in given:
            with _because(f"networks of `{name}` are built again: they are fused with those of `{fused[name]}`"):
                datasets[name] = check_ready(each, engine)
        elif name in asked:
            cure = f"; `--needs {name}=RUN` names a finished run of it" if name in job.config.before else ""
            with _because(f"the search `{name}`, which `{job.config.name}` needs, runs first{cure}"):
                datasets[name] = check_ready(each, engine)
    return datasets


def _asked(job: Job, given: Collection[str]) -> set[str]:
    """The searches that run before that of ``job``."""
    known = {search.config.name: search.config for search in job.search.needs}
    found, waiting = set[str](), list(job.config.before)
    while waiting:
        name = waiting.pop()
        if name not in found and name not in given:
            found.add(name)
            waiting += known[name].before
    return found


def refuse(diagnostics: Iterator[Diagnostic]) -> None:
    """Raises RunError where there are any."""
    found = tuple(diagnostics)
    if found:
        raise RunError(found)


@contextmanager
def _because(reason: str) -> Iterator[None]:
    """Inside, that code may not be loaded is told with the reason for which it would be."""
    try:
        yield
    except StdslError as error:
        if not any(isinstance(d, ExternNotAllowed) for d in error.diagnostics):
            raise
        kind = SpaceError if isinstance(error, SpaceError) else RunError
        raise kind(
            [replace(d, reason=reason) if isinstance(d, ExternNotAllowed) else d for d in error.diagnostics]
        ) from None
