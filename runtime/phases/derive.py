"""Reading an architecture off the decision weights, and drawing random ones to compare it with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from stdsl.compiler.analysis import architecture as architectures
from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.costs.measures import trained_in
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.sampling import Sample
from stdsl.compiler.analysis.sampling import draw as uniformly
from stdsl.compiler.analysis.unlike import most_different
from stdsl.compiler.checks.comparisons import few_comparable
from stdsl.compiler.checks.shared import outside_trained
from stdsl.compiler.diagnostics.budgets import PerhapsNotBest, UnevenComparisons
from stdsl.compiler.diagnostics.ensembles import FewMembers
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run import FewComparable
from stdsl.compiler.diagnostics.run_files import RunFileDamaged
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph
from stdsl.compiler.schemas.members import Different

from ..prepare.job import Job
from ..randomness import key
from ..report.reporter import warned
from ..strategies.runner import runner
from ..tracking.directory import RunDirectory
from ..tracking.files import read_made, write_bytes
from ..tracking.names import DERIVED, member_name, random_name, repeat_name
from .context import Context

DERIVE, DRAW = "derive", "draw"

FURTHER = 8
"""So often twice as many are drawn where some are missing of few that there are: enough for all of them."""


def derive(run: Context) -> None:
    """Leaves ``architectures/derived.arch.json``: the likeliest architecture within ``where`` of the space that is
    searched and of the one that it is trained in; or the one that is trained without a search."""
    if DERIVE in run.tracker.finished:
        file = run.directory.architecture(DERIVED)
        if architectures.saved(file, unedited=True).hash != run.tracker.finished[DERIVE]["hash"]:
            raise RunError([RunFileDamaged(None, str(file), "it holds another architecture than the run derived")])
        return
    graph, strategy = run.job.graph, run.config.strategy
    others: list[Architecture] = []
    if run.job.architecture is not None:
        arch = run.job.architecture
    elif strategy is None or not graph.open:
        arch = architectures.architecture(graph, {})
    else:
        facts = run.tracker.finished["search"]
        arch, *others = runner(strategy).derive(strategy, graph, facts)
        if not runner(strategy).surely_best(strategy, graph, facts):
            method = runner(strategy).method(strategy)
            place = run.config.place("space")
            run.reporter.say(warned(PerhapsNotBest(place, graph.name, trained_in(graph), method)))
    untrained = outside_trained(run.job.search, arch)
    if untrained is not None:
        run.reporter.say(warned(untrained))
    run.directory.save_architecture(DERIVED, arch)
    run.tracker.finish(DERIVE, {"hash": arch.hash} | _beside(run, [arch, *others]))


def _beside(run: Context, found: Sequence[Architecture]) -> dict[str, Any]:
    """Leaves the architectures of the further members of an ensemble, ``found`` being all that there are, the better
    first; what the journal keeps of them."""
    asked, how = run.config.members, run.config.ensemble
    if asked < 2:
        return {}
    _, *chosen = most_different(found[: how.pool], asked) if isinstance(how, Different) else found[:asked]
    names = [member_name(rank) for rank in range(2, len(chosen) + 2)]
    for name, arch in zip(names, chosen, strict=True):
        run.directory.save_architecture(name, arch)
    if len(chosen) < asked - 1:
        run.reporter.say(warned(FewMembers(run.config.place("ensemble"), asked, len(chosen) + 1)))
    return {"members": names}


def members(run: Context) -> list[str]:
    """The names of the members of an ensemble beside the derived network, in the order of their choice; none without
    one."""
    names: list[str] = run.tracker.finished[DERIVE].get("members", [])
    return names


def repeats(run: Context) -> list[str]:
    """The names of the further trainings of the derived network, each from its own seed; their architecture files are
    copies."""
    retrain = run.config.retrain
    names = [repeat_name(number) for number in range(2, (retrain.seeds if retrain else 1) + 1)]
    for name in names:
        target = run.directory.architecture(name)
        if not target.exists():
            write_bytes(target, read_made(run.directory.architecture(DERIVED)))
    return names


def draw(run: Context) -> None:
    """Leaves ``architectures/random-1.arch.json`` and so on: uniformly drawn (or searched for, with a warning, where
    hardly any will do), within ``where`` of both spaces, of comparable cost, all different.
    """
    compare = run.config.compare
    if DRAW in run.tracker.finished or compare is None or not compare.random or not run.job.graph.open:
        return
    graph = run.job.graph
    derived = architectures.load(run.directory.architecture(DERIVED), graph, unedited=True)
    flops = costs(graph, derived).flops
    unbounded = compare.near is None and compare.above is None
    assert flops is not None or unbounded, "nothing is near what is not known"
    least = 0 if compare.near is None or flops is None else math.ceil((1 - compare.near) * flops)
    most = None if compare.above is None or flops is None else math.floor((1 + compare.above) * flops)
    bound = () if not least and most is None else (CostConstraint("flops", least, most, graph.span),)
    sample, found = _others(run, graph, derived, bound)
    names = [random_name(number) for number in range(1, len(found) + 1)]
    for name, arch in zip(names, found, strict=True):
        run.directory.save_architecture(name, arch)
    if len(found) < compare.random:
        there = None if sample.within is None else sample.within - 1
        drawn_from = (compare.random, graph.name, there)
        # Before the run it was told how many a space has that bounds of costs leave as it is.
        if bound or there is None or few_comparable(run.config, graph) is None:
            few = FewComparable(run.config.place("compare.random"), *drawn_from, len(found), sample.tried, least, most)
            run.reporter.say(warned(few))
    if sample.searched:
        place = run.config.place("compare")
        warning = UnevenComparisons(place, graph.name, sample.searched, sample.tried, trained_in(graph))
        run.reporter.say(warned(warning))
    # Of a space that is too entangled to count no sample is uniform, searched for or not.
    facts = {"names": names, "tried": sample.tried} | ({} if sample.uniform else {"uniform": False})
    run.tracker.finish(DRAW, facts)


def _others(
    run: Context, graph: SpaceGraph, derived: Architecture, bound: tuple[CostConstraint, ...]
) -> tuple[Sample, list[Architecture]]:
    """What is drawn to compare with, and the different ones of it without the derived one, no more than are asked for:
    of few that there are, all of these."""
    assert run.config.compare is not None
    asked = run.config.compare.random
    # Some more than asked for, since one may come twice, or be the derived one.
    draws = 2 * asked + 8
    for further in range(FURTHER):
        sample = uniformly(graph, key(run.seed, "random architectures"), draws << further, bound)
        different = {arch.hash: arch for arch in sample.architectures if arch.hash != derived.hash}
        found = list(different.values())[:asked]
        if sample.within is None or len(found) >= min(asked, sample.within - 1):
            break
    return sample, found


def drawn(run: Context) -> list[str]:
    """The names of the random architectures."""
    names: list[str] = run.tracker.finished.get(DRAW, {}).get("names", [])
    return names


def carried(job: Job, directory: RunDirectory, name: str) -> tuple[SpaceGraph, Mapping[str, Any]]:
    """The space of the final training, and the saved architecture in it (carried over if it is a sibling of the
    searched one).

    Raises ArchitectureError, which lists the difference.
    """
    file, other = directory.architecture(name), job.final is not job.graph
    arch = architectures.load(file, job.final, carry=other, unedited=True)
    return job.final, arch
