"""What belongs to a gate, an element or an alternative."""

from __future__ import annotations

import pytest

import stdsl
from stdsl.compiler.analysis.behind import behind
from stdsl.compiler.ir.graph import SpaceGraph

HEAD = "stdsl 1\nmeta net on x: image(2, 4, 4) {\n"
TAIL = "\n}\nspace s = net\n"


def convolutions(body: str) -> dict[str, list[int]]:
    """By decision and option: the channels of the convolutions that belong to it, which the spaces below have a
    different number of each."""
    graph: SpaceGraph = stdsl.loads(HEAD + body + TAIL, "s").graph
    found = behind(graph, lambda id: graph.nodes[id].op == "conv")
    told: dict[str, list[int]] = {}
    for decision in graph.open:
        for place, variable in enumerate(decision.variables):
            for answer in range(variable.arity):
                ids = found.get((variable.index, answer))
                if ids is not None:
                    option = str(place + 1) if variable.element is not None else decision.options[answer]
                    kernels = [graph.nodes[id].attributes["k"] for id in ids]
                    told[f"{decision.path.split('.')[-1]}: {option}"] = [k[0] * 10 + k[1] for k in kernels]
    return told


CASES = {
    "what makes the tensor, and what feeds it alone": (
        "return x -> conv(2, 1x1) -> relu -> maybe (bn -> conv(2, 1x3) -> relu -> conv(2, 3x3) -> bn) as g",
        {"g: on": [11, 13, 33]},
    ),
    "of a chain with two ends each end has its own": (
        "a = x -> conv(2, 1x3)\n  b = a -> bn -> conv(2, 3x1)\n  return [maybe a as A, maybe b as B] -> sum",
        {"A: on": [13], "B: on": [31]},
    ),
    "what several gates need together belongs to none of them": (
        "a = x -> conv(2, 1x1)\n  return [maybe (a -> conv(2, 1x3)) as A, maybe (a -> conv(2, 3x1)) as B] -> sum",
        {"A: on": [13], "B: on": [31]},
    ),
    "but to the gate around them": (
        "a = x -> conv(2, 1x1)\n  u = [maybe (a -> conv(2, 1x3)) as A, maybe (a -> conv(2, 3x1)) as B] -> sum\n"
        "  return [x, maybe u as C] -> sum",
        {"A: on": [13], "B: on": [31], "C: on": [11]},
    ),
    "gates of one tensor have it each": (
        "a = x -> conv(2, 1x3)\n  y = [x, maybe a as A] -> sum\n  return [y, maybe a as B] -> sum",
        {"A: on": [13], "B: on": [13]},
    ),
    "elements of a keep": (
        "return [x, x -> conv(2, 1x3), x -> conv(2, 3x1)] -> keep 1..2 as k -> sum",
        {"k: 1": [], "k: 2": [13], "k: 3": [31]},
    ),
    "alternatives, and elements of which each is an alternative": (
        "return [x, x -> choose {pass: identity, one: conv(2, 1x3)} as c] -> keep 1 as k -> sum",
        {"c: pass": [], "c: one": [13], "k: 1": [], "k: 2": []},
    ),
    "what stands before a unit without any is not the unit's": (
        "a = x -> conv(2, 1x3)\n  return [a, maybe (a -> relu -> bn) as g] -> sum",
        {"g: on": []},
    ),
    "what nothing reads any more is not there": (
        "a = x -> conv(2, 1x3)\n  b = maybe a as A\n  return x -> maybe conv(2, 3x1) as B",
        {"B: on": [31]},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_belongs_to_it(case: str) -> None:
    body, expected = CASES[case]
    assert convolutions("  " + body) == expected
