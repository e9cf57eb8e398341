"""Networks of several budgets from the weights of a run, in one folder: each drawn, measured and exported as
:mod:`.elastic` does one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, get_args

from annotated_types import Ge, Len
from pydantic import BaseModel, ConfigDict, ValidationError

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.diagnostics.budgets import NothingWithin
from stdsl.compiler.diagnostics.model import Diagnostic, RunError, SpaceError
from stdsl.compiler.diagnostics.option import OptionText, option_text
from stdsl.compiler.diagnostics.run_directories import NothingToGoOnWith
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.schemas import run_files
from stdsl.compiler.text.commands import command, leave
from stdsl.compiler.text.documents import parsed_json
from stdsl.compiler.text.quoting import json_text, visible

from .elastic import (
    ElasticFront,
    ElasticRequest,
    Lent,
    Point,
    begun,
    check_begun,
    lent_by_run,
    opened_run,
    within,
)
from .prepare.elastic import drawn_within
from .prepare.job import Job
from .report.reporter import Reporter
from .tracking.directory import locked, new_folder, open_run, outside, result_of, same_run, writable
from .tracking.files import read_bytes, write_json
from .tracking.manifest import Elastic, Manifest
from .tracking.sealed import sealed, unsealed
from .training.interruption import Interrupted

if TYPE_CHECKING:
    from .result import RunResult

Cost = Literal["flops", "params", "activations", "depth"]
METRICS: tuple[str, ...] = get_args(Cost)
"""Costs that fronts are of."""


class Asked(BaseModel):
    """What a front was asked for: see :class:`.elastic.ElasticRequest`, and for ``id`` and ``weights``
    :class:`.elastic.Lent`; ``metric``: the cost that ``budgets`` are of; ``device``: as it was found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run: str
    id: str = ""
    weights: str = ""
    where: tuple[str, ...]
    metric: Cost
    budgets: Annotated[tuple[Annotated[int, Ge(0)], ...], Len(1)]
    candidates: Annotated[int, Ge(1)]
    seed: int
    device: str

    @property
    def lent(self) -> Lent:
        return Lent(self.id, self.weights)

    def network(self, band: str) -> Elastic:
        """What its network within ``band`` was asked for."""
        own = {"run": self.run, "candidates": self.candidates, "seed": self.seed}
        return Elastic.model_validate(own | vars(self.lent) | {"where": (*self.where, band)})


class _Found(BaseModel):
    """A network of a front that is over, as far as its own result does not say it."""

    model_config = ConfigDict(frozen=True)

    budget: int
    architecture: str | None
    cost: int | None = None


class _Over(BaseModel):
    """A front that is over, as its document has it."""

    model_config = ConfigDict(frozen=True)

    search: str
    space: str
    cost: Cost
    told_by: str
    chosen_by: str
    points: tuple[_Found, ...]


def elastic_front(request: ElasticRequest, metric: str, budgets: Sequence[int], reporter: Reporter) -> ElasticFront:
    """A network for each of several budgets of a cost, in a run directory each, in one folder: the best of those drawn
    uniformly above the budget before it and up to its own. Raises as :func:`.elastic.derive_elastic` does, and
    Interrupted."""
    kept, manifest = opened_run(request)
    writable(request.out)
    outside(request.run, request.out)
    lent = lent_by_run(request.run)
    bands = _bands(request, kept, lent, metric, budgets)
    widest, greatest = f"{metric} <= {max(budgets)}", max(budgets)
    with _said_of(widest, greatest):
        drawn_within(within(request, kept, lent, widest))  # raises where all of them would be empty
    filled = [_filled(job, budget) for budget, job in bands]
    name = f"{kept.config.name}-front"
    below = request.out or Path("runs", f"{name}-0001")
    check_begun(request, bands[0][1], manifest, [below / f"{metric}-{budget}" for budget, _ in bands])
    from .training.placement import available  # with PyTorch, which what is refused before does not need

    asked = Asked.model_validate(
        {
            "run": str(request.run.absolute()),
            "id": lent.id,
            "weights": lent.weights,
            "where": tuple(request.where),
            "metric": metric,
            "budgets": tuple(budget for budget, _ in bands),
            "candidates": request.candidates,
            "seed": request.seed,
            "device": str(available(request.device).device),
        }
    )
    with new_folder(request.out, name) as folder:
        write_json(folder / run_files.ASKED, sealed(asked.model_dump(mode="json")))
        return _worked_off(request, asked, (kept, manifest), folder, filled, reporter)


