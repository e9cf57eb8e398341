"""Finished runs that a new one is given in the place of searches that it needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from stdsl.compiler.diagnostics.data import DataChanged
from stdsl.compiler.diagnostics.model import Diagnostic, RunError
from stdsl.compiler.diagnostics.needs import NotNeeded, NotThatRun
from stdsl.compiler.diagnostics.option import option_text
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.printer import print_ir
from stdsl.compiler.schemas import run_files
from stdsl.compiler.schemas.search import ROLES, Role

from ..data.facts.data_facts import hold_facts
from ..data.own.checked import Checked
from ..tracking.copied import copy_run
from ..tracking.directory import RunDirectory, hold_there, open_run, outside, result_of
from ..tracking.left import phases_of
from ..tracking.manifest import Given
from ..tracking.names import DERIVED, SEARCH
from ..tracking.weights_left import weights_left
from ..training.interruption import Interrupted, Interruption
from .job import Job
from .preparation import load_kept_job

_FREE: Final = frozenset(("loaders",))
"""Settings that change nothing in what a search comes to."""
_CALLED: Final = ("kind", "family")
"""Where settings say what they are."""
_LONGEST: Final = 100
"""Of a setting that differs so many characters are shown."""


def given_needs(
    job: Job,
    needed: Sequence[Job],
    datasets: Mapping[str, Mapping[Role, Checked]],
    given: Mapping[str, Path],
    out: Path | None,
    seed: int | None,
) -> dict[str, Given]:
    """What is recorded of the runs that ``job`` is given, by the search that it needs. ``needed``: the jobs of these,
    ``datasets``: theirs, opened; ``out``: where the new run directory is to be; ``seed``: that of the call, if it gives
    one, which is for them, too.

    Raises RunError where a run is of nothing that is needed, is none, is not over or damaged, or is not what the search
    would make of the text as it is and of its data.
    """
    jobs = {each.config.name: each for each in needed if each.config.name in job.config.before}
    known, faults = dict[str, Given](), list[Diagnostic]()
    for name, path in given.items():
        text = option_text("--needs ", f"{name}={path}")
        if name not in jobs:
            place = text.part(len("--needs "), len("--needs ") + len(name))
            faults.append(NotNeeded(place, job.config.name, name, job.config.before))
            continue
        with _shown_at(text.value):
            directory = open_run(path)
            result_of(path)  # raises where the run is not over
            _hold_what_is_left(directory)
            differing = tuple(_differences(jobs[name], directory)) or tuple(
                _other_data(jobs[name], directory, datasets[name])
            )
        if differing:
            given_seed = f", with `--set seed={seed}`," if seed is not None else ""
            advice = f"run `{name}` as the file has it{given_seed} and give that run, or leave `--needs` out"
            faults.append(NotThatRun(text.value, job.config.name, name, str(path), differing, advice))
            continue
        outside(path, out)
        known[name] = Given(run=str(path.absolute()), id=directory.manifest.id)
    if faults:
        raise RunError(faults)
    return known


def fetch_needed(search: str, name: str, given: Given, folder: Path, interruption: Interruption) -> None:
    """Leaves a copy of a run that was given, as the run directory ``folder`` of the search ``name``. Raises RunError
    where it is gone, or another one by now; Interrupted where the run was asked to stop: there is none then."""
    source = Path(given.run)
    place = option_text("--needs ", f"{name}={source}").value
    with _shown_at(place):
        hold_there(source, "put that run back in its place, or begin anew with another one")
        result_of(source)
    if open_run(source).manifest.id != given.id:
        differing = ("it is not the run that was there before",)
        advice = "put that run back in its place, or begin anew with the one that is there"
        raise RunError([NotThatRun(place, search, name, str(source), differing, advice)])

    def going_on() -> None:
        if interruption.asked:
            raise Interrupted

    with interruption.watch():
        copy_run(source, folder, going_on)


def hold_needed(folder: Path, name: str) -> None:
    """Raises RunError where the run in ``folder``, inside another one, which the search ``name`` was needed by, is not
    the one that was given to that, or where none was, not started for it. Runs of older versions do not say so."""
    own, outer = open_run(folder).manifest, open_run(folder.absolute().parents[1]).manifest
    given = outer.needs.get(name)
    if own.id != given.id if given is not None else own.outermost not in (None, outer.id):
        raise RunError([RunFileDamaged(None, str(folder / run_files.MANIFEST), "it is that of another run")])


def _hold_what_is_left(directory: RunDirectory) -> None:
    """Raises RunError where the journal or the weights in a run are those of another one."""
    phases_of(directory, directory.manifest)
    for path in map(directory.weights, (SEARCH, DERIVED)):
        if path.exists():
            weights_left(path)


@contextmanager
def _shown_at(place: Span) -> Iterator[None]:
    """Inside, what is wrong with the run and has no place is told of there."""
    try:
        yield
    except RunError as error:
        raise RunError([replace(d, span=d.span or place) for d in error.diagnostics]) from None


def _other_data(job: Job, directory: RunDirectory, datasets: Mapping[Role, Checked]) -> Iterator[str]:
    """What of the data of a needed search is not what the run learnt from or was measured on, in words. Raises RunError
    where the run does not say."""
    config = job.config
    for role in ROLES:
        if config.owner(role) != role:
            continue
        path = directory.data if role == config.owner("retrain") else directory.other_data(role)
        try:
            hold_facts(path, datasets[role], config.data_of(role).kind, None)
        except RunError as error:
            changed = [d for d in error.diagnostics if isinstance(d, DataChanged)]
            if not changed:
                raise
            yield from (f"its data, `{d.dataset}`, was another: {d.what}" for d in changed)


def _differences(job: Job, directory: RunDirectory) -> Iterator[str]:
    """What of a run is not as a needed search would make it now, in words."""
    manifest = directory.manifest
    if manifest.architecture is not None:
        yield "it trained an architecture that was given, and searched for nothing"
    elif manifest.elastic is not None:
        yield "its network was derived from the weights of another run"
    elif manifest.given:
        yield "a program gave it its data"
    else:
        then = load_kept_job(directory, manifest)  # no code is loaded, whatever leave the run had
        before, now = (each.config.model_dump(mode="json") for each in (then, job))
        yield from tuple(differing(before, now)) or _other_spaces(then, job)


def _other_spaces(then: Job, now: Job) -> Iterator[str]:
    """The spaces that two searches of the same settings name."""
    before, after = map(_spaces, (then, now))
    if len(before) != len(after):
        yield "of the spaces that it compares, others were equal"
    for one, other in zip(before, after, strict=False):
        if one is not other and print_ir(one) != print_ir(other):
            yield f"the space `{one.name}` was another one"
            return


def _spaces(job: Job) -> tuple[SpaceGraph, ...]:
    """All that a search works with, in the order in which its settings name them."""
    return (job.search.graph, job.final, *job.compared.values(), *job.tested.values())


def differing(before: Any, now: Any, path: str = "") -> Iterator[str]:
    """Settings that differ, by their dotted names; elements of lists count from 1."""
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for place, (one, other) in enumerate(zip(before, now, strict=True), 1):
            yield from differing(one, other, f"{path}.{place}")
    elif isinstance(before, dict) and isinstance(now, dict) and _called(before) == _called(now):
        for key in dict.fromkeys((*before, *now)):
            if path or key not in _FREE:
                yield from differing(before.get(key), now.get(key), f"{path}.{key}" if path else key)
    elif before != now:
        yield f"`{path}` was {_shown(before)}, and is {_shown(now)}"


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = _written(value)
    return f"`{text if len(text) <= _LONGEST else f'{text[:_LONGEST]}…'}`"


def _written(value: Any) -> str:
    """A setting much as a text has it."""
    if isinstance(value, dict):
        called = _called(value)
        inside = [f"{key} = {_written(v)}" for key, v in value.items() if v is not None and key not in _CALLED]
        return f"{called}({', '.join(inside)})" if called else f"{{ {'  '.join(inside)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_written, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _called(value: dict[str, Any]) -> str:
    """The name of a call, or of a family, "" where it is a section."""
    return next((str(value[key]) for key in _CALLED if key in value), "")
