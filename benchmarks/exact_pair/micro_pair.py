"""The exact number of architectures of `micro::mcu` within a budget of multiply-adds and one of parameters.

    python benchmarks/exact_pair/micro_pair.py [--flops N] [--params N] [--mirror]

Written without regard to how stdsl counts, to hold its interval to: from stdsl come only what single blocks cost,
compared with the costs of 1000 random architectures, and the interval. Without arguments the budgets are halves of the
ranges, as in the row of `benchmarks/budgets.py`. Needs gcc, five minutes of one core and 1 GiB.

Costs add up over blocks. What the later blocks of a stage cost is b + b^2 + b^3 where b stands for what one of them
costs: few different pairs of costs, each with its number of ways. The ten parts (each stage's first block and its later
ones) are split in two sides, each of them in two lists of sums. An architecture is within both budgets where the costs
of one side are at most what the other side leaves of the budgets. Such pairs are counted by micro_pair.c.

``--mirror`` also counts those within the multiply-adds that have more parameters, by the same program from mirrored
parameters. Both together must be those within the multiply-adds alone, which stdsl counts exactly.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce
from itertools import product
from pathlib import Path

import stdsl
from stdsl.compiler.analysis.costs.space_costs import CostRange
from stdsl.compiler.analysis.count import count
from stdsl.compiler.ir.graph import CostConstraint
from stdsl.compiler.semantics.elaboration.where import Metric

Costs = tuple[int, int]
"""Multiply-adds and parameters, in units of UNIT."""
Sums = Counter[Costs]
"""In how many ways a part of an architecture costs so much."""
Block = tuple[str, str, str, str]

STAGES = range(5)
MOST_LATER = 3
BLOCKS: list[Block] = list(product(("e3", "e4", "e6"), "357", ("relu", "hswish"), ("plain", "se")))
LEAST = BLOCKS[0]
UNIT = (8, 4)
SIDES = (
    (("first 1", "later 1", "first 3"), ("first 2", "later 2", "first 5")),
    (("first 4", "later 4"), ("later 3", "later 5")),
)
"""The parts of each side's two lists, so chosen that the sides have few sums: 1.9e10 and 1.6e10."""
SOURCE = Path(__file__).with_suffix(".c")


def architecture(stages: Iterable[tuple[Block, list[Block]]]) -> dict[str, str | int]:
    """Of each stage its first block and its later ones."""
    values: dict[str, str | int] = {}
    for stage, (first, later) in enumerate(stages, 1):
        values[f"s{stage}.depth"] = len(later)
        blocks = [("first", first), *((f"[{place}]", block) for place, block in enumerate(later, 1))]
        for name, (expansion, kernel, activation, squeeze) in blocks:
            path = f"s{stage}{'' if name[0] == '[' else '.'}{name}.y"
            values[f"{path}.expansion"] = expansion
            values[f"{path}.{expansion}.k.kernel"] = kernel
            values[f"{path}.{expansion}.a.activation"] = activation
            values[f"{path}.{expansion}.gated.squeeze"] = squeeze
    return values


def costs(space: stdsl.Space, networks: list[list[tuple[Block, list[Block]]]]) -> list[Costs]:
    """What stdsl says that architectures cost."""
    return [(found.flops or 0, found.params or 0) for found in space.costs(map(architecture, networks))]


def block_costs(space: stdsl.Space) -> tuple[Costs, dict[tuple[str, int], dict[Block, Costs]]]:
    """What the cheapest architecture costs with one block in each stage taken away, and what each block adds: a first
    one more than the cheapest first one, a later one at all."""
    least = [(LEAST, [LEAST]) for _ in STAGES]
    base = costs(space, [least])[0]
    added: dict[tuple[str, int], dict[Block, Costs]] = {}
    for stage in STAGES:
        for kind in ("first", "later"):
            networks = [list(least) for _ in BLOCKS]
            for network, block in zip(networks, BLOCKS, strict=True):
                network[stage] = (block, [LEAST]) if kind == "first" else (LEAST, [LEAST, block])
            found = costs(space, networks)
            added[kind, stage] = {
                block: (flops - base[0], params - base[1]) for block, (flops, params) in zip(BLOCKS, found, strict=True)
            }
    taken = [added["later", stage][LEAST] for stage in STAGES]
    return (base[0] - sum(flops for flops, _ in taken), base[1] - sum(params for _, params in taken)), added


def check_additive(space: stdsl.Space, rest: Costs, added: dict[tuple[str, int], dict[Block, Costs]]) -> None:
    """Compare sums of blocks' costs with the costs of random architectures."""
    draw = random.Random(0)
    networks = [
        [(draw.choice(BLOCKS), draw.choices(BLOCKS, k=draw.randint(1, MOST_LATER))) for _ in STAGES]
        for _ in range(1000)
    ]
    for network, found in zip(networks, costs(space, networks), strict=True):
        parts = [rest]
        for stage, (first, later) in enumerate(network):
            parts += [added["first", stage][first], *(added["later", stage][block] for block in later)]
        assert found == (sum(flops for flops, _ in parts), sum(params for _, params in parts)), "costs add up"


