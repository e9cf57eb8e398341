"""The `evolution` family: a population of separately trained architectures, mutated (EvaNet; Real et al. 2018)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from .base import Conflict, Constructor, Count
from .fitness import Fitness
from .hyper import Tunable
from .over import Over, Variables
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


class EvolutionConfig(Tunable):
    """Settings of the `evolution` family. The defaults are EvaNet's (Piergiovanni et al. 2019, Algorithm 1)."""

    family: Literal["evolution"] = "evolution"
    population: Count = Field(default=100, description="Architectures alive at a time, P")
    rounds: Count = Field(default=2000, description="Children in all")
    tournament: Count = Field(default=25, description="Architectures drawn to find a parent among, S")
    remove: Literal["worst", "oldest"] = Field(default="worst", description="Which one leaves when a child joins")
    mutations: Annotated[Over, Variables("i", minimum=0.0)] = Field(
        default_factory=lambda: Variables("i").read(1), description="How many mutations make the child of round i"
    )
    mutate: tuple[Mutation, ...] = Field(
        default_factory=lambda: (Resample(),), description="The mutations, drawn from with equal probability"
    )
    fitness: Fitness = Field(default_factory=Fitness, description="What an architecture is judged by")
    workers: Count = Field(default=1, description="Architectures trained at the same time, as far as there is room")

    def conflicts(self) -> Iterator[Conflict]:
        if self.tournament > self.population:
            message = f"a tournament of {self.tournament} cannot be drawn from a population of {self.population}"
            yield Conflict("tournament", message, "make the tournament smaller, or the population larger", "population")
        if not self.mutate:
            message = "`mutate` is empty, so every child equals its parent"
            yield Conflict("mutate", message, 'write `mutate = [resample("**")]`')
