"""Running a search of the `variational` family."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, plain_values
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric
from stdsl.compiler.analysis.feasible import feasible
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.rows import certain, chances_of
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.posteriors import DivergenceOutweighs
from stdsl.compiler.diagnostics.run import Undecided
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.text.figures import times

from ...phases.context import Context
from ...prepare.job import Job
from ...prepare.samples import stage_sizes
from ...tasks.best_first import best_first
from ...tracking.journal import read_journal
from ...tracking.names import SEARCH
from ...tracking.weights import save_tensors
from ...training.loop import check_finite, drive
from ..candidates import FORWARD, passes_to_measure
from ..distribution import distribution, found_by, front_of_distribution
from ..history import PHASE, history
from ..parts import lengths, part, parts, total_steps, warmup_steps
from ..runner import Found, Runner, Work
from ..statistics import UNDECIDED
from .build import phased_search, template, variational_search
from .search import drawn_strategies


class VariationalRunner(Runner):
    """Leaves ``weights/search.safetensors`` and, in the journal, the posterior by path and what was drawn from it."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        per_epoch, batch = stage_sizes(job.config.data.samples((strategy.weights.split,)), strategy.batch)
        each = lengths(job.config, strategy)
        steps, warmup = total_steps(each, per_epoch), warmup_steps(each, per_epoch)
        passes = 1.0 if strategy.update == "together" else 1 + (steps - warmup) / steps
        passes += _measured(job, strategy) * FORWARD / steps
        yield Work("search", partial(template, job.graph, strategy, 0), job.graph, steps, batch, passes)

    def search(self, run: Context) -> Found:
        strategy = _own(run.config.strategy)
        each = parts(run.config, strategy, run.job.graph)
        if run.config.phase:
            phased = phased_search(run, each)
            done = drive(PHASE, phased, run.tracker, run.reporter, run.interruption, measured=strategy.derive.samples)
            work, chosen, weights = phased.current, phased.chosen, phased.weights()
            steps, waited = phased.total - phased.current.drawn, phased.waited
        else:
            work = variational_search(run, part(each, 0, {}))
            done = drive(PHASE, work, run.tracker, run.reporter, run.interruption, measured=work.drawn)
            chosen, weights, steps, waited = work.chosen, work.supernet.state_dict(), work.steps, work.waited
        logits = {path: row for path, row in chosen.items() if path not in work.held}
        check_finite(PHASE, "weights", weights)
        check_finite(PHASE, "posterior", logits)
        save_tensors(weights, run.directory.weights(SEARCH))
        entropy = work.entropy
        facts: dict[str, Any] = {
            "steps": steps,
            "seconds": round(done.seconds, 2),
            "entropy": entropy,
            "waited": done.share(waited),
            "history": history(run),
            "logits": logits,
            "probabilities": certain(run.job.graph, work.held) | chances_of(run.job.graph, logits),
        }
        if work.held:
            facts["fixed"] = plain_values(work.held)
        summary = f"{times(steps, 'step')}, posterior at {entropy:.0%} of full uncertainty"
        if work.drawn:
            metric = work.strategies.metric
            drawn = drawn_strategies(work)
            best = METRICS[metric].written(best_first(drawn, metric)[0]["value"])
            facts |= {"metric": metric, "drawn": drawn}
            summary += f"; {work.drawn} strategies drawn, {len(drawn)} different, the best {metric} {best}"
        warnings: list[Diagnostic] = []
        warnings += _outweighed(run, work.samples)
        if entropy > UNDECIDED:
            warnings.append(Undecided(run.config.place("strategy"), entropy, steps, run.config.lengths))
        return Found(facts, summary, tuple(warnings))

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        return found_by(graph, facts)

    def surely_best(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> bool:
        return bool(facts.get("drawn")) or not cost_constraints(graph) or feasible(graph) is not None

    def posterior(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy:
        return distribution(graph, facts)

    def front(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        facts: Mapping[str, Any],
        metric: Metric,
        budgets: Sequence[int],
        sibling: Sibling | None,
    ) -> list[FrontPoint]:
        return front_of_distribution(graph, facts, metric, budgets, sibling)


def _outweighed(run: Context, samples: int) -> Iterator[Diagnostic]:
    """W0768, where the last step had more of the divergence in it than the first one of the loss. ``samples``: those
    for training."""
    lines = read_journal(run.tracker.journal.path)
    steps = [e for e in lines if e["event"] == "step" and e["phase"] == PHASE and "divergence" in e]
    share, loss = steps[-1]["divergence"] / samples, steps[0]["loss"]
    if share > loss:
        yield DivergenceOutweighs(run.config.place("strategy.objectives"), share, loss)


def _measured(job: Job, strategy: VariationalConfig) -> float:
    """Forward passes over a batch that measuring the drawn strategies takes: each different one once."""
    splits = ["valid", *([strategy.weights.split] if strategy.derive.norms == "measured" else [])]
    once = passes_to_measure(job, splits, strategy.derive.measure, strategy.batch)
    return _different(job.graph, strategy.derive.samples) * once


def _different(graph: SpaceGraph, drawn: int) -> float:
    """How many different strategies so many drawn ones are where all are as likely: the most, in the mean, that there
    are. Budgets, which make counting long, are left aside."""
    budgets = cost_constraints(graph)
    many = count(replace(graph, constraints=tuple(c for c in graph.constraints if c not in budgets))).high
    if many is None or many > drawn**3:
        return drawn
    return -many * math.expm1(drawn * math.log1p(-1 / many)) if many > 1 else min(drawn, 1)


def _own(strategy: Strategy | None) -> VariationalConfig:
    assert isinstance(strategy, VariationalConfig)
    return strategy
