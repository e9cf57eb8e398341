"""The `sampling` family: weights shared by sampled architectures, one path of the network computed at a time, and a
distribution over decisions."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..diagnostics.model import Diagnostic
from ..diagnostics.posteriors import MeasuresMoreThanThereIs
from ..ir.graph import SpaceGraph
from ..schemas.base import Candidates, Conflict, Constructor, Count, Fraction, NonNegative, Positive, Section, Share
from ..schemas.length import Length
from ..schemas.objectives import Objective, twice
from ..schemas.optimizers import Adam, Optimizer
from ..schemas.schedules import constant
from ..schemas.search import SearchConfig
from ..schemas.strategy import Strategy
from ..schemas.tasks.metrics import MetricName
from ..schemas.warmup import Warmup, warmup_conflicts, warmup_steps
from ..schemas.weights import Split, Weights
from .family import Family, Learner, cannot_run_yet
from .objectives import drop_limits, unstated_costs


def _adam() -> Adam:
    return Adam(lr=constant(0.015), weight_decay=0.0)


class Paths(Section):
    """The network that computes one path at a time."""

    sharing: Literal["separate", "slice"] = Field(
        default="separate",
        description="Weights of an operation whose numbers are chosen: one set for each case, or slices of the largest "
        "(leading channels, the centre of the window)",
    )


class Sum(Constructor):
    """The logarithm of a path's likelihood is that of all samples of the mini-batch together, as it is printed: a
    difference of 0.05 nats a sample is one of 13 over 256 samples, and one path in K has nearly all of the weight."""

    kind: Literal["sum"] = "sum"


class Mean(Constructor):
    """That of one sample in the mean."""

    kind: Literal["mean"] = "mean"


class Temper(Constructor):
    """That of all samples together, divided by a number."""

    kind: Literal["temper"] = "temper"
    by: Positive = Field(description="What it is divided by; the size of the batch makes it `mean`")


Likelihood = Annotated[Sum | Mean | Temper, Field(discriminator="kind")]


class Distribution(Section):
    """The distribution that architectures are drawn from."""

    optimizer: Optimizer = Field(default_factory=_adam, description="What updates the logits α of the decisions")
    split: Split = Field(default="train", description="Which half of the training data they learn from")
    warmup: Warmup = 0
    init: NonNegative = Field(default=0.0, description="Standard deviation of α at the start; 0: uniform")


class Sandwich(Section):
    """The sandwich rule: at each step the architectures of the most and of the fewest FLOPs within `where`, too, beside
    those that are drawn. The gradients of all count alike."""

    distill: Share = Field(
        default=1.0,
        description="The share that soft targets, what the largest tells of the same samples, have in the loss of all "
        "other paths; 1: they learn from these alone, 0: there are none",
    )


class DeriveSampled(Section):
    """How an architecture is read off the distribution."""

    candidates: Candidates = Field(
        default=1, description="1: the most probable one; n: the best of n drawn ones, measured with the shared weights"
    )
    metric: MetricName | None = Field(
        default=None, description="What the candidates are measured by; none: what the search is evaluated by"
    )
    norms: Literal["measured", "batch"] = Field(
        default="measured",
        description="Means and variances of batch-norms while candidates are measured: measured anew for each, on "
        "samples that the weights learn from, or those of each batch",
    )
    measure: Count | None = Field(
        default=None, description="Samples of `valid` that candidates are measured on; none: all of them"
    )


class SamplingConfig(Length, Strategy):
    """Settings of the `sampling` family. The defaults are PARSEC (Casale et al. 2019) with Auto-TSNet's numbers."""

    default_epochs: ClassVar[int] = 50

    family: Literal["sampling"] = "sampling"
    batch: Count = Field(default=64, description="Samples in a mini-batch")
    samples: Count = Field(default=13, description="Architectures drawn at each step, K")
    draw: Literal["probability", "uniform", "even", "fair"] = Field(
        default="probability",
        description="From the learnt distribution; or, and then nothing is learnt, every architecture alike "
        "(`uniform`), every decision by itself evenly (`even`), or the values of each in turn (`fair`)",
    )
    sandwich: Sandwich | None = Field(
        default=None, description="The largest and the smallest architecture at each step, too; none: drawn ones alone"
    )
    estimator: Literal["importance", "reinforce"] = Field(
        default="importance",
        description="Gradient of α: of the mean likelihood of architectures, by importance weights of the K samples' "
        "(PARSEC), or of their mean reward, by the score function (REINFORCE)",
    )
    relax: Paths = Field(default_factory=Paths, description="The network that the weights are in")
    likelihood: Likelihood = Field(
        default_factory=Sum, description="What the weight of a path is made of, for `importance`"
    )
    reward: Literal["loss", "metric"] = Field(
        default="loss",
        description="What a path is rewarded by on its mini-batch, for `reinforce`: minus the loss, of classes the "
        "mean log-likelihood of a sample, or what steps tell beside it (the accuracy, or minus the RMSE)",
    )
    weights: Weights = Field(default_factory=Weights, description="Training of the shared weights")
    decisions: Distribution = Field(default_factory=Distribution, description="Training of the distribution")
    derive: DeriveSampled = Field(default_factory=DeriveSampled, description="How the architecture is read off")
    objectives: tuple[Objective, ...] = Field(default=(), description="Further terms of the loss")
    clip: Positive | None = Field(default=None, description="Greatest norm of the gradient of α; none: unbounded")
    label_smoothing: Fraction = Field(default=0.0, description="Share of the target spread evenly over all classes")
    aux: NonNegative = Field(default=0.0, description="Weight of the losses of the meta's further outputs")

    def warmup_steps(self, per_epoch: int) -> int:
        """Mini-batches during which the distribution stays as it is."""
        return warmup_steps(self.decisions.warmup, self, per_epoch)

    @property
    def learns(self) -> bool:
        """Whether a distribution is learnt."""
        return self.draw == "probability"

    @property
    def apart(self) -> bool:
        """Whether the distribution learns from batches of its own, on which nothing goes backward."""
        return self.learns and self.decisions.split != self.weights.split

    @property
    def measured(self) -> int:
        """How many drawn architectures are measured at the end."""
        return self.derive.candidates if self.derive.candidates > 1 else 0

    @property
    def paths(self) -> int:
        """How many architectures a step computes."""
        return self.samples + (2 if self.sandwich is not None else 0)

    def conflicts(self) -> Iterator[Conflict]:
        if self.learns and self.sandwich is not None:
            message = "a distribution learns from architectures that are drawn from it, and not from the largest one"
            yield Conflict("sandwich", message, "write `draw = uniform`, or leave `sandwich` out", "draw")
        if not self.learns and self.derive.candidates == 1:
            message = f"`draw = {self.draw}` learns nothing, so that no architecture is more probable than another"
            yield Conflict("derive.candidates", message, "let it measure some: `derive { candidates = 100 }`", "draw")
        if not self.learns and self.objectives:
            message = f"`draw = {self.draw}` learns nothing, so that further terms of the loss have no effect"
            yield Conflict("objectives", message, "bound costs with `where`, or write `draw = probability`", "draw")
        if self.learns and self.estimator == "importance" and self.samples == 1 and not self.objectives:
            message = "the importance weight of a single path is 1, whatever its likelihood, so that nothing is learnt"
            yield Conflict("samples", message, "draw two at least, or write `estimator = reinforce`", "estimator")
        if self.estimator == "reinforce" and not isinstance(self.likelihood, Sum):
            message = "`likelihood` is what paths are weighted by, and `estimator = reinforce` weighs them by rewards"
            yield Conflict("likelihood", message, "leave it out, or write `estimator = importance`", "estimator")
        if self.estimator == "importance" and self.reward != "loss":
            message = "`estimator = importance` weighs paths by their likelihoods, and rewards none"
            yield Conflict("reward", message, "write `estimator = reinforce`, or leave `reward` out", "estimator")
        yield from warmup_conflicts(self.decisions.warmup, self)
        yield from twice(self.objectives)


