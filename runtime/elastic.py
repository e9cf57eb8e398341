"""Other networks from the weights of a run: drawn within budgets, measured, exported; none is trained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from stdsl.compiler.analysis.architecture import plain_values
from stdsl.compiler.analysis.costs.measures import named
from stdsl.compiler.checks.shared import lent_by
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_directories import NoSharedWeights
from stdsl.compiler.diagnostics.settings import listed
from stdsl.compiler.families.registry import family, those
from stdsl.compiler.schemas.tasks.metrics import METRICS, Metric
from stdsl.compiler.text.commands import command
from stdsl.compiler.text.quoting import visible

from .learnt import found_by
from .prepare.elastic import drawn_within, elastic_job
from .prepare.job import Job
from .prepare.preparation import load_kept_job
from .report.reporter import Reporter
from .tracking.directory import RunDirectory, create, open_run, outside, writable
from .tracking.left import WEIGHTS, phases_of
from .tracking.manifest import Elastic, Manifest, environment
from .tracking.names import SEARCH

if TYPE_CHECKING:
    from .result import RunResult


@dataclass(frozen=True)
class ElasticRequest:
    """What `stdsl derive` was asked for: a network from the weights of ``run``, the best of ``candidates`` drawn ones
    within its space's `where` and ``where``; or with ``architecture`` that of this one, a mapping or an `.arch.json`
    file. ``data``: of a run that a program gave its data, the same once more."""

    run: Path
    where: Sequence[str] = ()
    candidates: int = 100
    seed: int = 0
    out: Path | None = None
    device: str = "auto"
    allow_extern: bool = False
    data: Any = None
    architecture: Mapping[str, Any] | Path | None = None


@dataclass(frozen=True)
class Point:
    """The network of a band of costs, above the ``budget`` before and up to this one. ``result``: its run; None where
    no architecture is within. ``cost``: what the network costs by which the budgets go."""

    budget: int
    result: RunResult | None
    cost: int | None = None

    def document(self, metric: str, folder: Path | None = None) -> dict[str, Any]:
        """For JSON. ``metric``: what the front is about; ``folder``: what its run directory is named from."""
        if self.result is None:
            return {"budget": self.budget, "architecture": None}
        found = self.result.document
        facts, (row,) = found["search_facts"], found["networks"]
        best = next(one for one in facts["drawn"] if one["hash"] == found["derived"]["hash"])
        return {
            "budget": self.budget,
            "architecture": found["derived"]["hash"],
            "run": str(self.result.directory if folder is None else self.result.directory.relative_to(folder)),
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

    def document(self, inside: bool = False) -> dict[str, Any]:
        """For JSON. ``inside``: for a file in the folder, wherever that is going to be."""
        folder = self.folder if inside else None
        return {
            "search": self.search,
            "space": self.space,
            "cost": self.metric,
            "told_by": self.told_by,
            "chosen_by": self.chosen_by,
            "points": [point.document(self.metric, folder) for point in self.points],
        }


def derive_elastic(request: ElasticRequest, reporter: Reporter) -> RunResult:
    """A run directory of its own: architecture, weights, exports and measurements of the best one that is drawn, with
    a copy of the shared weights. It goes on as any run does.

    Raises RunError where the run is none, is not over, or left no shared weights; SpaceError where a budget is wrong,
    or nothing is within all; ArchitectureError where the architecture is none of the space that was searched.
    """
    kept, manifest = opened_run(request)
    writable(request.out)
    outside(request.run, request.out)
    job = within(request, kept, lent_by_run(request.run))
    drawn_within(job)
    out = request.out
    check_begun(request, job, manifest, (out or Path("runs", f"{job.config.name}-elastic-0001"),))
    return begun(request, job, manifest, out, reporter)


def opened_run(request: ElasticRequest) -> tuple[Job, Manifest]:
    """The job of the run that left the weights, and what its manifest says of it as it was searched."""
    directory = open_run(request.run)
    manifest = directory.manifest.model_copy(update={"elastic": None})
    job = load_kept_job(directory, manifest, request.allow_extern, request.data)
    strategy = job.config.strategy
    if strategy is None or not job.graph.open or not family(strategy.family).shared:
        raise RunError([_no_shared_weights(request.run, job)])
    found_by(request.run, job)
    return job, manifest


def _no_shared_weights(run: Path, job: Job) -> NoSharedWeights:
    """Why there are none, and where others may be."""
    strategy, lent = job.config.strategy, lent_by(job.search)
    if strategy is None or not job.graph.open:
        reason = "an architecture was given to it" if job.graph.open else "its space leaves nothing open"
        place, reason = job.config.place("space"), f"it searched for nothing, for {reason}"
        return NoSharedWeights(place, str(run), reason, _advice())
    place = job.config.place("strategy")
    if lent is not None:
        name = lent.config.name
        other = command("stdsl", "derive", RunDirectory(run).needed(name))
        reason = f"its trials were measured with those of `{name}`"
        return NoSharedWeights(place, str(run), reason, f"`{other} …` takes networks from these")
    own = family(strategy.family)
    reason = f"a search of the family `{own.name}` {own.trained(strategy)}"
    return NoSharedWeights(place, str(run), reason, _advice())


def _advice() -> str:
    families = listed(those("shared"), " or ")
    return f"run a search of the family {families}, as with the strategy `single_path`, and derive from that run"


@dataclass(frozen=True)
class Lent:
    """What weights of all architectures are known by: the ``id`` of the run that left them, and the checksum of the
    file; "" where an older version kept none."""

    id: str
    weights: str


def lent_by_run(run: Path) -> Lent:
    """Those of a run whose search is over. Raises RunError."""
    directory = open_run(run)
    manifest = directory.manifest
    return Lent(manifest.id, phases_of(directory, manifest)[SEARCH].get(WEIGHTS, ""))


def within(request: ElasticRequest, job: Job, lent: Lent, *further: str) -> Job:
    """The job of a network from the weights of ``job``'s search, which are those that are ``lent``, within what was
    asked for and ``further`` budgets. Raises as :func:`derive_elastic` does."""
    given = request.architecture
    asked = Elastic(
        run=str(request.run.absolute()),
        id=lent.id,
        weights=lent.weights,
        where=(*request.where, *further),
        candidates=request.candidates,
        seed=request.seed,
        architecture=None if given is None else plain_values(named(job.search.graph, given)),
    )
    return elastic_job(job, asked)


def check_begun(request: ElasticRequest, job: Job, manifest: Manifest, folders: Iterable[Path]) -> None:
    """Raises RunError or SpaceError where run directories at ``folders`` would not be begun, or the work in them not be
    done: nothing is made by a call that is refused."""
    # With PyTorch, which calls need that ask for something there is.
    from .data.facts.data_facts import hold_facts
    from .prepare.opening import fitting
    from .prepare.readiness import check_ready
    from .strategies.runner import runner
    from .training.placement import available

    dataset = check_ready(job, manifest.engine)["search"]
    place = job.config.place(job.config.data_key("search"))
    hold_facts(RunDirectory(request.run).searched_data, dataset, job.config.data.kind, place)
    for folder in folders:
        fitting(job, folder)
    available(request.device)
    strategy = job.config.strategy
    assert strategy is not None
    runner(strategy).check_weights(strategy, job.graph, RunDirectory(request.run).weights(SEARCH))


def begun(request: ElasticRequest, job: Job, manifest: Manifest, out: Path | None, reporter: Reporter) -> RunResult:
    """A run directory at ``out``, or the next free one, carried out to its end."""
    from .prepare.readiness import permit
    from .run import Means, carry_out
    from .training.placement import available

    permit(job)
    placement = available(request.device)
    own = manifest.model_copy(
        update={
            "elastic": job.elastic,
            "needs": {},
            "config": job.config.model_dump(mode="json"),
            "device": str(placement.device),
            "allow_extern": request.allow_extern,
            "id": uuid4().hex,
            "store": "",
            "outermost": "",
            "environment": environment(),
        }
    )
    directory = create(out, f"{job.config.name}-elastic", own, job.texts.texts)
    reporter.say(f"run directory: {visible(str(directory.path))}")
    return carry_out(job, own, directory, placement, reporter, Means(hands=0))
