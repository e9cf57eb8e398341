"""Mutations: how a child differs from its parent."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from .base import Conflict, Constructor, Positive
from .patterns import Pattern


class Resample(Constructor):
    """Draw one of the decisions that match anew, differently."""

    kind: Literal["resample"] = "resample"
    pattern: Pattern = Field(default="**", description="Which decisions")
    weight: Positive = Field(default=1.0, description="How often it is drawn, relative to the mutations beside it")


class Grow(Constructor):
    """Raise one of the numbers that match to the next greater one. Where it is the length of a list, an element is put
    in at any place, with decisions of its own that are drawn anew. Of a `keep` that matches, one more element stays; a
    `maybe` is there."""

    kind: Literal["grow"] = "grow"
    pattern: Pattern = Field(default="**", description="Which decisions")
    weight: Positive = Field(default=1.0, description="How often it is drawn, relative to the mutations beside it")


class Shrink(Constructor):
    """Lower one of the numbers that match to the next smaller one. Where it is the length of a list, any one of the
    elements goes, and those behind it move up. Of a `keep` that matches, any one element goes; a `maybe` is not
    there."""

    kind: Literal["shrink"] = "shrink"
    pattern: Pattern = Field(default="**", description="Which decisions")
    weight: Positive = Field(default=1.0, description="How often it is drawn, relative to the mutations beside it")


Single = Annotated[Resample | Grow | Shrink, Field(discriminator="kind")]


class OneOf(Constructor):
    """One of several mutations, which beside others count as one: `one_of([grow("**.width"), shrink("**.width")])`."""

    kind: Literal["one_of"] = "one_of"
    mutations: tuple[Single, ...] = Field(description="The mutations")
    weight: Positive = Field(default=1.0, description="How often it is drawn, relative to the mutations beside it")

    def conflicts(self) -> Iterator[Conflict]:
        if not self.mutations:
            yield Conflict("mutations", "`one_of` is one of no mutations", "leave it out, or name some")


Mutation = Annotated[Resample | Grow | Shrink | OneOf, Field(discriminator="kind")]
