"""Searches for Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from stdsl.target import Target

if TYPE_CHECKING:
    from stdsl.runtime.data.batch import Dataset
    from stdsl.runtime.elastic import ElasticFront
    from stdsl.runtime.report.listener import ProgressEvent
    from stdsl.runtime.report.reporter import Reporter
    from stdsl.runtime.result import RunResult


def run(
    target: str | os.PathLike[str] | None = None,
    *,
    arch: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    needs: Mapping[str, str | os.PathLike[str]] | None = None,
    out: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    device: str = "auto",
    data: Any = None,
    allow_extern: bool = False,
    hands: int | None = None,
    store: str | None = None,
    progress: bool | Callable[[ProgressEvent], object] = True,
    reporter: Reporter | None = None,
) -> RunResult:
    """Run a search of a file, ``FILE::SEARCH``: search, derive, retrain, evaluate, export.

    ``arch``: an architecture of the space, or an `.arch.json` file; it is trained, compared, evaluated and exported as
    the search does with what it finds, and nothing is searched.
    ``overrides``: dotted setting → value (`{"retrain.epochs": 1}`; a str is the text of an expression). ``needs``:
    directories of finished runs in the place of searches that it needs, by their names, of which it takes copies.
    ``out``: the run directory, new or empty; else the next ``runs/SEARCH-NUMBER``. ``resume``: the directory of a run
    to go on with, instead of ``target``. ``data``: a data set, arrays or tensors by name (``{"x": …, "y": …}``) or
    ``(x, y)``, in place of the search's own; a run that was started with it is gone on with by giving the same again.
    ``allow_extern``: load the Python code of extern operators (a resumed run must be allowed it again). ``hands``: how
    many processes train networks beside each other (0: this one alone; None: one for every core, or GPU; with ``data``
    this one does), ``store``: the URL of a PostgreSQL database for trials, instead of a file. ``progress``:
    show on standard error what goes on, as `stdsl run` does (False: do not), or a function that is called with each
    :class:`ProgressEvent`; what it raises ends the run, which can be gone on with. ``reporter``: told in place of that.
    Raises SpaceError for a wrong text, ArchitectureError where ``arch`` is none of the space within `where`, RunError
    for what goes wrong while it runs.
    """
    from stdsl.compiler.semantics.settings.overrides import overrides_of
    from stdsl.runtime.run import RunRequest
    from stdsl.runtime.run import resume as go_on
    from stdsl.runtime.run import run as start

    if resume is not None:
        if target is not None or arch is not None or overrides or needs or out is not None:
            raise TypeError("a run goes on with what it was started with: give `resume` alone")
        with _told(progress, reporter) as listener:
            return go_on(Path(resume), listener, allow_extern, data, hands, store)
    if target is None:
        raise TypeError("name a search, FILE::SEARCH, or give `resume`")
    file, name = Target.parse(os.fspath(target))
    if overrides is not None and not isinstance(overrides, Mapping):
        raise TypeError(f'`overrides` is a mapping, such as {{"retrain.epochs": 1}}, not {overrides!r}')
    texts = tuple(f"{item.key}={item.text}" for item in overrides_of(overrides or {}))
    if needs is not None and not isinstance(needs, Mapping):
        raise TypeError(f'`needs` is a mapping, such as {{"paths": "runs/paths-0001"}}, not {needs!r}')
    folder = Path(out) if out is not None else None
    request = RunRequest(
        file,
        name,
        texts,
        folder,
        device=device,
        allow_extern=allow_extern,
        data=data,
        hands=hands,
        store=store,
        needs={name: Path(folder) for name, folder in (needs or {}).items()},
        architecture=arch if arch is None or isinstance(arch, Mapping) else Path(arch),
    )
    with _told(progress, reporter) as listener:
        return start(request, listener)


def derive(
    run: str | os.PathLike[str] | None = None,
    *,
    arch: Mapping[str, Any] | str | os.PathLike[str] | None = None,
    where: str | Sequence[str] = (),
    front: Literal["flops", "params", "activations", "depth"] | None = None,
    budgets: Sequence[int] = (),
    candidates: int = 100,
    seed: int = 0,
    out: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    device: str = "auto",
    data: Any = None,
    allow_extern: bool = False,
    progress: bool | Callable[[ProgressEvent], object] = True,
    reporter: Reporter | None = None,
) -> RunResult | ElasticFront:
    """Take other networks from the weights that the search of a run left, without training, as `stdsl derive` does.

    ``run``: the directory of a run whose search, of the family `sampling`, is over. ``where``: constraints over costs
    (`"flops <= 3M, params in 10K..20K"`), or several. Of ``candidates`` architectures, drawn uniformly within them and
    `where` of the space (others by another ``seed``), the best on the `valid` half is exported as the search says: a
    :class:`RunResult`, in the directory ``out``, new or empty, else ``runs/SEARCH-elastic-NUMBER``. With ``front``
    there is one for each of ``budgets`` of this cost, above the one before it: an :class:`ElasticFront`, in a folder.
    ``arch``: the network of this architecture, a mapping or an `.arch.json` file, and nothing is drawn.
    ``resume``: what was derived before, one or a front, and was stopped, in place of ``run``. ``data``,
    ``allow_extern``, ``progress``, ``reporter``: as of :func:`run`.

    Raises RunError where the run is none, is not over, or left no shared weights, SpaceError where a constraint is
    wrong, or nothing is within all, ArchitectureError where ``arch`` is none of the space; nothing is made then.
    """
    from stdsl.runtime.elastic import ElasticRequest, derive_elastic
    from stdsl.runtime.elastic_front import METRICS, elastic_front, resume_derived

    if resume is not None:
        if run is not None or arch is not None or where or front is not None or budgets or out is not None:
            raise TypeError("what was derived goes on as it was asked for: give `resume` alone")
        with _told(progress, reporter) as listener:
            return resume_derived(Path(resume), listener, allow_extern, data)
    if run is None:
        raise TypeError("name the directory of a run, or give `resume`")
    if arch is not None and (where or front is not None or budgets):
        raise TypeError("`arch` is the network that is taken: leave out `where`, `front` and `budgets`")
    if (front is None) != (not budgets):
        raise TypeError('`front` and `budgets` go together: front="flops", budgets=[3_000_000, 5_000_000]')
    if front is not None and front not in METRICS:
        raise TypeError(f"`front` is one of {', '.join(METRICS)}, not {front!r}")
    for name, value, least in (("candidates", candidates, 1), *(("budgets", budget, 0) for budget in budgets)):
        if not isinstance(value, int) or value < least:
            raise TypeError(f"`{name}` is a whole number from {least}, not {value!r}")
    texts = (where,) if isinstance(where, str) else tuple(where)
    folder = Path(out) if out is not None else None
    own = arch if arch is None or isinstance(arch, Mapping) else Path(arch)
    request = ElasticRequest(Path(run), texts, candidates, seed, folder, device, allow_extern, data, own)
    with _told(progress, reporter) as listener:
        return derive_elastic(request, listener) if front is None else elastic_front(request, front, budgets, listener)


@contextmanager
def _told(progress: bool | Callable[[ProgressEvent], object], reporter: Reporter | None) -> Iterator[Reporter]:
    """Who is told what goes on."""
    if reporter is not None:
        yield reporter
    elif not isinstance(progress, bool) and not callable(progress):
        raise TypeError(f"`progress` is True, False, or a function that is told of what happens, not {progress!r}")
    elif callable(progress):
        from stdsl.runtime.report.listener import Listener

        listener = Listener(progress)
        yield listener
        listener.check()
    elif progress:
        from stdsl.runtime.report.console import ConsoleReporter

        with ConsoleReporter() as console:
            yield console
    else:
        from stdsl.runtime.report.reporter import Silent

        yield Silent()


def arrays(arrays: Mapping[str, Any], **settings: Any) -> Dataset:
    """NumPy arrays or tensors by name as a data set for :func:`run`: inputs, and the targets `y`.

    ``settings``: those of `arrays` in a search, but for its files: ``axes``, ``target``, ``classes``, ``test``,
    ``valid``, ``normalise``, ``seed``. Where targets may be several things, as (N, 4) of whole numbers, the task of the
    search says what they are, or ``targets="labels"`` here. Raises RunError where the arrays do not go together, for
    settings that there are not, and for such that clash; TypeError for settings of files.
    """
    from stdsl.runtime.data.own.given import given_arrays

    return given_arrays(arrays, settings)
