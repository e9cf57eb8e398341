"""`nasbench201.space` against the benchmark's own table for CIFAR-10: parameters and multiply-adds of its cells.

The benchmark counts the ten biases of the classifier among the multiply-adds; ours leaves them out.
"""

from __future__ import annotations

import pytest

import stdsl

# One operation for each edge, written as in the benchmark: into node 1 from 0, into 2 from 0 and 1, into 3 from 0 to 2.
CELLS = [
    ("conv3x3 conv3x3 conv3x3 conv3x3 conv3x3 conv3x3", 1.531546, 220.11969),
    ("skip skip skip skip skip skip", 0.073306, 7.78305),
    ("conv3x3 conv3x3 avg_pool skip conv3x3 skip", 0.802426, 113.95137),
]
EDGES = ("y[1][1]", "y[2][1]", "y[2][2]", "y[3][1]", "y[3][2]", "y[3][3]")


@pytest.fixture(scope="module")
def space() -> stdsl.Space:
    return stdsl.load("nasbench201")


def test_it_has_as_many_cells(space: stdsl.Space) -> None:
    assert space.count() == 15_625


@pytest.mark.parametrize(("cell", "millions", "flops"), CELLS)
def test_cells_cost_what_the_benchmark_says(space: stdsl.Space, cell: str, millions: float, flops: float) -> None:
    costs = space.costs({f"node4.{edge}.kind": op for edge, op in zip(EDGES, cell.split(), strict=True)})
    assert costs.params == round(millions * 1e6)
    assert costs.flops + 10 == round(flops * 1e6)


def test_the_dearest_cell_is_that_of_the_benchmark(space: stdsl.Space) -> None:
    costs = space.costs()
    assert (costs.params.max, costs.flops.max + 10) == (1_531_546, 220_119_690)
