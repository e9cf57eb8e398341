"""What a model decides: open settings and the decisions of a space, as variables with domains."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from stdsl.compiler.analysis.architecture import Architecture
from stdsl.compiler.analysis.demand import next_question
from stdsl.compiler.analysis.marginals import Marginal, marginals
from stdsl.compiler.analysis.values import Value as Decided
from stdsl.compiler.analysis.values import encode
from stdsl.compiler.families.bayes.variables import ordered, values_of
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import DecisionConstraint, SpaceGraph
from stdsl.compiler.schemas.hyper import Hyper, IntegerRange, LogRange, Options, Tunable, Value

Settings = Mapping[str, Value]
"""Values of open settings by their keys."""


@dataclass(frozen=True)
class Categories:
    options: tuple[Value, ...]


@dataclass(frozen=True)
class Integers:
    """Both ends included."""

    low: int
    high: int


@dataclass(frozen=True)
class Reals:
    """``log``: even in the logarithm."""

    low: float
    high: float
    log: bool


Domain = Categories | Integers | Reals
Suggest = Callable[[str], Value]
"""A value for the variable of a name."""


class Variables:
    """``domains``: by name; settings are named by their keys, decisions by their paths, each with a word before.

    Of a decision the values are the places of its own values, those that `where` lets it have: whole numbers from 0,
    which are neighbours where the values are. One that has a single value is no variable.
    """

    def __init__(self, graph: SpaceGraph, strategy: Tunable) -> None:
        self.graph, self.strategy = graph, strategy
        self._values = _possible(graph)
        self._keys = sorted(strategy.open, key=lambda key: (key.count("."), key))  # what holds others comes first
        self.domains: dict[str, Domain] = {_setting(key): _domain(strategy.open[key]) for key in self._keys}
        for decision in graph.open:
            places = len(self._values[decision.path])
            if places == 1:
                continue
            own = Integers(0, places - 1) if ordered(decision) else Categories(tuple(range(places)))
            self.domains[_decision(decision.path)] = own

    def settings(self, suggest: Suggest) -> dict[str, Value]:
        """A value for each open setting that matters, given those before it."""
        found: dict[str, Value] = {}
        for key in self._keys:
            if key in self.strategy.active(found):
                found[key] = suggest(_setting(key))
        return found

    def answers(self, suggest: Suggest) -> dict[int, int]:
        """Answers to the decisions that are active given those before them, in the order in which they are asked for.
        They need not be within `where`."""
        found: dict[int, int] = {}
        while (decision := next_question(self.graph, found)) is not None:
            values = self._values[decision.path]
            place = suggest(_decision(decision.path)) if len(values) > 1 else 0
            assert isinstance(place, int)
            found |= encode(decision, values[place])
        return found

    def of(self, arch: Architecture, settings: Settings) -> dict[str, Value]:
        """What the variables that were active were, by name."""
        found: dict[str, Value] = {_setting(key): value for key, value in settings.items()}
        for path, value in arch.items():
            if len(self._values[path]) > 1:
                found[_decision(path)] = self._values[path].index(value)
        return found


def drawn(domain: Domain, generator: random.Random) -> Value:
    """Evenly."""
    if isinstance(domain, Categories):
        return domain.options[generator.randrange(len(domain.options))]
    if isinstance(domain, Integers):
        return generator.randint(domain.low, domain.high)
    if not domain.log:
        return min(domain.high, generator.uniform(domain.low, domain.high))
    found = math.exp(generator.uniform(math.log(domain.low), math.log(domain.high)))
    return min(domain.high, max(domain.low, found))


def _possible(graph: SpaceGraph) -> dict[str, Sequence[Decided]]:
    """The values of each decision that some architecture within the constraints over decisions has, as far as that is
    known; of a decision that none has one value, which does not matter."""
    every = {decision.path: values_of(decision) for decision in graph.open}
    rules = tuple(own for own in graph.constraints if isinstance(own, DecisionConstraint))
    shares = marginals(replace(graph, constraints=rules)) if rules else None
    if shares is None:
        return every
    own = {d.path: tuple(value for value in every[d.path] if _seen(d, value, shares[d.path])) for d in graph.open}
    return {path: values or every[path][:1] for path, values in own.items()}


def _seen(decision: Decision, value: Decided, shares: Marginal) -> bool:
    """Whether an architecture may have a value; of a keep as far as its elements tell one by one."""
    answers = encode(decision, value)
    if decision.kind != "keep":
        return shares.options[answers[decision.variables[0].index]] > 0
    kept = [bool(answers[variable.index]) for variable in decision.variables]
    each = zip(kept, shares.options, strict=True)
    return all(share > 0 if own else share < shares.active for own, share in each)


def _domain(hyper: Hyper) -> Domain:
    if isinstance(hyper, Options):
        return Categories(tuple(hyper.values))
    if isinstance(hyper, IntegerRange):
        return Integers(hyper.low, hyper.high)
    return Reals(hyper.low, hyper.high, isinstance(hyper, LogRange))


def _setting(key: str) -> str:
    return f"setting {key}"


def _decision(path: str) -> str:
    return f"decision {path}"
