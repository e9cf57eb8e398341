"""Other networks from the weights of a run: drawn within budgets, measured, exported; none is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.diagnostics.budgets import NothingWithin
from stdsl.compiler.diagnostics.model import Diagnostic, RunError, SpaceError
from stdsl.compiler.diagnostics.option import OptionText, option_text
from stdsl.compiler.diagnostics.run_directories import NoSharedWeights, RunNotOver
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.families.registry import family
from stdsl.compiler.schemas.tasks.metrics import METRICS, Metric
from stdsl.compiler.text.quoting import visible

from .prepare.elastic import drawn_within, elastic_job
from .prepare.job import Job
from .prepare.opening import fitting
from .prepare.preparation import load_kept_job
from .report.reporter import Reporter
from .result import RunResult
from .run import Means, carry_out, check_ready, permit
from .strategies.runner import runner
from .tracking.directory import RunDirectory, create, new_folder, open_run, outside, writable
from .tracking.files import write_json
from .tracking.manifest import Elastic, Manifest, environment
from .tracking.names import SEARCH
from .tracking.tracker import finished_phases
from .training.placement import available

FRONT = "front.json"
"""What a folder of several networks has beside their run directories."""


@dataclass(frozen=True)
class ElasticRequest:
    """What `stdsl derive` was asked for: a network from the weights of ``run``, the best of ``candidates`` drawn ones
    within its space's `where` and ``where``. ``data``: of a run that a program gave its data, the same once more."""

    run: Path
    where: Sequence[str] = ()
    candidates: int = 100
    seed: int = 0
    out: Path | None = None
    device: str = "auto"
    allow_extern: bool = False
    data: Any = None


@dataclass(frozen=True)
class Point:
    """The network of a band of costs, above the ``budget`` before and up to this one. ``result``: its run; None where
    no architecture is within. ``cost``: what the network costs by which the budgets go."""

    budget: int
    result: RunResult | None
    cost: int | None = None

    def document(self, metric: str) -> dict[str, Any]:
        """For JSON. ``metric``: what the front is about."""
        if self.result is None:
            return {"budget": self.budget, "architecture": None}
        found = self.result.document
        facts, (row,) = found["search_facts"], found["networks"]
        best = next(one for one in facts["drawn"] if one["hash"] == found["derived"]["hash"])
        return {
            "budget": self.budget,
            "architecture": found["derived"]["hash"],
            "run": str(self.result.directory),
            metric: self.cost,
            "params": row["params"],
            "flops": row["flops"],
            "valid": best["value"],
            "test": row["test"],
        }


@dataclass(frozen=True)
class ElasticFront:
    """``metric``: the cost that the budgets are about; ``told_by``: what networks are compared by,
    ``chosen_by``: what they were chosen by."""

    folder: Path
    search: str
    space: str
    metric: str
    told_by: str
    chosen_by: str
    points: tuple[Point, ...]

    @property
    def measured_by(self) -> Metric:
        return METRICS[self.told_by]

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "search": self.search,
            "space": self.space,
            "cost": self.metric,
            "told_by": self.told_by,
            "chosen_by": self.chosen_by,
            "points": [point.document(self.metric) for point in self.points],
        }


def derive_elastic(request: ElasticRequest, reporter: Reporter) -> RunResult:
    """A run directory of its own: architecture, weights, exports and measurements of the best one that is drawn, with
    a copy of the shared weights. It goes on as any run does.

    Raises RunError where the run is none, is not over, or left no shared weights; SpaceError where a budget is wrong,
    or nothing is within all.
    """
    kept, manifest = _kept(request)
    writable(request.out)
    outside(request.run, request.out)
    job = _within(request, kept)
    drawn_within(job)
    out = request.out
    _check(request, job, manifest, (out or Path("runs", f"{job.config.name}-elastic-0001"),))
    return _begun(request, job, manifest, out, reporter)


