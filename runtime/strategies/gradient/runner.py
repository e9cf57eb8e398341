"""Running a search of the `gradient` family."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

from torch import Tensor, nn

from stdsl.compiler.analysis.architecture import Architecture, plain_values
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.derivation.derive import Derived
from stdsl.compiler.analysis.derivation.front import POINTS, FrontPoint, Metric, front
from stdsl.compiler.backends.networks.paths.cutting import weights_of
from stdsl.compiler.backends.networks.paths.text import as_searched, written_drawn
from stdsl.compiler.diagnostics.model import Diagnostic
from stdsl.compiler.diagnostics.run import Collapsed, Undecided
from stdsl.compiler.families.gradient.settings import GradientConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.text.figures import times

from ...phases.context import Context
from ...prepare.job import Job
from ...prepare.samples import stage_sizes
from ...tracking.names import SEARCH
from ...tracking.weights import save_tensors
from ...training.loop import check_finite, drive
from ..history import PHASE, history
from ..parts import lengths, part, parts, total_steps, warmup_steps
from ..runner import Found, Runner, Work
from ..statistics import UNDECIDED, leaning, mean_entropy
from .build import gradient_search, phased_search, relaxed
from .drawn import typical_draws
from .gap import as_read, preferred
from .search import probabilities_of

_UNROLLED = 4.0
"""A decision step through an unrolled one goes through the network so many times (``unrolled.py``)."""


class GradientRunner(Runner):
    """Leaves ``weights/search.safetensors`` and, in the journal, the final decision weights by path."""

    def works(self, job: Job) -> Iterator[Work]:
        strategy = _own(job.config.strategy)
        per_epoch, batch = stage_sizes(job.config.data.samples((strategy.weights.split,)), strategy.batch)
        each = lengths(job.config, strategy)
        steps, warmup = total_steps(each, per_epoch), warmup_steps(each, per_epoch)
        on_decisions = _UNROLLED if strategy.decisions.order == 2 else 1.0
        passes = 1 + on_decisions * (steps - warmup) / steps
        share, make = 1.0, cast(Callable[[], nn.Module], partial(relaxed, job.graph, strategy, 0))
        if strategy.relax.drawn:
            values, share = typical_draws(job.graph)
            make = partial(_on_draw, job.graph, strategy, values)
        yield Work("search", make, job.graph, steps, batch, passes, share=share)

    def search(self, run: Context) -> Found:
        each = parts(run.config, _own(run.config.strategy), run.job.graph)
        if run.config.phase:
            phased = phased_search(run, each)
            done = drive(PHASE, phased, run.tracker, run.reporter, run.interruption)
            work, probabilities, weights = phased.current, phased.chosen, phased.weights()
            measuring, waited = phased.measuring, phased.waited
        else:
            work = gradient_search(run, part(each, 0, {}))
            done = drive(PHASE, work, run.tracker, run.reporter, run.interruption)
            probabilities, weights = work.chosen, work.supernet.state_dict()
            measuring, waited = work.measuring, work.waited
        check_finite(PHASE, "weights", weights)
        check_finite(PHASE, "decision weights", probabilities)
        save_tensors(weights, run.directory.weights(SEARCH))
        decided = [[1.0, 0.0] for _ in work.held]
        entropy = mean_entropy([*probabilities_of(work.supernet).values(), *decided])
        facts: dict[str, Any] = {"steps": done.steps, "seconds": round(done.seconds, 2), "entropy": entropy}
        gauge = work.extras.gauge
        if gauge is not None and gauge.samples:
            facts["gap"] = gauge.measure(work.supernet, probabilities | work.scores(), work.held).document()
        facts |= {"measuring": round(measuring, 2), "waited": done.share(waited)}
        if work.held:
            facts["fixed"] = plain_values(work.held)
        if work.best:
            facts["best"] = {"step": work.best["step"], "value": work.best["value"]}
        lean = leaning(probabilities, work.extras.weightless)
        if lean is not None:
            facts["weightless"] = lean.document()
        facts["history"] = history(run)
        warnings: list[Diagnostic] = []
        if lean is not None and lean.collapsed:
            warnings.append(Collapsed(run.config.place("strategy"), lean.likeliest, lean.chooses))
        if run.job.graph.open and not work.held and entropy > UNDECIDED:
            warnings.append(Undecided(run.config.place("strategy"), entropy, done.steps, run.config.lengths))
        state = f"{len(work.held)} decisions fixed" if work.held else f"decisions at {entropy:.0%} of full uncertainty"
        return Found(facts | {"probabilities": probabilities}, f"{times(done.steps, 'step')}, {state}", tuple(warnings))

    def derive(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Sequence[Architecture]:
        return [_derived(_own(strategy), graph, facts).architecture]

    def surely_best(self, strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> bool:
        return not cost_constraints(graph) or _derived(_own(strategy), graph, facts).best

    def front(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        facts: Mapping[str, Any],
        metric: Metric,
        budgets: Sequence[int],
        sibling: Sibling | None,
    ) -> list[FrontPoint]:
        reading = _own(strategy).reading
        scores, held = as_read(graph, facts["probabilities"], reading.gate), facts.get("fixed", {})
        return front(graph, scores, metric, budgets or POINTS, reading.score, held, reading.zeros, sibling)

    def inherited(
        self,
        strategy: Strategy,
        graph: SpaceGraph,
        arch: Mapping[str, Any],
        weights: Mapping[str, Tensor],
        own: Mapping[str, Tensor],
    ) -> Mapping[str, Tensor]:
        relax = _own(strategy).relax
        if not relax.drawn:
            return weights
        searched = as_searched(graph, relax.affine)
        return weights_of(searched, written_drawn(graph, relax.sharing, relax.affine).places, arch, weights, own)

    def method(self, strategy: Strategy) -> str:
        return _own(strategy).derive.method


def _on_draw(graph: SpaceGraph, strategy: GradientConfig, values: Mapping[str, Any]) -> nn.Module:
    network = relaxed(graph, strategy, 0)
    network.hold(values)
    return network


def _derived(strategy: GradientConfig, graph: SpaceGraph, facts: Mapping[str, Any]) -> Derived:
    return preferred(graph, facts["probabilities"], strategy.reading, facts.get("fixed", {}))


def _own(strategy: Strategy | None) -> GradientConfig:
    assert isinstance(strategy, GradientConfig)
    return strategy
