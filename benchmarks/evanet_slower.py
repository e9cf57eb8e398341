"""What the best architectures are like on slower motion: length of their windows, and frames that they see.

    python benchmarks/evanet_table.py FOLDER --slower && python benchmarks/evanet_table.py FOLDER --slower --write
    python benchmarks/evanet_slower.py [--write]

Both tables, of the architectures that are in both; the best ten by each seed. Differences are between speeds for the
same seed, whose clips differ in nothing but the speed; intervals of 95 % by Student's t over the three seeds.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from evanet_strategies import ranks
from evanet_table import FAST, SEEDS, SLOWER, space
from machine import described
from paired import STUDENT
from tables import write

from stdsl.compiler.analysis.architecture import Architecture, architecture
from stdsl.compiler.analysis.receptive_field import receptive_field, views
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.ops.registry import primitives_of

BEST = 10


def length(arch: Architecture) -> float:
    """The mean length over time of the windows that are open: those of the first module."""
    return statistics.fmean(int(str(value)) for path, value in arch.items() if path.endswith(".length"))


def frames(arch: Architecture) -> float:
    """The receptive field over time."""
    graph = space().graph
    network, primitives = specialise(graph, arch), primitives_of(graph)
    found = receptive_field(network, views(network, primitives), primitives).frames
    assert found is not None
    return float(found["video"])


Kept = dict[Architecture, Sequence[float]]
"""Accuracies at the end, by seeds."""


def kept(file: Path) -> Kept:
    document = json.loads(file.read_text(encoding="utf-8"))
    graph = space().graph
    return {
        architecture(graph, row["values"]): [each[-1] for each in row["accuracy"]] for row in document["architectures"]
    }


def of_the_best(table: Kept, seed: int, figure: Callable[[Architecture], float]) -> float:
    best = sorted(table, key=lambda arch: -table[arch][seed])[:BEST]
    return statistics.fmean(figure(arch) for arch in best)


def correlation(table: Kept, seed: int, figure: Callable[[Architecture], float]) -> float:
    """By ranks, of the figure with the accuracy."""
    return statistics.correlation(
        ranks([figure(arch) for arch in table]), ranks([each[seed] for each in table.values()])
    )


def told(values: Sequence[float], digits: int = 1) -> str:
    mean = statistics.fmean(values)
    half = STUDENT[len(values)] * statistics.stdev(values) / len(values) ** 0.5
    resolved = "" if abs(mean) > half else ", not resolved"
    return (
        f"{' '.join(f'{value:+.{digits}f}' for value in values)}: mean {mean:+.{digits}f} ± {half:.{digits}f}{resolved}"
    )


def section(fast: Kept, slow: Kept) -> str:
    both = [arch for arch in fast if arch in slow]
    fast, slow = {arch: fast[arch] for arch in both}, {arch: slow[arch] for arch in both}
    figures: dict[str, Callable[[Architecture], float]] = {"length of windows": length, "frames seen": frames}
    means = [100 * statistics.fmean(map(statistics.fmean, own.values())) for own in (fast, slow)]
    lines = [
        f"Measured with `python benchmarks/evanet_slower.py`, {described()}: {len(both)} architectures, a sample of "
        f"the table, on motion of full and of half the speed, three seeds each; {means[0]:.1f} and {means[1]:.1f} % in "
        f"the mean.",
        "",
        "| by seed | full speed | half | half minus full |",
        "|---|---|---|---|",
    ]
    places: Any = range(len(SEEDS))
    for name, figure in figures.items():
        for what, of, digits in (("best ten, mean", of_the_best, 1), ("correlation with accuracy", correlation, 2)):
            own = [[of(table, seed, figure) for seed in places] for table in (fast, slow)]
            differences = [b - a for a, b in zip(*own, strict=True)]
            cells = [" ".join(f"{value:.{digits}f}" for value in values) for values in own]
            lines.append(f"| {name}, {what} | {' | '.join(cells)} | {told(differences, digits)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    text = section(kept(FAST.kept), kept(SLOWER.kept))
    print(text)
    if parser.parse_args().write:
        write(text, "evanet-slower")


if __name__ == "__main__":
    main()
