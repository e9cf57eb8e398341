"""The parts of a search (`phase { … }`): how long each is, and what it does with each decision."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from stdsl.compiler.analysis.values import encode
from stdsl.compiler.checks.roles import Roles, roles
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.passes.fix_decisions import fix_decisions, settled_names
from stdsl.compiler.schemas.search import SearchConfig

from ..randomness import key


class Lasting(Protocol):
    """What is asked of the settings of a family whose searches have parts."""

    def total_steps(self, per_epoch: int) -> int: ...

    def warmup_steps(self, per_epoch: int) -> int: ...

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self: ...


S = TypeVar("S", bound=Lasting)


@dataclass(frozen=True)
class SearchPart(Generic[S]):
    """``number`` counts from 0. ``values``: the decisions that do not change in it, by path; ``roles``: what it does
    with the others. ``strategy``: that of the search, as long as this part is."""

    number: int
    strategy: S
    roles: Roles = field(default_factory=Roles)
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """For random numbers: those of the first part are those of a search without parts."""
        return "" if not self.number else f" {self.number + 1}"

    def seed(self, seed: int) -> int:
        return key(seed, "part", self.number) if self.number else seed

    def network(self, graph: SpaceGraph, affine: bool = True) -> SpaceGraph:
        """What the part computes: the graph without what its values leave out. ``affine``: norms of alternatives have
        a scale and a bias."""
        answers: dict[int, int] = {}
        for path, value in self.values.items():
            answers |= encode(graph.by_path[path], value)
        settled = {graph.by_path[path].id for path in self.values}
        return fix_decisions(settled_names(graph, affine), answers, settled)

    def drawn(self, graph: SpaceGraph, seed: int, t: int) -> dict[str, Any]:
        """Values of the `uniform` decisions at step ``t`` of the part."""
        return {path: evenly(graph.by_path[path], key(self.seed(seed), "held", path, t)) for path in self.uniform}

    @property
    def uniform(self) -> list[str]:
        return sorted(self.roles.uniform)


def lengths(config: SearchConfig, strategy: S) -> list[S]:
    """The strategy of each part, with the length of that part; a search without phases has one."""
    found = []
    for phase in config.phase:
        own = phase.epochs is not None or phase.steps is not None
        length = {"epochs": phase.epochs, "steps": phase.steps} if own else {}
        changed = strategy if phase.strategy is None else phase.strategy
        assert isinstance(changed, type(strategy))
        found.append(changed.model_copy(update=length))
    return found or [strategy]


def parts(config: SearchConfig, strategy: S, graph: SpaceGraph) -> list[tuple[S, Roles]]:
    """The parts of a search: the strategy of each, and the roles of the decisions."""
    each = lengths(config, strategy)
    return list(zip(each, roles(graph, config.phase) if config.phase else [Roles()], strict=True))


def part(each: Sequence[tuple[S, Roles]], number: int, found: Mapping[str, Any]) -> SearchPart[S]:
    """A part when earlier ones have found these values."""
    strategy, role = each[number]
    kept = {path: found[path] for path in sorted(role.kept)}
    return SearchPart(number, strategy, role, {**kept, **role.held})


def pick(
    graph: SpaceGraph,
    role: Roles,
    arch: Mapping[str, Any],
    likeliest: Callable[[Decision], Any],
) -> dict[str, Any]:
    """The values that a part found for the decisions that it searched: those of ``arch``, the architecture that its
    weights prefer within `where`, and for decisions that this does not ask for the ``likeliest`` by itself."""
    found: dict[str, Any] = {}
    for path in sorted(role.free):
        found[path] = arch[path] if path in arch else likeliest(graph.by_path[path])
    return found


def evenly(decision: Decision, base: int) -> Any:
    """One of the decision's values, each as likely."""
    generator = random.Random(base)
    match decision.kind:
        case "choose":
            return generator.choice(decision.options)
        case "count":
            return int(generator.choice(decision.values))
        case "gate":
            return generator.random() < 0.5
        case "keep":
            return _subset(generator, len(decision.options), decision.sizes or (0, len(decision.options)))


def _subset(generator: random.Random, n: int, sizes: tuple[int, int]) -> tuple[int, ...]:
    """A subset of 1 … n of a size within bounds, every one as likely."""
    many = range(sizes[0], sizes[1] + 1)
    (size,) = generator.choices(many, weights=[math.comb(n, k) for k in many])
    return tuple(sorted(generator.sample(range(1, n + 1), size)))


def total_steps(strategies: Iterable[Lasting], per_epoch: int) -> int:
    return sum(strategy.total_steps(per_epoch) for strategy in strategies)


def warmup_steps(strategies: Iterable[Lasting], per_epoch: int) -> int:
    """The steps without a decision step, of all parts together."""
    return sum(min(s.warmup_steps(per_epoch), s.total_steps(per_epoch)) for s in strategies)
