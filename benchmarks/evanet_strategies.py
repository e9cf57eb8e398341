"""Strategies on the table of our own: the 252 architectures of a small space of EvaNet's, each trained three times.

    python benchmarks/evanet_strategies.py [--seeds 1000] [--write]

The table is that of ``benchmarks/evanet_table.py``; architectures that are alike but for the order of their streams
share their trainings there. The fitness of an architecture is what one of its three trainings reached, drawn by the
seed of the search; an architecture found is scored by the mean of the other two, which the search has not seen.
Proposals alone, over the virtual clock with one worker, four and sixteen. Differences are of the same seeds, which draw
the same fitness and begin with the same architectures; intervals are of 95 %.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evanet_table import FAST, alike, architectures, job, space
from machine import described
from tables import Interval, write

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.runtime.randomness import key
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.trials.clock import Clock
from stdsl.runtime.trials.lengths import predicted_length
from stdsl.runtime.trials.proposal import Outcome, Spec

QUERIES = (30, 60)
WORKERS = (1, 4, 16)
LIVE = 60
"""Trainings of a search; the strategies are made for so many."""
POPULATION, TOURNAMENT = 16, 6
BASE = "annealed"
"""What others are compared with."""


@dataclass(frozen=True)
class Row:
    """``accuracy``: of each training those after a third, two thirds and all of its steps. ``length``: predicted.
    ``number``: of those that were trained, from 0."""

    arch: Architecture
    number: int
    accuracy: tuple[tuple[float, ...], ...]
    seconds: tuple[float, ...]
    length: int

    @property
    def ends(self) -> list[float]:
        return [each[-1] for each in self.accuracy]


@cache
def rows(kept: Path = FAST.kept) -> dict[str, Row]:
    """Of all architectures, by their hashes."""
    document = json.loads(kept.read_text(encoding="utf-8"))
    graph, fitness = space().graph, document["fitness"]
    trained = {}
    for number, row in enumerate(document["architectures"]):
        arch = architecture(graph, row["values"])
        length = predicted_length(costs_of(graph, arch).flops, fitness["batch"], fitness["steps"])
        trained[alike(arch)] = Row(arch, number, tuple(map(tuple, row["accuracy"])), tuple(row["seconds"]), length)
    return {arch.hash: trained[alike(arch)] for arch in architectures()}


def distinct(table: Mapping[str, Row]) -> list[Row]:
    """Those that were trained."""
    return list({row.number: row for row in table.values()}.values())


def annealed(trials: int = LIVE) -> str:
    """EvaNet's: r is a twentieth of the rounds."""
    return f"max(ceil(7 - i / {(trials - POPULATION) / 20:g}), 1)"


def strategies(trials: int = LIVE) -> dict[str, EvolutionConfig]:
    """``trials`` in all. Mutations and which leaves: those of the file of the space but for what is named."""
    own = job(0).config.strategy
    assert isinstance(own, EvolutionConfig)
    rounds = trials - POPULATION

    def evolution(**settings: object) -> EvolutionConfig:
        given = own.model_dump(exclude_unset=True, exclude={"fitness"})
        given |= {"population": POPULATION, "tournament": TOURNAMENT, "rounds": rounds, "mutations": annealed(trials)}
        return EvolutionConfig.model_validate({**given, **settings})

    return {
        BASE: evolution(),
        "constant 1": evolution(mutations=1),
        "constant 3": evolution(mutations=3),
        "ageing, constant 1": evolution(mutations=1, remove="oldest"),
        "random, even": evolution(population=trials, rounds=1),
        "random, uniform": evolution(population=trials, rounds=1, draw="uniform"),
    }


@dataclass(frozen=True)
class Search:
    """``found``: after each of QUERIES, the score of the best by fitness."""

    specs: Sequence[Spec]
    fitness: Sequence[float]
    found: Mapping[int, float]


def search(config: EvolutionConfig, seed: int, workers: int, table: Mapping[str, Row], trials: int) -> Search:
    """One search by proposals alone."""
    proposer = Evolution(space().graph, config, seed, "accuracy")
    clock = Clock(workers)
    specs: list[Spec] = []
    fitness: list[float] = []
    scores: list[float] = []
    seen: list[Outcome] = []
    while len(specs) < trials:
        spec = proposer.ask(len(specs), specs, seen)
        if spec is None:
            break
        row = table[spec.architecture.hash]
        drawn = random.Random(key(seed, "training", row.number)).randrange(len(row.ends))
        others = row.ends[:drawn] + row.ends[drawn + 1 :]
        specs.append(spec)
        fitness.append(row.ends[drawn])
        scores.append(statistics.fmean(others))
        clock.begin(row.length)
        seen += [Outcome(number, {"accuracy": fitness[number]}) for number in clock.visible[len(seen) :]]
    found = {}
    for queries in QUERIES:
        if queries <= len(specs):
            found[queries] = scores[max(range(queries), key=fitness.__getitem__)]
    return Search(specs, fitness, found)


@dataclass(frozen=True)
class Facts:
    """About the table. ``spread``: standard deviation between architectures of what they would reach in the mean of
    many trainings (that of the means of three, less their noise); ``noise``: of trainings of one architecture."""

    count: int
    least: float
    greatest: float
    mean: float
    spread: float
    noise: float
    between: Sequence[float]
    to_end: Sequence[float]
    """Correlation by ranks (mean over pairs of different trainings) between accuracies after each third, and of those
    with the accuracies at the end of the other trainings."""


