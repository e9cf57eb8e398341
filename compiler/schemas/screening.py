"""Which proposals are trained at all, by what an untrained network tells."""

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import Field

from .base import Count, Section

ZeroCost = Literal["synflow", "jacob_cov", "grad_norm", "params", "flops"]


class Screen(Section):
    """Several architectures for each that is trained: the one with the greatest score of an untrained network (Tanaka
    et al. 2020; Mellor et al. 2021; Abdelfattah et al. 2021)."""

    score: ZeroCost = Field(
        default="synflow",
        description="Of fresh weights: the flow of their absolute values, how little the gradients of samples resemble "
        "each other, the norm of the loss's gradient; or a cost",
    )
    of: Annotated[int, Ge(2), Le(10_000)] = Field(default=4, description="So many for each that is trained")
    batch: Annotated[Count, Ge(2)] = Field(
        default=32, description="Training samples that `jacob_cov` and `grad_norm` look at, always the same"
    )
