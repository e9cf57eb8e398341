"""Mutations: how a child differs from its parent."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .base import Constructor
from .patterns import Pattern


class Resample(Constructor):
    """Draw one of the decisions that match anew, differently."""

    kind: Literal["resample"] = "resample"
    pattern: Pattern = Field(default="**", description="Which decisions")


class Grow(Constructor):
    """Raise one of the numbers that match by one, within its range."""

    kind: Literal["grow"] = "grow"
    pattern: Pattern = Field(default="**", description="Which decisions")


class Shrink(Constructor):
    """Lower one of the numbers that match by one, within its range; the elements behind the one that goes move up."""

    kind: Literal["shrink"] = "shrink"
    pattern: Pattern = Field(default="**", description="Which decisions")


Mutation = Annotated[Resample | Grow | Shrink, Field(discriminator="kind")]
