"""Running a search of the `sampling` family."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from torch import Tensor, nn

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.derivation.front import FrontPoint, Metric, front
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.rows import chances_of
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.backends.networks.paths.cutting import weights_of
from stdsl.compiler.backends.networks.paths.text import written_paths
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.run import Undecided
from stdsl.compiler.families.sampling import SamplingConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.schemas.tasks.metrics import METRICS

from ...phases.context import Context
from ...prepare.job import Job
from ...prepare.samples import stage_sizes
from ...randomness import key
from ...tasks.best_first import best_first
from ...tracking.names import SEARCH
from ...tracking.weights import save_tensors
from ...training.loop import check_finite, drive
from ..candidates import FORWARD, passes_to_measure
from ..history import PHASE, history
from ..runner import Found, Runner, Work
from ..statistics import UNDECIDED
from ..variational.search import undecided
from .build import path_network, path_search
from .search import measured


class SamplingRunner(Runner):
    """Leaves ``weights/search.safetensors``, the weights of all paths, and in the journal what was measured."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        per_epoch, batch = stage_sizes(job.config.data.samples((strategy.weights.split,)), strategy.batch)
        steps = strategy.total_steps(per_epoch)
        splits = ["valid", *([strategy.weights.split] if strategy.derive.norms == "measured" else [])]
        once = passes_to_measure(job, splits, strategy.derive.measure, strategy.batch)
        each = 1 + FORWARD if strategy.apart else 1
        passes = strategy.samples * each + strategy.measured * once * FORWARD / steps
        yield Work("search", partial(_on_a_path, job.graph, strategy), job.graph, steps, batch, passes)

    def search(self, run: Context) -> Found:
        search = path_search(run, _own(run.config.strategy))
        done = drive(PHASE, search, run.tracker, run.reporter, run.interruption)
        weights = search.network.state_dict()
        check_finite(PHASE, "weights", weights)
        save_tensors(weights, run.directory.weights(SEARCH))
        check_finite(PHASE, "logits", search.chosen)
        facts: dict[str, Any] = {
            "steps": search.steps,
            "seconds": round(done.seconds, 2),
            "measuring": round(search.measuring, 2),
            "waited": done.share(search.waited),
        }
        summary = f"{search.steps} steps"
        warnings: list[Diagnostic] = []
        if search.learning is not None:
            graph, logits = run.job.graph, search.chosen
            entropy = undecided(graph, logits)
            facts |= {"entropy": entropy, "history": history(run)}
            facts |= {"logits": logits, "probabilities": chances_of(graph, logits)}
            summary += f", the distribution at {entropy:.0%} of full uncertainty"
            if entropy > UNDECIDED:
                warnings.append(Undecided(run.config.place("strategy"), entropy, search.steps))
        if search.candidates.many:
            drawn, metric = measured(search), search.candidates.measuring.metric
            best = METRICS[metric].written(best_first(drawn, metric)[0]["value"])
            facts |= {"metric": metric, "drawn": drawn}
            summary += f"; {search.candidates.many} drawn, {len(drawn)} different, the best {metric} {best}"
        return Found(facts, summary, tuple(warnings))

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        drawn = facts.get("drawn")
        if drawn:
            return [architecture(graph, one["architecture"]) for one in best_first(drawn, facts["metric"])]
        return [_learnt(graph, facts).likeliest()]

    def posterior(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy | None:
        return _learnt(graph, facts) if "logits" in facts else None

    def front(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        facts: Mapping[str, Any],
        metric: Metric,
        budgets: Sequence[int] | int,
        sibling: Sibling | None,
    ) -> list[FrontPoint] | None:
        if "logits" not in facts:
            return None
        return front(graph, facts["probabilities"], metric, budgets, "beta", {}, "allowed", sibling)

    def inherited(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        arch: Mapping[str, Any],
        weights: Mapping[str, Tensor],
        own: Mapping[str, Tensor],
    ) -> Mapping[str, Tensor]:
        return weights_of(graph, written_paths(graph, _own(strategy).relax.sharing).places, arch, weights, own)


def _on_a_path(graph: SpaceGraph, strategy: SamplingConfig) -> nn.Module:
    """The network on a path that is typical of those that are drawn."""
    network = path_network(graph, strategy, 0)
    network.hold_architecture(policy(graph, "even").draw(key(0, "typical path")))
    return network


def _learnt(graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy:
    return weighted(graph, facts["probabilities"], {}, facts["logits"])


def _own(strategy: Strategy | None) -> SamplingConfig:
    assert isinstance(strategy, SamplingConfig)
    return strategy
