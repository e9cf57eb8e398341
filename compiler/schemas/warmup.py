"""How long decisions stay as they are at the start of a search."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from annotated_types import Ge, Lt
from pydantic import Field

from .base import Conflict, Natural
from .length import Length

Warmup = Annotated[
    Natural | Annotated[float, Ge(0), Lt(1)],
    Field(
        description="How long they stay as they are at the start: in epochs (in steps, where the search counts steps), "
        "or a share below 1"
    ),
]


def warmup_steps(warmup: int | float, length: Length, per_epoch: int) -> int:
    """In mini-batches, for a search of that length with ``per_epoch`` mini-batches in an epoch."""
    if isinstance(warmup, float):
        return int(warmup * length.total_steps(per_epoch))
    return warmup if length.steps is not None else warmup * per_epoch


def warmup_conflicts(warmup: int | float, length: Length) -> Iterator[Conflict]:
    """A warm-up that is longer than the search."""
    whole = length.steps or length.epochs or length.default_epochs
    if isinstance(warmup, int) and warmup > whole:
        unit = "steps" if length.steps is not None else "epochs"
        message = f"the decisions stay as they are for {warmup} {unit}, and the search has {whole}"
        help = "shorten the warm-up, or give a share such as `warmup = 0.4`"
        yield Conflict("decisions.warmup", message, help, "steps" if length.steps is not None else "epochs")
