"""How a mixture supernet turns decision weights into weights of alternatives."""

from collections.abc import Iterator
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Le
from pydantic import Field

from .base import Conflict, Constructor, Section, Share
from .over import Over, Variables

PassName = Literal[
    "splice_identities",
    "drop_zeros",
    "split_pools",
    "share_common",
    "fold_clips",
    "phase_space",
    "narrow_gradients",
    "pointwise_products",
    "merge_targets",
]
"""Rewrites that run on every supernet unless they are left out, in their order: files of ``compiler/passes``."""


class Softmax(Constructor):
    """The alternatives' weights are a softmax of α (or β) at a temperature."""

    kind: Literal["softmax"] = "softmax"
    tau: Annotated[Over, Variables("t", "T", minimum=0.0)] = Field(
        default_factory=lambda: Variables("t", "T").read(1), description="Temperature"
    )


class Sigmoid(Constructor):
    """Every weight by itself is a sigmoid of α (or β)."""

    kind: Literal["sigmoid"] = "sigmoid"


class Gumbel(Constructor):
    """A sample of the Gumbel-softmax distribution (Jang et al. 2017; GDAS with `hard`)."""

    kind: Literal["gumbel"] = "gumbel"
    tau: Annotated[Over, Variables("t", "T", minimum=0.0)] = Field(
        default_factory=lambda: Variables("t", "T").read(1), description="Temperature"
    )
    hard: bool = Field(default=False, description="One alternative forward, the sample's gradient backward")
    compute: Literal["all", "sampled"] = Field(
        default="all",
        description="With `hard`: all alternatives are computed, and the gradient is that of all, or the sampled one "
        "alone is, whatever its shape, and gives the gradient (GDAS)",
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.compute == "sampled" and not self.hard:
            message = "`compute = sampled` computes one alternative, and without `hard` all have a weight"
            yield Conflict("compute", message, "write `hard = true` beside it", "hard")


Mixture = Annotated[Softmax | Sigmoid | Gumbel, Field(discriminator="kind")]


class Partial(Constructor):
    """Only a share of the channels goes through the mixture, the rest passes by (PC-DARTS, Xu et al. 2020)."""

    kind: Literal["partial"] = "partial"
    of: Mixture = Field(default_factory=Softmax, description="How the alternatives of that share are weighted")
    channels: Annotated[float, Gt(0), Le(1)] = Field(default=0.25, description="The share, 1 / K in the paper")


class Relax(Section):
    """The relaxation of decisions to weights."""

    choose: Annotated[Softmax | Sigmoid | Gumbel | Partial, Field(discriminator="kind")] = Field(
        default_factory=Softmax, description="Weights α of the alternatives of a choose"
    )
    keep: Annotated[Softmax | Sigmoid, Field(discriminator="kind")] | None = Field(
        default=None,
        description="Weights β of the elements of a keep and of sites; none: all count alike, there is no β",
    )
    affine: bool = Field(default=False, description="Give norms inside of alternatives scale and bias")
    statistics: Literal["batch", "running"] = Field(
        default="batch", description="What batch-norms of the search network use when it is evaluated"
    )
    sharing: Literal["separate", "slice"] = Field(
        default="separate",
        description="Weights of a number chosen inside one operator's argument: one set each, or slices of the largest",
    )
    init: Annotated[float, Ge(0)] = Field(
        default=0.0, description="Standard deviation of α and β at the start; 0: all alternatives weigh the same"
    )
    recompute: Literal["cells", "operations"] | None = Field(
        default=None,
        description="What is computed again in the backward pass instead of being kept: less memory, more time; "
        "results are the same. `operations`: those that are merged, for little time",
    )
    without: tuple[PassName, ...] = Field(
        default=(), description="Passes of the supernet compiler that are left out; results are the same"
    )
    gate: Share = Field(default=0.5, description="Weight above which a gate, or an element of an open keep, stays")

    @property
    def drawn(self) -> bool:
        """Whether a step computes what is sampled alone."""
        return isinstance(self.choose, Gumbel) and self.choose.compute == "sampled"

    @property
    def mixture(self) -> Softmax | Sigmoid | Gumbel:
        """How alternatives are weighted, of all channels or of a share of them."""
        return self.choose.of if isinstance(self.choose, Partial) else self.choose

    @property
    def groups(self) -> int:
        """K of PC-DARTS: one in so many channels goes through the mixtures."""
        return round(1 / self.choose.channels) if isinstance(self.choose, Partial) else 1

    @property
    def passes(self) -> tuple[str, ...]:
        """What the supernet compiler is told: names to leave out and to add."""
        added = {"cells": ("+recompute_cells",), "operations": ("+recompute_merged",), None: ()}[self.recompute]
        return (*(f"-{name}" for name in self.without), *added)