def ranks(values: Sequence[float]) -> list[float]:
    """Of equal ones the mean of their ranks."""
    ordered = sorted(values)
    return [(bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in values]


def facts(table: Mapping[str, Row]) -> Facts:
    own = distinct(table)
    means = [statistics.fmean(row.ends) for row in own]
    noise = math.sqrt(statistics.fmean(statistics.variance(row.ends) for row in own))
    trainings, parts = range(len(own[0].ends)), range(len(own[0].accuracy[0]))
    pairs = [(a, b) for a in trainings for b in trainings if a != b]

    def ranked(first: int, second: int) -> float:
        columns = [([r.accuracy[a][first] for r in own], [r.accuracy[b][second] for r in own]) for a, b in pairs]
        return statistics.fmean(statistics.correlation(ranks(one), ranks(other)) for one, other in columns)

    spread = math.sqrt(max(0.0, statistics.variance(means) - noise**2 / len(trainings)))
    last = parts[-1]
    between, to_end = [ranked(part, part) for part in parts], [ranked(part, last) for part in parts]
    return Facts(len(own), min(means), max(means), statistics.fmean(means), spread, noise, between, to_end)


Runs = dict[tuple[str, int], list[Search]]


def searches(table: Mapping[str, Row], seeds: Sequence[int], workers: Sequence[int] = WORKERS) -> Runs:
    """All searches, by strategy and workers. Random ones do not depend on what is seen."""
    found: Runs = {}
    for name, config in strategies().items():
        for count in workers:
            if name.startswith("random") and count != workers[0]:
                found[name, count] = found[name, workers[0]]
                continue
            start = time.process_time()
            found[name, count] = [search(config, seed, count, table, LIVE) for seed in seeds]
            each = (time.process_time() - start) / len(seeds) / LIVE * 1000
            print(f"{name}, {count}: {each:.2f} ms a query", file=sys.stderr, flush=True)
    return found


def differences(ours: Sequence[Search], theirs: Sequence[Search], queries: int) -> Interval:
    """In percent, over the same seeds."""
    pairs = zip(ours, theirs, strict=True)
    return Interval.of([100 * (a.found[queries] - b.found[queries]) for a, b in pairs])


def told(interval: Interval) -> str:
    """A difference, and whether it can be told from none."""
    resolved = "" if abs(interval.mean) > interval.half else ", not resolved"
    return f"{interval.mean:+.2f} ± {interval.half:.2f}{resolved}"


def about(table: Mapping[str, Row]) -> list[str]:
    own = facts(table)
    means = sorted((statistics.fmean(row.ends) for row in distinct(table)), reverse=True)
    seconds = [each for row in distinct(table) for each in row.seconds]
    parts = range(len(own.between))
    between = ", ".join(f"{own.between[part]:.2f}" for part in parts)
    to_end = ", ".join(f"{own.to_end[part]:.2f}" for part in parts)
    return [
        f"- {own.count} architectures that were trained, means of three trainings from {100 * own.least:.1f} to "
        f"{100 * own.greatest:.1f} %, {100 * own.mean:.1f} in the mean; the best ten from {100 * means[9]:.1f} on.",
        f"- Standard deviation between architectures {100 * own.spread:.1f} points (without the noise of trainings), "
        f"between trainings of one {100 * own.noise:.1f}.",
        f"- Correlation by ranks between two trainings of the architectures, after a third, two thirds and all of the "
        f"steps: {between}; with another training's end: {to_end}.",
        f"- A training took {statistics.median(seconds):.1f} s (median), beside other work on the same cores.",
    ]


def section(table: Mapping[str, Row], seeds: int) -> str:
    runs = searches(table, range(seeds))
    names, last = list(strategies()), QUERIES[-1]
    lines = [
        f"Measured with `python benchmarks/evanet_strategies.py --seeds {seeds}`, {described()}.",
        f"Score of what was found, in percent, means over {seeds:,} seeds with 95 % intervals; P = {POPULATION}, S = "
        f"{TOURNAMENT}, {last} trainings; annealed: `{annealed()}`.",
        "",
        *about(table),
    ]
    for workers in WORKERS:
        head = [f"{workers} worker{'s' if workers > 1 else ''}"]
        head += [f"{queries} trainings" for queries in QUERIES] + [f"minus {BASE}, {last}"]
        lines += ["", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for name in names:
            own = runs[name, workers]
            cells = [Interval.of([100 * each.found[queries] for each in own]) for queries in QUERIES]
            row = [name, *(f"{cell.mean:.2f} ± {cell.half:.2f}" for cell in cells)]
            row.append("" if name == BASE else told(differences(own, runs[BASE, workers], last)))
            lines.append(f"| {' | '.join(row)} |")
    lines.append("")
    for name in (name for name in names if not name.startswith("random")):
        more = [told(differences(runs[name, count], runs[name, WORKERS[0]], last)) for count in WORKERS[1:]]
        lines.append(f"- {name}: {WORKERS[1]} workers minus one {more[0]}, {WORKERS[2]} minus one {more[1]}.")
    drawn = differences(runs["random, even", 1], runs["random, uniform", 1], last)
    lines.append(f"- random, even minus uniform: {told(drawn)}.")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    arguments = parser.parse_args()
    text = section(rows(), arguments.seeds)
    print(text)
    if arguments.write:
        write(text, "evanet")


if __name__ == "__main__":
    main()
