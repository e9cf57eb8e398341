"""Settings of the `evolution` family."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from ...schemas.base import Conflict, Count, Section, Share
from ...schemas.halving import Halving, without_trainings
from ...schemas.hyper import Tunable
from ...schemas.mutations import Mutation, Resample
from ...schemas.objectives import CostName
from ...schemas.over import Over, Variables
from ...schemas.patterns import Pattern
from ...schemas.separate import SeparateTrainings


class Start(Section):
    """Architectures that are tried before any is drawn."""

    architectures: tuple[str, ...] = Field(
        default=(),
        description="Files of them (`.arch.json`), for this space or one whose active paths and names agree; paths as "
        "seen from where the run is started",
    )
    edit: dict[Pattern, str] = Field(
        default_factory=dict,
        description="Pattern → the alternative that decisions get which match it and have it; what is then newly asked "
        "for is drawn",
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.edit and not self.architectures:
            yield Conflict("edit", "`edit` changes the given architectures, and there are none", "give some")


class EvolutionConfig(Tunable, SeparateTrainings):
    """Settings of the `evolution` family. The defaults are EvaNet's (Piergiovanni et al. 2019, Algorithm 1), but for
    the mutations."""

    family: Literal["evolution"] = "evolution"
    population: Count = Field(
        default=100, description="Architectures alive at a time, P; so many are drawn before the first child"
    )
    rounds: Count = Field(default=2000, description="Children in all")
    tournament: Count = Field(default=25, description="Architectures drawn to find a parent among, S")
    remove: Literal["worst", "oldest"] = Field(default="worst", description="Which one leaves when a child joins")
    mutations: Annotated[Over, Variables("i", minimum=0.0)] = Field(
        default_factory=lambda: Variables("i").read(1),
        description="How many mutations make the child of round i; fractions are rounded up",
    )
    mutate: tuple[Mutation, ...] = Field(
        default_factory=lambda: (Resample(),),
        description="The mutations, drawn from by their weights; one that cannot be is drawn again",
    )
    crossover: Share = Field(
        default=0.0, description="Share of the children with two parents, of each decision from either, before mutation"
    )
    draw: Literal["uniform", "even"] = Field(
        default="even",
        description="How the first ones are drawn, and what a child newly asks for: every architecture alike, or every "
        "decision by itself evenly",
    )
    start: Start = Field(default_factory=Start, description="Given architectures, which come before the drawn ones")
    distinct: Literal["architectures", "networks"] | None = Field(
        default="architectures",
        description="What is not tried twice: equal active decisions, or what comes to the same network; none: nothing",
    )
    halving: Halving | None = Field(
        default=None,
        description="Trainings that go on while they are among the best; none: all have the fitness's length",
    )
    minimize: tuple[CostName, ...] = Field(
        default=(),
        description="Costs that are objectives beside the fitness; then ranks and crowding decide, as in NSGA-II",
    )

    def conflicts(self) -> Iterator[Conflict]:
        if self.halving is not None:
            yield from without_trainings("halving", self.fitness)
        if self.tournament > self.population:
            message = f"a tournament of {self.tournament} cannot be drawn from a population of {self.population}"
            yield Conflict("tournament", message, "make the tournament smaller, or the population larger", "population")
        fault = self.mutations.fault_at({"i": self.rounds - 1}, minimum=0)
        if fault is not None:
            message = f"`mutations` cannot be this expression in the last round: {fault}"
            yield Conflict("mutations", message, "bound it, as in `max(3 - i / 100, 1)`", "rounds")
        if not self.mutate and not self.crossover:
            message = "`mutate` is empty, so every child equals its parent"
            yield Conflict("mutate", message, 'write `mutate = [resample("**")]`')
        if len(self.start.architectures) > self.population:
            message = f"{len(self.start.architectures)} architectures are given for a population of {self.population}"
            yield Conflict("start.architectures", message, "give fewer, or make it larger", "population")
        if len(set(self.minimize)) < len(self.minimize):
            yield Conflict("minimize", "`minimize` names a cost twice", "name each once")
