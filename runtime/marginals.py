"""How probable each unit is in the distribution over architectures that the search of a run learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_directories import NoMarginals
from stdsl.compiler.diagnostics.source import Span
from stdsl.compiler.families.registry import family
from stdsl.compiler.ir.decisions import Decision
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.schemas.strategy import Strategy

from .learnt import learnt

MOST = 5
"""The gates of a layer, and the elements of a keep, are told together where there are no more."""

NUMBERS = ("drawn", "by itself")
"""What tables and plots call ``drawn`` and ``alone`` of a unit."""
DROPPED = ("drawn", "1 - p", "1 - √p")
"""The same, and ``score``, where p is the probability that a unit is dropped."""


@dataclass(frozen=True)
class Unit:
    """One gate, element of a keep or alternative. ``layer`` and ``unit``: its decision's path but for the last name,
    and that name. ``active``: the probability that its decision is asked for; ``drawn``: that a drawn architecture has
    the unit. ``alone``: that of the unit by itself, of a gate 1 - p; ``score``: 1 - √p, which is printed as its
    posterior probability and is none (None for alternatives, and where nothing is dropped).
    """

    decision: str
    layer: str
    unit: str
    active: float
    drawn: float
    alone: float
    score: float | None


@dataclass(frozen=True)
class Layer:
    """How the gates of one layer come out together: ``ways`` has the probability of each set of units that are there,
    as `S+ST` or `none`. Gates that others depend on are not among the names."""

    layer: str
    ways: Mapping[str, float]


@dataclass(frozen=True)
class Marginals:
    """``learnt``: what the family calls what it learnt, ``numbers``: the numbers of its units."""

    search: str
    space: str
    units: tuple[Unit, ...]
    layers: tuple[Layer, ...]
    learnt: str
    numbers: tuple[str, ...]

    @property
    def kinds(self) -> dict[tuple[str, ...], list[Layer]]:
        """Layers by the ways in which they come out: single units first, `none` last."""
        found: dict[tuple[str, ...], list[Layer]] = {}
        for layer in self.layers:
            ways = sorted(layer.ways, key=lambda way: (way == "none", way.count("+"), way))
            found.setdefault(tuple(ways), []).append(layer)
        return found

    def document(self) -> dict[str, Any]:
        """For JSON."""
        return {name: value for name, value in asdict(self).items() if name not in ("learnt", "numbers")}


def marginals_of(path: Path) -> Marginals:
    """Those of a run whose search is over, within `where`. Raises RunError where there is no such run, it learnt no
    distribution, or its marginals are not known exactly."""
    advice = "run a search of a space with open decisions"

    def without(reason: str, advice: str = advice, place: Span | None = None) -> NoMarginals:
        return NoMarginals(place, str(path), reason, advice)

    job, strategy, facts = learnt(path, without)
    own = family(strategy.family)
    reason, key = own.unlearnt(strategy)
    posterior = None if reason else _posterior(strategy, job.graph, facts)
    if posterior is None:
        place = strategy.place(key) if key else job.config.place("strategy")
        learning = "search with `draw = probability`, or with a strategy of the family `variational`"
        if not own.distribution:
            learning = "use a strategy of the family `variational`, or of `sampling` with `draw = probability`"
        raise RunError([without(reason, learning, place)])
    found = posterior.marginals()
    if found is None:
        reason = "what its `where` leaves has no marginals that are known exactly"
        advice = f"say less in `where`; {own.drawn[1]} that it drew and measured stand in `result.json`"
        raise RunError([without(reason, advice, job.config.place("space"))])
    units = []
    for decision in job.graph.open:
        alone = _alone(decision, facts["probabilities"].get(decision.path))
        marginal = found[decision.path]
        drawn = marginal.options[1:] if decision.kind == "gate" else marginal.options
        layer, _, name = decision.path.rpartition(".")
        for unit, chance, probability in zip(_units(decision, name), alone, drawn, strict=True):
            dropped = own.drops and decision.kind in ("gate", "keep")
            score = 1 - math.sqrt(1 - chance) if dropped else None
            units.append(Unit(decision.path, layer, unit, float(marginal.active), float(probability), chance, score))
    together = tuple(layers(job.graph, posterior))
    numbers = DROPPED if own.drops else NUMBERS
    return Marginals(job.config.name, job.graph.name, tuple(units), together, own.distribution, numbers)


def _posterior(strategy: Strategy, graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy | None:
    from .strategies.runner import runner  # with PyTorch, which what is refused does not need

    return runner(strategy).posterior(strategy, graph, facts)


def _alone(decision: Decision, row: Sequence[float] | None) -> list[float]:
    """A decision without weights in the template, such as a choice of one, comes out evenly."""
    if row is None:
        row = [0.5 if decision.kind == "keep" else 1 / len(decision.options)] * len(decision.options)
    return [row[-1]] if decision.kind == "gate" else list(row)


def _units(decision: Decision, name: str) -> list[str]:
    if decision.kind == "gate":
        return [name]
    if decision.kind == "keep":
        return [f"{name}[{place}]" for place in decision.options]
    return [f"{name} = {option}" for option in decision.options]


def layers(graph: SpaceGraph, posterior: Policy) -> list[Layer]:
    """The gates of each layer together, and the elements of each keep."""
    groups: dict[str, list[Decision]] = {}
    for decision in graph.open:
        layer, _, _ = decision.path.rpartition(".")
        if decision.kind == "gate":
            groups.setdefault(layer, []).append(decision)
        elif decision.kind == "keep" and len(decision.options) <= MOST:
            groups[decision.path] = [decision]
    possible = weighted(replace(graph, constraints=()), {})
    found = []
    for layer, own in groups.items():
        outcomes = posterior.outcomes([d.path for d in own]) if len(own) <= MOST else None
        if outcomes is not None:
            found.append(Layer(layer, _ways(own, outcomes, _around(own, possible))))
    return found


def _ways(
    decisions: Sequence[Decision], outcomes: Mapping[tuple[Any, ...], float], around: Set[int]
) -> dict[str, float]:
    ways: dict[str, float] = {}
    for outcome, chance in outcomes.items():
        there: list[str] = []
        for i, (decision, value) in enumerate(zip(decisions, outcome, strict=True)):
            if decision.kind == "keep":
                there += map(str, value or ())
            elif value and i not in around:
                there.append(decision.path.rpartition(".")[2])
        way = "none" if set(outcome) == {None} or not there else "+".join(there)
        ways[way] = ways.get(way, 0.0) + chance
    return ways


def _around(decisions: Sequence[Decision], possible: Policy) -> set[int]:
    """The places of gates around others: where one is off, none of the other decisions is asked for. ``possible`` gives
    all that the text says a probability, so that a gate that is certain in the posterior is judged as any other."""
    outcomes = possible.outcomes([d.path for d in decisions]) if len(decisions) > 1 else None
    found = set()
    for place, decision in enumerate(decisions):
        off = [outcome for outcome in outcomes or () if decision.kind == "gate" and outcome[place] is False]
        others = [value for outcome in off for i, value in enumerate(outcome) if i != place]
        if others and all(value is None for value in others):
            found.add(place)
    return found
