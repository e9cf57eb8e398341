"""What a supernet is said to keep for the backward pass is what PyTorch keeps."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import stdsl
from stdsl.compiler.backends.networks.supernet import build_supernet
from stdsl.compiler.ir.graph import SpaceGraph

sys.path.insert(0, str(Path(__file__).parents[2] / "generators"))
from supernet_laws import kept_per_sample

MIXED = "y = x -> choose {a: identity, b: relu}"
BODIES = {
    # The mixture keeps both alternatives; attention what enters, what leaves, and a number for each token and head.
    "attention": (4 * 2048 + 512, "tokens(64, 8)", f"{MIXED}  z = [y, y, y] -> attention(2)"),
    "a global maximum": (3 * 32_768 + 32, "image(8, 32, 32)", f"{MIXED}  z = y -> global_max_pool"),
    # A product keeps one factor for the gradient of the other; what depends on no weight keeps nothing.
    "no gradient": (
        64 * 4,
        "image(1, 4, 4)",
        "g = x -> sigmoid  h = x -> choose {a: tanh, b: relu}  z = g * h * (x -> max_pool(3))",
    ),
    "frozen weights": (32 + 32, "tokens(2, 4)", "y = x -> linear(4)  z = y -> frozen linear(4) -> scale"),
    "views": (64 + 64, "image(1, 4, 4)", "y = x -> scale  z = y -> relu -> identity -> flatten -> linear(1)"),
    "dropout": (64 + 64, "image(1, 4, 4)", "y = x -> scale -> dropout(0.5)  z = y -> dropout(0) -> bias"),
    "a mean": (64 * 3, "image(1, 4, 4)", "z = [x, x -> relu] -> keep 1..2 -> mean"),
}


def graph_of(type: str, body: str) -> SpaceGraph:
    return stdsl.loads(f"stdsl 1\nmeta m on x: {type} {{ {body}  return z }}\nspace s = m\n").graph


@pytest.mark.parametrize("name", BODIES)
def test_prediction_is_what_is_kept(name: str) -> None:
    expected, type, body = BODIES[name]
    graph = graph_of(type, body)
    net = build_supernet(graph, passes=[], seed=0)
    assert net.passes[-1].kept_after == expected == kept_per_sample(net, graph)
