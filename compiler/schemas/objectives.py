"""Named terms of a strategy's loss beside the task's own: soft costs and regularisers."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from annotated_types import Le
from pydantic import Field

from .base import Conflict, Constructor, NonNegative, Positive

CostName = Literal["flops", "params", "depth", "activations"]


class SoftCost(Constructor):
    """A cost F pulled into a range: weight · C with C = max(0, F / high - 1) + max(0, 1 - F / low), in expectation over
    what the decision weights say (after Auto-TSNet's supplement, Eq. 2); or weight · log(C + 0.01). The supplement's
    Eq. 3 has log C, which has no bound inside the range.
    """

    kind: Literal["cost"] = "cost"
    of: CostName = Field(default="flops", description="Which cost")
    weight: NonNegative = Field(default=1.0, description="Weight of the term in the loss")
    low: Positive | None = Field(default=None, description="Lower end of the range; none: no lower end")
    high: Positive | None = Field(default=None, description="Upper end of the range; none: no upper end")
    log: bool = Field(
        default=False, description="The logarithm of the term, which pulls more the nearer the range is; else the term"
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.low is None and self.high is None:
            yield Conflict("", "`cost` has neither `low` nor `high`, so it never costs anything", "give one of them")
        elif self.low is not None and self.high is not None and self.low > self.high:
            yield Conflict("low", f"`low` ({self.low:g}) is above `high` ({self.high:g})", "swap them", "high")


class KLDropPath(Constructor):
    """The divergence of the posterior over drop-paths from its prior (variational DropPath), divided by the number of
    training samples: Σ (1 - p) · k² / 2 · ‖w‖² + p · log p, where p is the probability that a unit is dropped, w its
    kernels and k the length scale. `full` also has (1 - p) · log(1 - p), and so the whole entropy.
    """

    kind: Literal["kl_drop_path"] = "kl_drop_path"
    prior_length: Annotated[Positive, Le(1e15)] = Field(
        default=1e-2, description="Length scale k of the Gaussian prior over the weights behind a gate"
    )
    entropy: Literal["half", "full"] = Field(
        default="half",
        description="The entropy of being dropped alone, as it is printed for drop-paths, or that of both cases, as "
        "concrete dropout has it",
    )
    weight: NonNegative = Field(default=1.0, description="Weight of the term in the loss")


class Entropy(Constructor):
    """The entropy of the decision weights, which pushes them towards one alternative."""

    kind: Literal["entropy"] = "entropy"
    weight: NonNegative = Field(default=1.0, description="Weight of the term in the loss")


Objective = Annotated[SoftCost | KLDropPath | Entropy, Field(discriminator="kind")]


def twice(objectives: Sequence[Objective]) -> Iterator[Conflict]:
    """The first term that stands there twice: one of another weight is what is meant, or a slip."""
    for place, term in enumerate(objectives):
        if term in objectives[:place]:
            yield Conflict(
                "objectives", f"`{term.kind}` is there twice, the same both times", "leave one out, or set its `weight`"
            )
            return
