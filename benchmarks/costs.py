"""How many architectures a second are told what they cost, with checking that each is one of the space.

    python benchmarks/costs.py [FILE::SPACE ...]

Mappings as users write them, drawn from the space: each by its network (as all were done before there were formulas,
and as it is done where a cost is no exact sum), one by one, and as a list of a thousand. Time is that of the processor,
the median of rounds in which the three take turns; formulas are made before, which takes what the last column says. All
three must say the same.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from machine import described

import stdsl
from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.formulas import formulas
from stdsl.compiler.analysis.costs.of_architecture import Costs, costs
from stdsl.compiler.analysis.membership import membership

SPACES = Path(__file__).parent / "spaces"
LIBRARY = (
    *("evanet::resnet", "darts::darts_cifar", "pc_darts::pc_darts_imagenet", "sdas::kinetics400", "nasbench201"),
    *("autodeepfuse::s1_top", "fusion3d::fusion3d"),
)
PUBLISHED = ("fbnet::s", "proxyless", "ofa::s", "mnasnet", "autoformer", "micro::mcu", "auto_tsnet::tsnet")
ROUNDS = 5
BATCH = 1000
BY_NETWORK = 40

Mappings = list[Mapping[str, Any]]


def report(name: str) -> str:
    """A row of the table."""
    file, _, own = name.partition("::")
    published = SPACES / f"{file}.space"
    space = stdsl.load(published if published.is_file() else file, own or None)
    graph = space.graph
    archs: Mappings = [dict(arch) for arch in space.samples(BATCH)]
    start = time.process_time()
    assert formulas(graph) is not None, "there is nothing to measure: every network is made"
    membership(graph)
    made = time.process_time() - start

    def by_network(some: Mappings) -> list[Costs]:
        return [costs(graph, architecture(graph, arch)) for arch in some]

    def one_by_one(some: Mappings) -> list[Costs]:
        return [space.costs(arch) for arch in some]

    ways: list[tuple[Callable[[Mappings], list[Costs]], Mappings]] = [
        (by_network, archs[:BY_NETWORK]),
        (one_by_one, archs),
        (space.costs, archs),
    ]
    rates: list[list[float]] = [[] for _ in ways]
    space.costs(archs)
    for _ in range(ROUNDS):
        found = []
        for rate, (way, some) in zip(rates, ways, strict=True):
            start = time.process_time()
            found.append(way(some))
            rate.append(len(some) / (time.process_time() - start))
        assert found[0] == found[1][:BY_NETWORK]
        assert found[1] == found[2]
    network, single, together = (f"{statistics.median(rate):,.0f}" for rate in rates)
    label = f"`{file}::{space.name}`"
    return f"| {label} | {len(graph.nodes)} | {len(graph.open)} | {network} | {single} | {together} | {made:.2f} s |"


def main() -> int:
    print(described())
    print()
    print("| space | nodes | decisions | by its network | one by one | a list | formulas made in |")
    print("|---|---|---|---|---|---|---|")
    for name in sys.argv[1:] or (*LIBRARY, *PUBLISHED):
        print(report(name), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
