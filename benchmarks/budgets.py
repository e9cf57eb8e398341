"""Counting and drawing within budgets in published spaces: exact or in what interval, how fast, in how much memory.

    python benchmarks/budgets.py [FILE::SPACE ...]

For each space budgets at shares of the range of its multiply-adds, and one together with a budget at half of the range
of its parameters. Each row is a process of its own; the seconds begin when the space is read and end with the count,
those of the processors are there where they are far more; samples are the mean of twenty after that, by the processor.
Memory is the most that the process had resident, Python and NumPy included.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from machine import described

from stdsl.compiler.analysis.costs.measures import Measure
from stdsl.compiler.analysis.costs.space_bounds import extreme
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.sampling import draw
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

SPACES = Path(__file__).parent / "spaces"
PUBLISHED = (
    *("fbnet::s", "ofa::s", "proxyless", "mnasnet", "autoformer", "micro::mcu", "auto_tsnet::tsnet"),
    "evanet::resnet",
)
ARGUMENTS = {"evanet::resnet": {"open_stem": True}}
"""Its stem is searched, too, as in the paper's figures."""
SHARES = (0.05, 0.25, 0.5, 0.75)
PARAMS_SHARE = 0.5
SAMPLES = 20


def budget(graph: SpaceGraph, metric: Any, share: float) -> CostConstraint:
    """At most so much of a cost's range above its least."""
    own = Measure(metric)
    least, greatest = extreme(graph, own, 1)[0], extreme(graph, own, -1)[0]
    return CostConstraint(metric, None, least + int(share * (greatest - least)), graph.span)


def measured(name: str, share: float, both: bool) -> dict[str, Any]:
    """One row, in this process."""
    file, _, own = name.partition("::")
    published = SPACES / f"{file}.space"
    graph = load_space(published if published.is_file() else file, own or None, ARGUMENTS.get(name)).graph
    constraints = [budget(graph, "flops", share)]
    if both:
        constraints.append(budget(graph, "params", PARAMS_SHARE))
    bounded = replace(graph, constraints=(*graph.constraints, *constraints))
    start, processor = time.perf_counter(), time.process_time()
    found = count(bounded)
    counted, worked = time.perf_counter() - start, time.process_time() - processor
    start = time.process_time()
    drawn = draw(bounded, seed=0, n=SAMPLES)
    return {
        "low": str(found.low),
        "high": str(found.high),
        "seconds": counted,
        "worked": worked,
        "sample": (time.process_time() - start) / SAMPLES,
        "uniform": drawn.uniform and len(drawn.answers) == SAMPLES,
        "acceptance": drawn.acceptance,
        "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def row(name: str, share: float, both: bool) -> str:
    """One row of the table, from a process of its own."""
    command = [sys.executable, __file__, "--row", name, str(share), str(int(both))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    low, high = int(found["low"]), int(found["high"])
    if low == high:
        shown, width = f"{low:.4g}" if low >= 10**7 else str(low), "exact"
    else:
        shown, width = f"{low:.4g} to {high:.4g}", f"{200 * (high - low) / (high + low):.2g} %"
    assert found["uniform"], "the samples are uniform, whatever is known of the count"
    seconds = f"{found['seconds']:.2f} s"
    if found["worked"] > found["seconds"] + 0.5:
        seconds += f" ({found['worked']:.1f} s of processors)"
    label = f"{share:.0%}, params {PARAMS_SHARE:.0%}" if both else f"{share:.0%}"
    return (
        f"| `{name}` | {label} | {shown} | {width} | {seconds} | {found['mib']:.0f} MiB"
        f" | {1000 * found['sample']:.1f} ms | {found['acceptance']:.0%} |"
    )


def main() -> int:
    if sys.argv[1:2] == ["--row"]:
        print(json.dumps(measured(sys.argv[2], float(sys.argv[3]), sys.argv[4] == "1")))
        return 0
    print(described())
    print()
    print("| space | budget | architectures | width | counted in | memory | a sample | accepted |")
    print("|---|---|---|---|---|---|---|---|")
    for name in sys.argv[1:] or PUBLISHED:
        for share in SHARES:
            print(row(name, share, False), flush=True)
        print(row(name, 0.5, True), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