def elastic_front(request: ElasticRequest, metric: str, budgets: Sequence[int], reporter: Reporter) -> ElasticFront:
    """A network for each of several budgets of a cost, in a run directory each, in one folder: the best of those drawn
    uniformly above the budget before it and up to its own. Raises as :func:`derive_elastic` does."""
    kept, manifest = _kept(request)
    writable(request.out)
    outside(request.run, request.out)
    bands = _bands(request, kept, metric, budgets)
    widest, greatest = f"{metric} <= {max(budgets)}", max(budgets)
    with _said_of(widest, greatest):
        drawn_within(_within(request, kept, widest))  # raises where all of them would be empty
    filled = [_filled(job, budget) for budget, job in bands]
    name = f"{kept.config.name}-front"
    below = request.out or Path("runs", f"{name}-0001")
    _check(request, bands[0][1], manifest, [below / f"{metric}-{budget}" for budget, _ in bands])
    folder = new_folder(request.out, name)
    points = []
    for (budget, job), any_within in zip(bands, filled, strict=True):
        if not any_within:
            reporter.say(f"no architecture is {_band(job)}")
            points.append(Point(budget, None))
            continue
        reporter.say(f"{_band(job)}:")
        result = _begun(request, job, manifest, folder / f"{metric}-{budget}", reporter)
        cost: int | None = getattr(costs(job.graph, architecture(job.graph, result.architecture)), metric)
        points.append(Point(budget, result, cost))
    done = [point.result.document for point in points if point.result is not None]
    told_by, chosen_by = done[0]["metric"], done[0]["search_facts"]["metric"]
    front = ElasticFront(folder, kept.config.name, kept.search.graph.name, metric, told_by, chosen_by, tuple(points))
    write_json(folder / FRONT, front.document())
    return front


def _bands(request: ElasticRequest, job: Job, metric: str, budgets: Sequence[int]) -> list[tuple[int, Job]]:
    """Each budget with the job of what costs more than the one before it, and no more than it."""
    bands, below = [], -1
    for budget in sorted(set(budgets)):
        bands.append((budget, _within(request, job, f"{metric} in {below + 1}..{budget}")))
        below = budget
    return bands


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


def _kept(request: ElasticRequest) -> tuple[Job, Manifest]:
    """The job of the run that left the weights, and what its manifest says of it as it was searched."""
    directory = open_run(request.run)
    manifest = directory.manifest.model_copy(update={"elastic": None})
    job = load_kept_job(directory, manifest, request.allow_extern, request.data)
    strategy = job.config.strategy
    if strategy is None or not job.graph.open:
        raise RunError([NoSharedWeights(None, str(request.run), "it searched for nothing")])
    if not family(strategy.family).shared:
        reason = f"a search of the family `{strategy.family}` has none that all architectures share"
        raise RunError([NoSharedWeights(None, str(request.run), reason)])
    if "search" not in finished_phases(directory.path):
        raise RunError([RunNotOver(None, str(request.run), "search that is over", manifest.allow_extern)])
    return job, manifest


def _within(request: ElasticRequest, job: Job, *further: str) -> Job:
    asked = Elastic(
        run=str(request.run.absolute()),
        where=(*request.where, *further),
        candidates=request.candidates,
        seed=request.seed,
    )
    return elastic_job(job, asked)


def _check(request: ElasticRequest, job: Job, manifest: Manifest, folders: Iterable[Path]) -> None:
    """Raises RunError or SpaceError where run directories at ``folders`` would not be begun, or the work in them not be
    done: nothing is made by a call that is refused."""
    check_ready(job, manifest.engine)
    for folder in folders:
        fitting(job, folder)
    available(request.device)
    strategy = job.config.strategy
    assert strategy is not None
    runner(strategy).check_weights(strategy, job.graph, RunDirectory(request.run).weights(SEARCH))


def _begun(request: ElasticRequest, job: Job, manifest: Manifest, out: Path | None, reporter: Reporter) -> RunResult:
    permit(job)
    placement = available(request.device)
    own = manifest.model_copy(
        update={
            "elastic": job.elastic,
            "config": job.config.model_dump(mode="json"),
            "device": str(placement.device),
            "allow_extern": request.allow_extern,
            "id": uuid4().hex,
            "store": "",
            "environment": environment(),
        }
    )
    directory = create(out, f"{job.config.name}-elastic", own, job.texts.texts)
    reporter.say(f"run directory: {visible(str(directory.path))}")
    return carry_out(job, own, directory, placement, reporter, Means(hands=0))
