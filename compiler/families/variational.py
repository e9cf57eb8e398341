"""The `variational` family: Bernoulli posteriors over gates and elements, concrete categorical ones over choices."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from annotated_types import Gt, Lt
from pydantic import Field

from ..diagnostics.model import Diagnostic
from ..diagnostics.posteriors import MeasuresMoreThanThereIs, NoDivergence
from ..ir.graph import SpaceGraph
from ..schemas.base import Candidates, Conflict, Count, Fraction, NonNegative, Positive, Section
from ..schemas.length import Length
from ..schemas.objectives import KLDropPath, Objective, twice
from ..schemas.optimizers import Adam, Optimizer
from ..schemas.over import Over, Variables
from ..schemas.schedules import constant
from ..schemas.search import SearchConfig
from ..schemas.strategy import Strategy
from ..schemas.tasks.metrics import MetricName
from ..schemas.warmup import Warmup, warmup_conflicts, warmup_steps
from ..schemas.weights import Split, Weights
from .family import Family, Learner
from .mixtures import not_mixed
from .objectives import cost_limits, cost_limits_in, unstated_costs

Probability = Annotated[float, Gt(0), Lt(1)]


def _adam() -> Adam:
    return Adam(lr=constant(1e-3))


class Posterior(Section):
    """The drop probabilities and their training."""

    optimizer: Optimizer = Field(default_factory=_adam, description="What updates their log-odds")
    split: Split = Field(
        default="train", description="Which half of the training data they learn from, where they learn by turns"
    )
    init: Probability = Field(
        default=0.5, description="Drop probability of every gate, and of every element of a keep, at the start"
    )
    clip: Positive | None = Field(default=None, description="Greatest norm of their gradient; none: unbounded")
    warmup: Warmup = 0


class DeriveVariational(Section):
    """How architectures are read off the posterior."""

    samples: Candidates | Literal[0] = Field(
        default=0,
        description="0: the most probable one; n: the best of n drawn ones, measured with the template's weights",
    )
    metric: MetricName | None = Field(
        default=None, description="What drawn architectures are measured by; none: what the search is evaluated by"
    )
    norms: Literal["measured", "batch", "template"] = Field(
        default="measured",
        description="Means and variances of batch-norms while a drawn one is measured: its own, measured anew on the "
        "half of the weights, those of each batch, or the template's",
    )
    measure: Count | None = Field(
        default=None,
        description="Samples of the `valid` half that a drawn one is measured on, and at most so many that its norms "
        "are; none: all",
    )


class VariationalConfig(Length, Strategy):
    """Settings of the `variational` family: drop-paths whose probabilities are learnt with the weights of a template.
    The default objective is that of variational drop-path (Zhou et al. 2020)."""

    default_epochs: ClassVar[int] = 50

    family: Literal["variational"] = "variational"
    batch: Count = Field(default=64, description="Samples in a mini-batch")
    tau: Annotated[Over, Variables("t", "T", minimum=0.0)] = Field(
        default_factory=lambda: Variables("t", "T").read(0.1),
        description="Temperature of the concrete relaxation; below 0.001 it is 0.001",
    )
    update: Literal["together", "alternately"] = Field(
        default="together",
        description="Weights and posterior by one loss in one step, or by turns, the posterior first, each from its "
        "own half of the data",
    )
    weights: Weights = Field(default_factory=Weights, description="Training of the template's weights")
    decisions: Posterior = Field(default_factory=Posterior, description="Training of the posterior")
    objectives: tuple[Objective, ...] = Field(
        default_factory=lambda: (KLDropPath(),), description="Further terms of the loss"
    )
    derive: DeriveVariational = Field(default_factory=DeriveVariational, description="How architectures are read off")
    label_smoothing: Fraction = Field(default=0.0, description="Share of the target spread evenly over all classes")
    aux: NonNegative = Field(default=0.0, description="Weight of the losses of the meta's further outputs")

    def warmup_steps(self, per_epoch: int) -> int:
        """Mini-batches during which the posterior stays as it is."""
        return warmup_steps(self.decisions.warmup, self, per_epoch)

    def conflicts(self) -> Iterator[Conflict]:
        if self.update == "together" and self.decisions.split != self.weights.split:
            message = (
                f"the posterior is to learn from `{self.decisions.split}`, the weights from `{self.weights.split}`, "
                "and both from one batch"
            )
            help = "write `update = alternately`, or leave one `split` out"
            yield Conflict("decisions.split", message, help, "update")
        yield from warmup_conflicts(self.decisions.warmup, self)
        yield from twice(self.objectives)


class Variational(Family):
    name = "variational"
    settings = VariationalConfig
    runner = "stdsl.runtime.strategies.variational.runner:VariationalRunner"
    distribution = "posterior"
    drawn = ("strategy", "strategies")
    candidates = "derive.samples"
    drops = True
    weights = True
    mixes = True
    of_phases = frozenset(
        {
            *("weights.optimizer", "weights.clip", "decisions.optimizer", "decisions.clip", "decisions.warmup"),
            *("objectives", "label_smoothing", "tau"),
        }
    )

    def check(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from not_mixed(config, graph)
        yield from unstated_costs(strategy, strategy.objectives, graph)

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from cost_limits(strategy, strategy.objectives)

    def limits_in(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from cost_limits_in(strategy, strategy.objectives, graph)

    def ranked(self, strategy: Strategy) -> int:
        assert isinstance(strategy, VariationalConfig)
        return max(1, strategy.derive.samples)

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        learns = strategy.warmup_steps(1) < strategy.total_steps(1)
        held = any(term.kind == "kl_drop_path" and term.weight > 0 for term in strategy.objectives)
        if learns and not held:
            yield NoDivergence(strategy.place("objectives"))
        samples, measure = config.data.samples(("valid",)), strategy.derive.measure
        if strategy.derive.samples and samples is not None and measure is not None and measure > samples:
            yield MeasuresMoreThanThereIs(strategy.place("derive.measure"), measure, samples)

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        own = _own(strategy)
        yield Learner("batch", own.batch, own.weights.split, "weights")
        if own.update == "alternately":
            yield Learner("batch", own.batch, own.decisions.split, "decisions")

    def measures(self, strategy: Strategy) -> str:
        return "drawn strategies" if _own(strategy).derive.samples else ""


def _own(strategy: Strategy | None) -> VariationalConfig:
    assert isinstance(strategy, VariationalConfig)
    return strategy


FAMILY = Variational()
