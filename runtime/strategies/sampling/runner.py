"""Running a search of the `sampling` family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from stdsl.compiler.analysis.architecture import Architecture, plain_values
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.rows import certain, chances_of
from stdsl.compiler.backends.networks.paths.cutting import weights_of
from stdsl.compiler.backends.networks.paths.text import written_paths
from stdsl.compiler.checks.searches import CheckedSearch
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.run import Undecided
from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.schemas.fitness import Fitness
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ...phases.context import Context
from ...phases.train import Workshop
from ...prepare.job import Job
from ...prepare.samples import stage_sizes
from ...tasks.best_first import best_first
from ...tracking.names import SEARCH
from ...tracking.weights import save_tensors
from ...training.loop import check_finite, drive
from ..candidates import FORWARD, most_different, passes_to_measure
from ..distribution import distribution, found_by, front_of_distribution
from ..history import PHASE, history
from ..parts import lengths, part, parts, total_steps
from ..runner import Found, Measurer, Runner, Work
from ..statistics import UNDECIDED
from .build import path_network, path_search, phased_search, typical_paths
from .elastic import check_weights, measurer, redrawn
from .search import measured


class SamplingRunner(Runner):
    """Leaves ``weights/search.safetensors``, the weights of all paths, and in the journal what was measured."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        per_epoch, batch = stage_sizes(job.config.data.samples((strategy.weights.split,)), strategy.batch)
        each = lengths(job.config, strategy)
        steps = total_steps(each, per_epoch)
        splits = ["valid", *([strategy.weights.split] if strategy.derive.norms == "measured" else [])]
        once = passes_to_measure(job, splits, strategy.derive.measure, strategy.batch)
        measured = most_different(job.graph, strategy.measured)
        drawn = sum(own.paths * own.total_steps(per_epoch) for own in each) / steps
        passes = drawn * (1 + FORWARD if strategy.apart else 1) + measured * once * FORWARD / steps
        heaviest, share = typical_paths(job.graph, strategy)
        make = partial(_on_path, job.graph, strategy, heaviest)
        yield Work("search", make, job.graph, steps, batch, passes, share=share, measured=measured)

    def search(self, run: Context) -> Found:
        own = _own(run.config.strategy)
        each = parts(run.config, own, run.job.graph)
        if run.config.phase:
            phased = phased_search(run, each)
            done = drive(PHASE, phased, run.tracker, run.reporter, run.interruption, measured=own.measured)
            search, weights, logits = phased.current, phased.weights(), phased.chosen
            steps, measuring, waited = phased.total - search.candidates.many, phased.measuring, phased.waited
        else:
            search = path_search(run, part(each, 0, {}))
            done = drive(PHASE, search, run.tracker, run.reporter, run.interruption, measured=search.candidates.many)
            weights, logits, steps = search.network.state_dict(), search.chosen, search.steps
            measuring, waited = search.measuring, search.waited
        check_finite(PHASE, "weights", weights)
        check_finite(PHASE, "logits", logits)
        save_tensors(weights, run.directory.weights(SEARCH))
        facts: dict[str, Any] = {
            "steps": steps,
            "seconds": round(done.seconds, 2),
            "measuring": round(measuring, 2),
            "waited": done.share(waited),
        }
        summary = f"{steps} steps"
        warnings: list[Diagnostic] = []
        if search.learning is not None:
            graph = run.job.graph
            logits = {path: row for path, row in logits.items() if path not in search.held}
            entropy = search.undecided
            facts |= {"entropy": entropy, "history": history(run), "logits": logits}
            facts["probabilities"] = certain(graph, search.held) | chances_of(graph, logits)
            if search.held:
                facts["fixed"] = plain_values(search.held)
            summary += f", the distribution at {entropy:.0%} of full uncertainty"
            if entropy > UNDECIDED:
                warnings.append(Undecided(run.config.place("strategy"), entropy, steps, run.config.lengths))
        if search.candidates.many:
            drawn, metric = measured(search), search.candidates.measuring.metric
            best = METRICS[metric].written(best_first(drawn, metric)[0]["value"])
            facts |= {"metric": metric, "drawn": drawn}
            summary += f"; {search.candidates.many} drawn, {len(drawn)} different, the best {metric} {best}"
        return Found(facts, summary, tuple(warnings))

    def redrawn(self, run: Context) -> Found:
        return redrawn(run)

    def check_weights(self, strategy: Strategy, graph: SpaceGraph, weights: Path) -> None:
        check_weights(_own(strategy), graph, weights)

    def measurer(self, search: CheckedSearch, weights: Path, shop: Workshop, how: Fitness) -> Measurer:
        return measurer(search, weights, shop, how)

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        return found_by(graph, facts)

    def posterior(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy | None:
        return distribution(graph, facts) if "logits" in facts else None

    def front(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        facts: Mapping[str, Any],
        metric: Metric,
        budgets: Sequence[int],
        sibling: Sibling | None,
    ) -> list[FrontPoint] | None:
        if "logits" not in facts:
            return None
        return front_of_distribution(graph, facts, metric, budgets, sibling)

    def inherited(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        arch: Mapping[str, Any],
        weights: Mapping[str, Tensor],
        own: Mapping[str, Tensor],
    ) -> Mapping[str, Tensor]:
        return weights_of(graph, written_paths(graph, _own(strategy).relax.sharing).places, arch, weights, own)


def _on_path(graph: SpaceGraph, strategy: SamplingConfig, arch: Architecture) -> nn.Module:
    network = path_network(graph, strategy, 0)
    network.hold_architecture(arch)
    return network


def _own(strategy: Strategy | None) -> SamplingConfig:
    assert isinstance(strategy, SamplingConfig)
    return strategy
