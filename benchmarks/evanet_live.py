"""Runs of the search of ``benchmarks/spaces/evanet_table.space``, beside the table of its architectures.

    stdsl run benchmarks/spaces/evanet_table.space::evolved --set seed=10 --out FOLDER
    python benchmarks/evanet_live.py FOLDER... [--write]

Whether a run proposes what strategies on the table propose where they are told what the run was told, and whether its
trainings reach what the table's did: differences of each from the mean of the table's three, in points.
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evanet_strategies import BASE, Row, distinct, facts, rows, strategies
from evanet_table import space
from machine import described
from tables import Interval, write

from stdsl.compiler.analysis.architecture import architecture
from stdsl.runtime.strategies.evolution.proposer import Evolution
from stdsl.runtime.tracking.directory import open_run, result_of
from stdsl.runtime.trials.kept import kept_trials
from stdsl.runtime.trials.proposal import Outcome, Spec


@dataclass(frozen=True)
class Live:
    """``fitness``: of its trials. ``again``: how many of them a search on proposals alone makes, told the same
    fitness. ``expected``: what the table has of the same architectures, the means of three. ``tested``: the accuracy of
    what was found, trained anew, on the test clips. ``apart``: standard deviation of the logarithm of seconds of a
    training over its predicted length."""

    seed: int
    fitness: Sequence[float]
    expected: Sequence[float]
    again: int
    found: float
    tested: float
    apart: float


def live(folder: Path, table: Mapping[str, Row]) -> Live:
    """A run, which must be over. Its workers must be one."""
    seed = open_run(folder).manifest.seed
    trials = [row for row in kept_trials(folder).rows if row.number is not None]
    proposer = Evolution(space().graph, strategies()[BASE], seed, "accuracy")
    specs: list[Spec] = []
    seen: list[Outcome] = []
    again = 0
    for number, trial in enumerate(trials):
        spec = proposer.ask(number, specs, seen)
        arch = architecture(space().graph, trial.architecture)
        again += spec is not None and spec.architecture == arch
        specs.append(Spec(number, arch, parents=trial.parents))
        seen.append(Outcome(number, trial.values or {}))
    own = [table[spec.architecture.hash] for spec in specs]
    fitness = [outcome.values["accuracy"] for outcome in seen]
    networks = {network["kind"]: network for network in result_of(folder)["networks"]}
    logs = [math.log((trial.seconds or math.nan) / row.length) for trial, row in zip(trials, own, strict=True)]
    return Live(
        seed,
        fitness,
        [statistics.fmean(row.ends) for row in own],
        again,
        max(fitness),
        networks["derived"]["test"]["accuracy"],
        statistics.stdev(logs),
    )


def section(runs: Sequence[Live], table: Mapping[str, Row]) -> str:
    own = facts(table)
    best = max(statistics.fmean(row.ends) for row in distinct(table))
    lines = [f"Measured with `python benchmarks/evanet_live.py`, {described()}, one worker, 60 trainings each.", ""]
    for run in runs:
        apart = [100 * (found - expected) for found, expected in zip(run.fitness, run.expected, strict=True)]
        mean = Interval.of(apart)
        at = run.fitness.index(run.found)
        lines += [
            f"- Seed {run.seed}: {run.again} of {len(run.fitness)} proposals are those of proposals alone. Fitness "
            f"minus the table's mean: {mean.mean:+.1f} ± {mean.half:.1f} points, standard deviation "
            f"{statistics.stdev(apart):.1f} (a training of the table minus the mean of three others: "
            f"{100 * own.noise * math.sqrt(4 / 3):.1f}); correlation "
            f"{statistics.correlation(run.fitness, run.expected):.2f}.",
            f"  Found as number {at + 1}: fitness {100 * run.found:.1f} %, {100 * run.expected[at]:.1f} in the table, "
            f"whose best has {100 * best:.1f}; retrained on both halves, {100 * run.tested:.1f} % of the test clips. "
            f"The logarithm of seconds of training over predicted length has a standard deviation of {run.apart:.2f}, "
            f"beside other work on the same cores.",
        ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--write", action="store_true", help="put it into RESULTS.md")
    arguments = parser.parse_args()
    table = rows()
    text = section([live(folder, table) for folder in arguments.folders], table)
    print(text)
    if arguments.write:
        write(text, "evanet-live")


if __name__ == "__main__":
    main()