def resume_derived(
    folder: Path, reporter: Reporter, allow_extern: bool = False, data: object = None
) -> RunResult | ElasticFront:
    """Go on with what was derived in ``folder``, a front or one network, to the same bits. What is over there is
    not done again; where all of it is, the run that left the weights may be gone.

    Raises as :func:`elastic_front` does, and RunError where nothing was derived there. ``allow_extern``, ``data``: as
    of :func:`.run.resume`.
    """
    if not (folder / run_files.ASKED).exists():
        if (folder / run_files.MANIFEST).exists() and open_run(folder).manifest.elastic is not None:
            from .run import resume

            return resume(folder, reporter, allow_extern, data)
        raise RunError([NothingToGoOnWith(None, str(folder), (folder / run_files.MANIFEST).exists())])
    asked = asked_in(folder / run_files.ASKED)
    with locked(folder):
        over = _over(asked, folder)
    if over is not None:
        reporter.say(f"nothing is left to do in {visible(str(folder))}")
        return over
    request = ElasticRequest(
        Path(asked.run), asked.where, asked.candidates, asked.seed, folder, asked.device, allow_extern, data
    )
    same_run(request.run, asked.id, folder)
    kept, manifest = opened_run(request)
    with locked(folder):
        bands = _bands(request, kept, asked.lent, asked.metric, asked.budgets)
        filled = [_filled(job, budget) for budget, job in bands]
        return _worked_off(request, asked, (kept, manifest), folder, filled, reporter)


def front_in(folder: Path) -> ElasticFront | None:
    """The front in ``folder``, where there is one and it is over; None else. Raises RunError where what it was asked
    for cannot be read, or a network in it is of another call."""
    path = folder / run_files.ASKED
    return _over(asked_in(path), folder) if path.exists() else None


def asked_in(path: Path) -> Asked:
    """What the front was asked for of which ``path`` is the `asked.json`. Raises RunError where it is damaged."""
    try:
        return Asked.model_validate(unsealed(parsed_json(read_bytes(path))))
    except (ValidationError, ValueError, RecursionError) as error:
        raise RunError([RunFileDamaged(None, str(path), "it does not say what a front was asked for")]) from error


def _over(asked: Asked, folder: Path) -> ElasticFront | None:
    """The front in ``folder``; None where it is not over, or a file that tells of it is damaged: they are made anew.
    Raises RunError where a network in it is of another call."""
    try:
        document = unsealed(parsed_json(read_bytes(folder / run_files.FRONT)))
        for point in document["points"]:
            point["cost"] = point.get(asked.metric)
        found = _Over.model_validate(document)
        if (found.cost, tuple(point.budget for point in found.points)) != (asked.metric, asked.budgets):
            return None
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    from .result import RunResult

    points = []
    for point, band in zip(found.points, _bounds(asked.metric, asked.budgets), strict=True):
        if point.architecture is None:
            points.append(Point(point.budget, None))
            continue
        own = _network(folder, asked.metric, point.budget)
        if not (own / run_files.RESULT).exists():
            return None
        _hold_band(own, asked.network(band))
        try:
            result = result_of(own)
        except RunError:
            return None
        points.append(Point(point.budget, RunResult(own, result), point.cost))
    return ElasticFront(folder, found.search, found.space, found.cost, found.told_by, found.chosen_by, tuple(points))


