"""Scores of untrained networks against the accuracies of NAS-Bench-201.

    python benchmarks/zero_cost.py [--cells 100] [--repeats 1] [--write]

Needs the extra `bench`. Cells of the table, drawn evenly by a seed, in the space of their authors with fewer cells in a
row; scores as `screen` has them, on a batch of noise with random classes; Spearman's rank correlation with the
validation accuracies of the table (200 epochs on CIFAR-10, CIFAR-100 and ImageNet16-120), over all cells and over the
better half.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence

import torch
from machine import described
from tables import RESULTS, space, table
from torch.nn import functional

import stdsl
from stdsl.runtime.strategies.zero_cost import grad_norm, jacob_cov, synflow

BEGIN, END = "<!-- zero-cost: begin -->", "<!-- zero-cost: end -->"
BATCH = 32


def ranks(values: Sequence[float]) -> list[float]:
    """From 0, equal ones sharing the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    found = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            found[place] = (start + end - 1) / 2
        start = end
    return found


def spearman(a: Sequence[float], b: Sequence[float]) -> float:
    return statistics.correlation(ranks(a), ranks(b))


def scores(arch: stdsl.Architecture, own: stdsl.Space) -> dict[str, float]:
    model = stdsl.compile(own, arch, seed=0)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(BATCH, 3, 32, 32, generator=generator)
    right = torch.randint(10, (BATCH,), generator=generator)
    costs = own.costs(arch)
    return {
        "synflow": synflow(model, [(3, 32, 32)]),
        "jacob_cov": jacob_cov(model, [x]),
        "grad_norm": grad_norm(model, [x], lambda output: functional.cross_entropy(output, right)),  # type: ignore[arg-type]
        "params": float(costs.params or 0),
        "flops": float(costs.flops or 0),
    }


def section(cells: int, repeats: int) -> str:
    torch.set_num_threads(1)
    own = space("cifar10", repeats)
    drawn = list(own.samples(cells, seed=0))
    start = time.process_time()
    found = [scores(arch, own) for arch in drawn]
    each = (time.process_time() - start) / cells
    lines = [
        f"Measured with `python benchmarks/zero_cost.py --cells {cells} --repeats {repeats}`, {described()}.",
        f"Spearman's ρ between scores of untrained networks ({repeats} cell a stage, a batch of {BATCH} images of",
        f"noise with random classes) and validation accuracies of the table, over {cells} cells drawn evenly, and",
        f"over the better half of these; all five scores of a cell together take {each:.2f} s.",
        "",
        "| score | CIFAR-10 | better half | CIFAR-100 | better half | ImageNet16-120 | better half |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in found[0]:
        row = []
        for data in ("cifar10", "cifar100", "imagenet"):
            told = [table(data)[arch.hash].accuracy for arch in drawn]
            top = sorted(range(cells), key=lambda place: -told[place])[: cells // 2]
            mine = [one[name] for one in found]
            row += [spearman(mine, told), spearman([mine[i] for i in top], [told[i] for i in top])]
        lines.append(f"| `{name}` | {' | '.join(f'{value:.2f}' for value in row)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=1, help="cells in each of the three stages")
    parser.add_argument("--write", action="store_true", help="put the table into RESULTS.md")
    arguments = parser.parse_args()
    text = section(arguments.cells, arguments.repeats)
    print(text)
    if arguments.write:
        whole = RESULTS.read_text(encoding="utf-8")
        before, rest = whole.split(BEGIN)
        RESULTS.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
