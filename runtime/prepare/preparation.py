"""From the text of a search to the job of a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stdsl.compiler.analysis.costs.measures import named
from stdsl.compiler.backends.networks.extern_measure import measured
from stdsl.compiler.checks.opening import load_search, search_in
from stdsl.compiler.checks.searches import CheckedSearch
from stdsl.compiler.diagnostics.architectures import NoFinalTraining
from stdsl.compiler.diagnostics.model import RunError, Sink
from stdsl.compiler.schemas.data_given import Given

from ..tracking.directory import RunDirectory
from ..tracking.manifest import Manifest
from .elastic import elastic_job
from .job import Job
from .texts import KeptLoader, gather, kept

if TYPE_CHECKING:
    from ..data.own.given import Offered
    from ..report.reporter import Reporter


def load_job(
    file: str,
    search: str | None,
    overrides: Sequence[str] = (),
    allow_extern: bool = False,
    data: Any = None,
) -> Job:
    """The job of a search of a file, or of a library file by its name. Raises SpaceError with all that is wrong.

    ``allow_extern``: its networks may load the code of extern operators. ``data``: in place of the search's own,
    as ``as_dataset`` takes it.
    """
    offered = None if data is None else _offered(data)
    loaded = load_search(file, search, overrides, allow_extern, None if offered is None else offered.settings)
    given = None if offered is None else offered.dataset(loaded.search.config.task)
    return Job(_measured(loaded.search), gather(loaded.module), given)


def asked_job(
    reporter: Reporter,
    file: str,
    search: str | None,
    overrides: Sequence[str] = (),
    allow_extern: bool = False,
    data: Any = None,
    given: Mapping[str, Any] | Path | None = None,
) -> Job:
    """The same as :func:`load_job` gives, or with ``given`` the job of an architecture, as of
    :func:`trained_alone`. Raises as these do."""
    job = load_job(file, search, overrides, allow_extern, data)
    if given is None:
        return job
    if job.config.ensemble is not None:
        reporter.say("the `ensemble` of the search is left out: of one architecture there are no others beside it")
    return trained_alone(job, given)


def load_kept_job(directory: RunDirectory, manifest: Manifest, allow_extern: bool = False, data: Any = None) -> Job:
    """The job of a run, from the texts that its directory holds. Raises RunError where they have changed.

    ``allow_extern``: leave to load the code of extern operators. What the manifest says of it is no leave: it was given
    in another call, or in none. ``data``: what was given to the run, once more; without it, and where the data did not
    say how it is found again, the job has none to open.
    """
    if data is not None and not manifest.given:
        raise TypeError("the run reads the data of its search: give none")
    origin = manifest.origin
    offered = None if data is None else _offered(data)
    sink = Sink()
    texts = kept(directory.space, manifest)
    if offered is None and origin is not None and allow_extern:
        from ..data.own.extern_data import found_again  # with PyTorch, which few calls that are refused need

        offered = found_again(origin, texts.own_folder)
    schema: Given | None = None
    if manifest.given:
        schema = offered.settings if offered is not None else Given.made_by(origin.target if origin else None)
    module = KeptLoader(sink, directory.space, texts, allow_extern, manifest.data).main()
    # All of it was checked when the run was started, with what its own `--set` mended.
    loaded = search_in(module, manifest.search, manifest.overrides, sink, whole=False, data=schema)
    given = None if offered is None else offered.dataset(loaded.search.config.task)
    job = Job(_measured(loaded.search), texts, given)
    if manifest.elastic is not None:
        return elastic_job(job, manifest.elastic)
    return job if manifest.architecture is None else trained_alone(job, manifest.architecture)


def trained_alone(job: Job, given: Mapping[str, Any] | str | os.PathLike[str]) -> Job:
    """The job that trains, compares and exports one architecture of the space in the place of what the search finds:
    that of a mapping from paths to values, or of an `.arch.json` file.

    Raises ArchitectureError where it is none of the space, or not within `where`; RunError where the search has no
    final training.
    """
    config = job.config
    if config.retrain is None:
        raise RunError([NoFinalTraining(config.place(""), config.name)])
    return job.without_search(named(job.graph, given))


def _offered(data: Any) -> Offered:
    from ..data.own.given import Offered

    return Offered(data)


def _measured(search: CheckedSearch) -> CheckedSearch:
    """With the parameters of extern operators as far as it is allowed to count them."""
    return replace(
        search,
        graph=measured(search.graph),
        final=measured(search.final),
        compared={text: measured(graph) for text, graph in search.compared.items()},
        tested={text: measured(graph) for text, graph in search.tested.items()},
        needs=tuple(map(_measured, search.needs)),
    )