def _worked_off(
    request: ElasticRequest,
    asked: Asked,
    run: tuple[Job, Manifest],
    folder: Path,
    filled: Sequence[bool],
    reporter: Reporter,
) -> ElasticFront:
    """Do what is not done yet. ``run``: that which left the weights, opened; ``filled``: whether each band has an
    architecture."""
    from .run import resume

    kept, manifest = run
    points = []
    bands = _bands(request, kept, asked.lent, asked.metric, asked.budgets)
    for (budget, job), any_within in zip(bands, filled, strict=True):
        if not any_within:
            reporter.say(f"no architecture is {_band(job)}")
            points.append(Point(budget, None))
            continue
        reporter.say(f"{_band(job)}:")
        own = _network(folder, asked.metric, budget)
        try:
            if (own / run_files.MANIFEST).exists():
                assert job.elastic is not None
                _hold_band(own, job.elastic)
                result = resume(own, reporter, request.allow_extern, request.data)
            else:
                result = begun(request, job, manifest, own, reporter)
        except Interrupted:
            again = command("stdsl", "derive", "--resume", folder, *leave(request.allow_extern))
            raise Interrupted(f"`{again}` goes on from here") from None
        cost: int | None = getattr(costs(job.graph, architecture(job.graph, result.architecture)), asked.metric)
        points.append(Point(budget, result, cost))
    done = [point.result.document for point in points if point.result is not None]
    told_by, chosen_by = done[0]["metric"], done[0]["search_facts"]["metric"]
    name, space = kept.config.name, kept.search.graph.name
    front = ElasticFront(folder, name, space, asked.metric, told_by, chosen_by, tuple(points))
    write_json(folder / run_files.FRONT, sealed(front.document(inside=True)))
    return front


def _network(folder: Path, metric: str, budget: int) -> Path:
    """Where in the folder of a front the run directory of a budget is."""
    return folder / f"{metric}-{budget}"


def _hold_band(folder: Path, asked: Elastic) -> None:
    """Raises RunError where the run in ``folder`` is not that of what was ``asked`` for."""
    found = open_run(folder).manifest.elastic
    if found == asked:
        return
    fault = "no network was derived in its run"
    if found is not None:
        name = next(name for name in type(asked).model_fields if getattr(found, name) != getattr(asked, name))
        was, wanted = (json_text(one.model_dump(mode="json")[name]) for one in (found, asked))
        fault = f"the front asked for `{name}` = {wanted} here, and its run is of {was}"
    raise RunError([RunFileDamaged(None, str(folder / run_files.MANIFEST), fault)])


def _bands(request: ElasticRequest, job: Job, lent: Lent, metric: str, budgets: Sequence[int]) -> list[tuple[int, Job]]:
    """Each budget with the job of what costs more than the one before it, and no more than it."""
    bounds = zip(_sorted(budgets), _bounds(metric, budgets), strict=True)
    return [(budget, within(request, job, lent, band)) for budget, band in bounds]


def _sorted(budgets: Sequence[int]) -> list[int]:
    return sorted(set(budgets))


def _bounds(metric: str, budgets: Sequence[int]) -> list[str]:
    """Of each budget, from the least, what a network costs within it and above the one before."""
    each = _sorted(budgets)
    return [f"{metric} in {below + 1}..{budget}" for below, budget in zip((-1, *each), each, strict=False)]


def _band(job: Job) -> str:
    """The budget of a network, in words."""
    assert job.elastic is not None
    return f"within {job.elastic.where[-1]}"


def _filled(job: Job, budget: int) -> bool:
    """Whether a band has an architecture. Raises SpaceError where that is not known."""
    assert job.elastic is not None
    with _said_of(job.elastic.where[-1], budget):
        try:
            drawn_within(job)
        except SpaceError as error:
            if not all(isinstance(d, NothingWithin) for d in error.diagnostics):
                raise
            return False
    return True


@contextmanager
def _said_of(bound: str, budget: int) -> Iterator[None]:
    """Inside, what is wrong with the text ``bound``, which nobody wrote, is told of the budget that it was made of."""

    def place(span: Span | None) -> Span | None:
        made = span is not None and isinstance(span.source, OptionText) and span.source.value.text == bound
        return option_text("--budget ", str(budget)).value if made else span

    try:
        yield
    except SpaceError as error:
        raise SpaceError([_placed(d, place) for d in error.diagnostics]) from None


def _placed(d: Diagnostic, place: Callable[[Span | None], Span | None]) -> Diagnostic:
    if isinstance(d, NothingWithin):
        d = replace(d, related=tuple(replace(label, span=place(label.span) or label.span) for label in d.related))
    return replace(d, span=place(d.span))
