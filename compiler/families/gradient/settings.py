"""The settings of the `gradient` family."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ...analysis.derivation.reading import Method, Reading, Score, Zeros, usual_zeros
from ...schemas.base import Conflict, Count, Fraction, Natural, NonNegative, Positive, Section
from ...schemas.length import Length
from ...schemas.objectives import Objective, twice
from ...schemas.optimizers import Adam, Optimizer
from ...schemas.over import Over, Variables
from ...schemas.relax import Relax
from ...schemas.schedules import constant
from ...schemas.strategy import Strategy
from ...schemas.tasks.metrics import MetricName
from ...schemas.warmup import Warmup, warmup_conflicts, warmup_steps
from ...schemas.weights import Split, Weights


def _decisions_optimizer() -> Adam:
    return Adam(lr=constant(3e-4), betas=(0.5, 0.999), weight_decay=1e-3)


class DecisionWeights(Section):
    """The weights of the decisions, α and β."""

    optimizer: Optimizer = Field(default_factory=_decisions_optimizer, description="What updates them")
    split: Split = Field(default="valid", description="Which half of the training data they learn from")
    clip: Positive | None = Field(default=None, description="Greatest norm of their gradient; none: unbounded")
    order: Literal[1, 2] = Field(
        default=1,
        description="2: through one unrolled step of the weights, as in DARTS; 1: with the weights as they are",
    )
    unrolled_lr: Positive | None = Field(
        default=None,
        description="Learning rate ξ of the unrolled step, for order 2; none: the weights' own at that step",
    )
    warmup: Warmup = 0


class Discretize(Section):
    """Decisions and sites fixed while the search runs (SDAS)."""

    count: Annotated[Over, Variables("M", "t", "T")] = Field(
        description="How many of all M are fixed by mini-batch t of T: floored, never falls, ends at M"
    )
    priority: Literal["margin", "entropy", "path"] = Field(
        default="margin",
        description="Which goes first: the largest margin between the best two, the lowest entropy, the order of paths",
    )


class Derive(Section):
    """How an architecture is read off the decision weights."""

    score: Score | None = Field(
        default=None,
        description="What ranks the elements of a keep: the best non-zero alternative, the β, or their product; "
        "none: β where the relaxation has it, else alpha",
    )
    zeros: Zeros | None = Field(
        default=None,
        description="Whether `zero` may be derived on an edge that a keep or site keeps, or the best other alternative "
        "is; none: `never` where `score` ranks by alternatives other than `zero`, `allowed` where it is `beta`",
    )
    method: Method = Field(
        default="search",
        description="How the best architecture within constraints over costs is found: `exact` by a dynamic programme "
        "over their sums, `search` by trying the most probable ones first, which may give up",
    )
    snapshot: Literal["last", "best"] = Field(
        default="last", description="Decision weights of the end, or of the best epoch"
    )
    metric: MetricName = Field(default="loss", description="What `best` means, on the decisions' half of the data")


class GradientConfig(Length, Strategy):
    """Settings of the `gradient` family. The defaults are first-order DARTS (Liu et al. 2019) on CIFAR-10."""

    default_epochs: ClassVar[int] = 50

    family: Literal["gradient"] = "gradient"
    batch: Count = Field(default=64, description="Samples in a mini-batch, of either half of the data")
    relax: Relax = Field(default_factory=Relax, description="The relaxation of decisions to weights")
    weights: Weights = Field(default_factory=Weights, description="Training of the operators' weights")
    decisions: DecisionWeights = Field(
        default_factory=DecisionWeights, description="Training of the decisions' weights"
    )
    discretize: Discretize | None = Field(
        default=None, description="Decisions fixed on the way; without it all are derived at the end"
    )
    derive: Derive = Field(default_factory=Derive, description="How the architecture is read off")
    measure: Natural = Field(
        default=256,
        description="Samples of the decisions' part on which the relaxed and the discrete network are compared, at the "
        "end and whenever a decision is fixed; 0: never",
    )
    objectives: tuple[Objective, ...] = Field(default=(), description="Further terms of the decisions' loss")
    label_smoothing: Fraction = Field(default=0.0, description="Share of the target spread evenly over all classes")
    aux: NonNegative = Field(default=0.0, description="Weight of the losses of the meta's further outputs")

    def warmup_steps(self, per_epoch: int) -> int:
        """Mini-batches during which the decisions' weights stay as they are."""
        return warmup_steps(self.decisions.warmup, self, per_epoch)

    @property
    def reading(self) -> Reading:
        """How an architecture is read off, the defaults resolved."""
        score: Score = self.derive.score or ("alpha" if self.relax.keep is None else "beta")
        return Reading(score, self.derive.zeros or usual_zeros(score), self.relax.gate, self.derive.method)

    def conflicts(self) -> Iterator[Conflict]:
        if self.relax.keep is None and self.derive.score in ("beta", "product"):
            message = f"`score = {self.derive.score}` ranks by β, which `relax {{ keep = none }}` does not have"
            yield Conflict(
                "derive.score", message, "write `relax { keep = sigmoid }`, or `score = alpha`", "relax.keep"
            )
        if self.decisions.unrolled_lr is not None and self.decisions.order == 1:
            message = "`unrolled_lr` is for the second order, and `order` is 1"
            yield Conflict(
                "decisions.unrolled_lr", message, "write `order = 2`, or leave `unrolled_lr` out", "decisions.order"
            )
        if self.discretize is not None and self.derive.snapshot == "best":
            message = "`snapshot = best` picks an epoch's decisions, and `discretize` has fixed them all by the end"
            yield Conflict("derive.snapshot", message, "write `snapshot = last`", "discretize")
        if self.relax.drawn:
            yield from self._conflicts_of_draws()
        elif self.relax.mixture.kind == "gumbel" and self.relax.mixture.compute == "sampled":
            message = "`compute = sampled` computes one alternative, and `partial` a share of the channels of all"
            yield Conflict("relax.choose", message, "write `choose = gumbel(hard = true, compute = sampled)`")
        yield from warmup_conflicts(self.decisions.warmup, self)
        yield from twice(self.objectives)

    def _conflicts_of_draws(self) -> Iterator[Conflict]:
        """What a network that computes one alternative of each decision has no use for."""
        drawn = "`compute = sampled` computes what is drawn alone"
        if self.relax.keep is not None:
            message = f"{drawn}, and all elements of keeps, which have no weights"
            yield Conflict("relax.keep", message, "write `keep = none`, or leave `compute` out", "relax.choose")
        if self.decisions.order == 2:
            message = f"{drawn}, and the losses of the second order would be of different draws"
            yield Conflict("decisions.order", message, "write `order = 1`, or leave `compute` out", "relax.choose")
        if self.relax.recompute is not None or self.relax.without:
            key = "relax.recompute" if self.relax.recompute is not None else "relax.without"
            message = f"{drawn}, in a network that goes through no passes"
            yield Conflict(key, message, f"leave `{key.rpartition('.')[2]}` out, or `compute`", "relax.choose")