def joined(left: Sums, right: Sums) -> Sums:
    """All sums of one of each."""
    sums: Sums = Counter()
    for (flops, params), ways in left.items():
        for (more_flops, more_params), more_ways in right.items():
            sums[flops + more_flops, params + more_params] += ways * more_ways
    return sums


def part(kind: str, blocks: dict[Block, Costs]) -> Sums:
    """A stage's first block, or all its later ones."""
    one: Sums = Counter((flops // UNIT[0], params // UNIT[1]) for flops, params in blocks.values())
    assert all(flops % UNIT[0] == 0 and params % UNIT[1] == 0 for flops, params in blocks.values())
    if kind == "first":
        return one
    powers = [one]
    for _ in range(MOST_LATER - 1):
        powers.append(joined(powers[-1], one))
    return sum(powers, Counter())


def from_zero(sums: Sums) -> tuple[Costs, Sums]:
    """The least multiply-adds and parameters, and what the sums are above them."""
    least = (min(flops for flops, _ in sums), min(params for _, params in sums))
    return least, Counter({(flops - least[0], params - least[1]): ways for (flops, params), ways in sums.items()})


def pairs(budgets: Costs, sides: list[list[Sums]]) -> int:
    """How many ways of both sides together are within both budgets."""
    shifted = [[from_zero(sums) for sums in side] for side in sides]
    for least, _ in (*shifted[0], *shifted[1]):
        budgets = (budgets[0] - least[0], budgets[1] - least[1])
    if min(budgets) < 0:
        return 0
    low, high = [[sums for _, sums in side] for side in shifted]
    negative = [Counter({(-flops, -params): ways for (flops, params), ways in sums.items()}) for sums in high]
    left = Counter({(budgets[0] + flops, budgets[1] + params): ways for (flops, params), ways in negative[0].items()})
    lines = [f"{budgets[0]} {budgets[1]}"]
    for first, second in ((low[0], low[1]), (left, negative[1])):
        assert first.total() * second.total() < 2**63, "the ways of a side fit 64 bits"
        for sums in (first, second):
            lines.append(str(len(sums)))
            lines += [f"{flops} {params} {ways}" for (flops, params), ways in sorted(sums.items())]
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "micro_pair"
        subprocess.run(["gcc", "-O3", "-march=native", "-o", program, SOURCE], check=True)
        done = subprocess.run([program], input="\n".join(lines), capture_output=True, text=True, check=True)
    return int(done.stdout)


def counted(space: stdsl.Space, flops: int, params: int, mirror: bool = False) -> int:
    """How many architectures have at most so many multiply-adds and parameters; with ``mirror`` more parameters."""
    rest, added = block_costs(space)
    check_additive(space, rest, added)
    parts = {f"{kind} {stage + 1}": part(kind, blocks) for (kind, stage), blocks in added.items()}
    budgets = ((flops - rest[0]) // UNIT[0], (params - rest[1]) // UNIT[1])
    if mirror:
        most = {name: max(params for _, params in sums) for name, sums in parts.items()}
        parts = {
            name: Counter({(flops, most[name] - params): ways for (flops, params), ways in sums.items()})
            for name, sums in parts.items()
        }
        budgets = (budgets[0], sum(most.values()) - budgets[1] - 1)
    sides = [[reduce(joined, (parts[name] for name in names)) for names in side] for side in SIDES]
    return pairs(budgets, sides)


def interval(space: stdsl.Space, limits: dict[Metric, int]) -> tuple[int, int]:
    """What stdsl counts within budgets."""
    graph = space.graph
    constraints = [CostConstraint(metric, None, most, graph.span) for metric, most in limits.items()]
    found = count(replace(graph, constraints=(*graph.constraints, *constraints)))
    return found.low, found.high


def half(costs: CostRange | None) -> int:
    """Half of a cost's range."""
    assert costs is not None, "no cost of this space is unknown"
    return costs.min + (costs.max - costs.min) // 2


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--flops", type=int, help="default: half of the range")
    parser.add_argument("--params", type=int, help="default: half of the range")
    parser.add_argument("--mirror", action="store_true", help="add those with more parameters, compare both together")
    arguments = parser.parse_args()
    space = stdsl.load("micro::mcu")
    flops = half(space.costs().flops) if arguments.flops is None else arguments.flops
    params = half(space.costs().params) if arguments.params is None else arguments.params
    exact = counted(space, flops, params)
    inside = reported(
        f"flops <= {flops}, params <= {params}", exact, interval(space, {"flops": flops, "params": params})
    )
    if arguments.mirror:
        more = counted(space, flops, params, mirror=True)
        print(f"flops <= {flops}, params > {params}: {more}")
        inside &= reported(f"flops <= {flops}", exact + more, interval(space, {"flops": flops}))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{used.ru_utime + used.ru_stime:.0f} s of the processor in micro_pair.c")
    return 0 if inside else 1


def reported(budgets: str, exact: int, bounds: tuple[int, int]) -> bool:
    """Print a number beside what stdsl says, and whether it is in there."""
    low, high = bounds
    inside = low <= exact <= high
    said = str(low) if low == high else f"{low} to {high}"
    print(f"{budgets}: {exact}, {'within' if inside else 'NOT WITHIN'} stdsl's {said}", flush=True)
    return inside


if __name__ == "__main__":
    raise SystemExit(main())
