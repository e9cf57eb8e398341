"""A run that takes another network from the weights of one before it: what it works on, and what it draws."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, of_answers
from stdsl.compiler.analysis.costs.measures import named
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.feasible import feasible
from stdsl.compiler.analysis.sampling import draw, too_few
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.diagnostics.budgets import NothingWithin
from stdsl.compiler.diagnostics.model import Sink, SpaceError
from stdsl.compiler.schemas.search import Export
from stdsl.compiler.semantics.budgets import budgets

from ..randomness import key
from ..tracking.manifest import Elastic
from .job import Job

ONNX = "model.onnx"
"""What is exported where the search says nothing of it."""


@dataclass(frozen=True)
class Drawn:
    """``times``: how often each different architecture was drawn. ``within``: of how many, where that is known;
    ``all``: these are all that there are. ``uniform``: whether all had the same probability. ``named``: nothing was
    drawn, for the call names what is taken."""

    times: dict[Architecture, int]
    within: int | None
    all: bool
    uniform: bool
    named: bool = False


def elastic_job(job: Job, asked: Elastic) -> Job:
    """The job that draws from the space that ``job`` searched, within its `where` and what is ``asked``, measures what
    was drawn with the weights that are there, and exports the best. Nothing is trained.

    Raises SpaceError where a budget is none.
    """
    sink, own = Sink(), job.search.graph
    bounds = budgets(asked.where, sink)
    if sink.errors:
        raise SpaceError(sink.errors)
    graph = replace(own, constraints=(*own.constraints, *bounds))
    config = job.config
    settings = config.export or Export()
    ends: dict[str, Any] = {
        "retrain": None,
        "phase": (),
        "ensemble": None,
        "compare": None,
        "needs": (),
        "fuse": (),
        "export": settings.model_copy(update={"onnx": settings.onnx or ONNX}),
    }
    tested = job.tested
    if job.final is not own or config.owner("retrain") != "search":
        # What was measured on was for the networks of the final training.
        tested = {}
        ends["evaluate"] = config.evaluate.model_copy(update={"data": None, "size": None})
    search = replace(
        job.search,
        config=config.model_copy(update=ends),
        graph=graph,
        final=graph,
        compared={},
        tested={text: space for text, space in tested.items() if not text},
        needs=(),
        warnings=(),
    )
    return replace(job, search=search, elastic=asked)


def drawn_within(job: Job) -> Drawn:
    """The architectures that an elastic run measures: as many as asked for, drawn uniformly; all, where there are no
    more; or the one that is asked for itself. Raises SpaceError where there are none (E0441), or none was found
    (E0442), ArchitectureError where the one is none of them."""
    asked, graph = job.elastic, job.graph
    assert asked is not None
    if asked.architecture is not None:
        return Drawn({named(graph, asked.architecture): 1}, None, False, False, named=True)
    exact = feasible(graph)
    if exact is not None and 0 < exact.count <= asked.candidates:
        every = [of_answers(graph, exact.unrank(place)) for place in range(exact.count)]
        return Drawn(dict.fromkeys(every, 1), exact.count, True, True)
    sample = draw(graph, key(job.config.seed, "elastic", asked.seed), asked.candidates)
    if not sample.answers:
        blamed = satisfiable(graph).diagnostic if sample.empty else None
        raise SpaceError([blamed]) if isinstance(blamed, NothingWithin) else too_few(graph, sample)
    times: dict[Architecture, int] = {}
    for arch in sample.architectures:
        times[arch] = times.get(arch, 0) + 1
    within = sample.within if cost_constraints(graph) else None
    return Drawn(times, within, False, sample.uniform)