class Sampling(Family):
    name = "sampling"
    settings = SamplingConfig
    runner = "stdsl.runtime.strategies.sampling.runner:SamplingRunner"
    distribution = "distribution"
    candidates = "derive.candidates"
    weights = True
    shared = True
    of_phases = frozenset(
        {
            *("samples", "estimator", "likelihood", "reward", "objectives", "clip", "label_smoothing"),
            *("weights.optimizer", "weights.clip", "decisions.optimizer", "decisions.warmup"),
        }
    )

    def check(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from unstated_costs(strategy, strategy.objectives, graph)

    def limits(self, config: SearchConfig) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        yield from drop_limits(strategy, strategy.objectives, "in a search over paths")
        if config.phase and not strategy.learns:
            what = "phases of a search that learns nothing"
            yield cannot_run_yet(config, "phase", what, "write `draw = probability`, or search all decisions together")
        if config.compile:
            what = "compiled networks whose path changes from step to step"
            yield cannot_run_yet(config, "compile", what, "leave `compile` out")

    def limits_in(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        from ..analysis.ends import ends
        from ..analysis.policies.weighted import even

        strategy = _own(config.strategy)
        if strategy.sandwich is not None and ends(graph) is None:
            what = "the sandwich rule in a space whose least and greatest FLOPs are not known exactly"
            yield cannot_run_yet(strategy, "sandwich", what, "leave `sandwich` out")
        if strategy.draw == "fair" and graph.constraints:
            yield cannot_run_yet(strategy, "draw", "fair paths within a `where`", "use `draw = even`")
        if strategy.learns and graph.constraints and even(graph).marginals() is None:
            what = "a distribution that is learnt within constraints under which it is not known exactly"
            instead = "bound costs by `objectives = [cost(…)]`, or write `draw = uniform`"
            yield cannot_run_yet(config, "space", what, instead)

    def unlearnt(self, strategy: Strategy) -> tuple[str, str]:
        own = _own(strategy)
        return ("", "") if own.learns else (f"with `draw = {own.draw}` it learnt no distribution", "draw")

    def ranked(self, strategy: Strategy) -> int:
        return max(1, _own(strategy).measured)

    def warnings(self, config: SearchConfig, graph: SpaceGraph) -> Iterator[Diagnostic]:
        strategy = _own(config.strategy)
        samples, measure = config.data.samples(("valid",)), strategy.derive.measure
        if strategy.measured and samples is not None and measure is not None and measure > samples:
            yield MeasuresMoreThanThereIs(strategy.place("derive.measure"), measure, samples, self.drawn[1])

    def learners(self, strategy: Strategy) -> Iterator[Learner]:
        own = _own(strategy)
        yield Learner("batch", own.batch, own.weights.split, "weights")
        if own.apart:
            yield Learner("batch", own.batch, own.decisions.split, "decisions")

    def measures(self, strategy: Strategy) -> str:
        return "drawn architectures" if _own(strategy).measured else ""


def _own(strategy: Strategy | None) -> SamplingConfig:
    assert isinstance(strategy, SamplingConfig)
    return strategy


FAMILY = Sampling()
