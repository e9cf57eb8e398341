"""`sdas.space` and `baselines3d.space` against the paper: sizes of search spaces, what a schedule has to decide, the
parameters and multiply-adds of Tables 4 and 6 to 8.

The paper prints parameters in units of 2^20 and multiply-adds in units of 2^30, cut after two digits, and leaves the
classifier out: read so, all twenty figures of its residual networks are met, and with decimal units none of them is.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

import stdsl
from stdsl.compiler.ir.decisions import Decision


def load(name: str, **parameters: Any) -> stdsl.Space:
    return stdsl.load("sdas", name, **parameters)


def kinds(decisions: tuple[Decision, ...]) -> tuple[int, int]:
    """How many operations of edges and how many keeps of nodes a schedule fixes, E and N; sites count."""
    asked = [d for d in decisions if d.demanded]
    return sum(d.kind == "choose" for d in asked), sum(d.kind == "keep" for d in asked)


def cells(candidates: int) -> int:
    """Architectures of one cell: two of three, four and five edges, and an operation on each of eight kept ones."""
    return math.comb(3, 2) * math.comb(4, 2) * math.comb(5, 2) * candidates**8


# ---- the search spaces


def test_the_image_space_starts_where_table_1_does() -> None:
    count = load("cifar").count()
    assert count == cells(7) ** 2 == 1_076_746_950_455_072_400
    assert f"{count:.2e}" == "1.08e+18"
    assert math.floor(count / 1e16) / 100 == 1.07


@pytest.mark.parametrize("name", ["cifar", pytest.param("imagenet", marks=pytest.mark.slow)])
def test_the_image_space_does_not_depend_on_its_size(name: str) -> None:
    assert load(name, k=1).count() == load(name).count() == cells(7) ** 2


def test_one_cell_starts_where_figure_7_does() -> None:
    """1.03e9 architectures of the normal cell: 180 · 7^8 is 1.0377e9."""
    assert math.floor(cells(7) / 1e7) / 100 == 1.03


@pytest.mark.parametrize(("name", "candidates"), [("video_o2d", 7), ("video_o3d", 9), ("video", 9)])
def test_video_spaces_have_three_kinds_of_cells(name: str, candidates: int) -> None:
    assert load(name).count() == cells(candidates) ** 3


@pytest.mark.parametrize(("name", "edges", "nodes"), [("cifar", 28, 8), ("imagenet", 28, 8), ("video", 42, 12)])
def test_a_schedule_decides_edges_and_nodes(name: str, edges: int, nodes: int) -> None:
    """M = E + N; the keep of two of two edges in a cell's first node is a site, which counts."""
    space = load(name)
    assert kinds(space.graph.decisions) == (edges, nodes)
    sites = [d for d in space.graph.decisions if d.demanded and d.trivial]
    assert len(sites) == edges // 14
    assert all(d.path.endswith("x[1].inputs") for d in sites)


# ---- shapes of Fig. 5


@pytest.mark.parametrize(
    ("name", "parameters", "shape"),
    [
        ("cifar", {}, (256, 8, 8)),
        ("cifar", {"k": 6, "c1": 108, "c2": 144}, (576, 8, 8)),
        ("imagenet", {}, (768, 7, 7)),
        ("video", {}, (256, 4, 7, 7)),
        ("kinetics400", {}, (2048, 4, 7, 7)),
        ("kinetics400", {"frames": 128, "channels": 2}, (2048, 32, 7, 7)),
    ],
)
def test_what_the_classifier_sees(name: str, parameters: dict[str, int], shape: tuple[int, ...]) -> None:
    graph = load(name, **parameters).graph
    classifier = graph.nodes[graph.outputs[0][1]]
    pool = graph.nodes[classifier.edges[0].source]
    assert (classifier.op, pool.op) == ("linear", "global_avg_pool")
    assert graph.nodes[pool.edges[0].source].type.dims == shape


# ---- printed sizes lie between the least and the greatest network


@pytest.mark.parametrize(
    ("k", "c1", "c2", "params", "flops"),
    [
        (2, 16, 64, [0.24], 0.36),
        (2, 24, 96, [0.53], 0.79),
        (2, 32, 128, [0.93, 1.46, 1.21, 1.10], 1.38),
        (3, 32, 128, [1.31], 1.52),
        (3, 32, 192, [2.89], 2.20),
    ],
)
def test_tables_6_to_8_lie_in_the_video_space(k: int, c1: int, c2: int, params: list[float], flops: float) -> None:
    costs = load("video", k=k, c1=c1, c2=c2).costs()
    assert all(costs.params.min < p * 2**20 < costs.params.max for p in params)
    assert costs.flops.min < flops * 2**30 < costs.flops.max


def test_tables_4_and_10_lie_in_their_spaces() -> None:
    cifar = load("cifar_evaluated").costs().params
    assert all(cifar.min < m * 1e6 < cifar.max for m in (2.7, 2.9, 3.2, 3.9))
    kinetics = load("kinetics400").costs().params
    assert all(kinetics.min < m * 2**20 < kinetics.max for m in (37.68, 19.71, 24.92, 26.01, 20.82, 31.07))


# ---- Table 8

RESIDUAL = {
    "res50": ((1.41, 1.13), (1.63, 1.30)),
    "res101": ((2.55, 2.00), (2.97, 2.32)),
    "resnext50": ((1.63, 1.29), (1.74, 1.38)),
    "resnext101": ((3.01, 2.34), (3.22, 2.50)),
    "senet": ((3.30, 2.34), (3.51, 2.50)),
}
# The two others leave more open (docs/systems/sdas.md), so they are held to a share of the printed figure.
OTHERS = {
    "bninception": ((0.62, 0.92), (0.76, 1.00)),
    "xception": ((1.28, 1.15), (1.30, 1.17)),
}


def without_classifier(name: str, deep: bool) -> tuple[float, float]:
    """Parameters in units of 2^20 and multiply-adds in units of 2^30."""
    costs = stdsl.load("baselines3d", name, deep=deep).costs({})
    channels = {"bninception": 1024 // 4}.get(name, 2048 // 4)
    return (costs.params - 10 * channels - 10) / 2**20, (costs.flops - 10 * channels) / 2**30


def cut(value: float) -> float:
    return math.floor(value * 100) / 100


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("name", RESIDUAL)
def test_residual_networks_have_the_printed_costs(name: str, deep: bool) -> None:
    params, flops = without_classifier(name, deep)
    assert (cut(params), cut(flops)) == RESIDUAL[name][deep]


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("name", OTHERS)
def test_the_other_networks_are_close(name: str, deep: bool) -> None:
    params, flops = without_classifier(name, deep)
    printed = OTHERS[name][deep]
    if name == "xception":
        assert cut(params) == printed[0]
    assert params == pytest.approx(printed[0], rel=0.015)
    assert flops == pytest.approx(printed[1], rel=0.06)
