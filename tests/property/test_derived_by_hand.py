"""What is derived from any weights is what looking at every architecture finds, by the rule of the documentation:
of all within `where` those with the fewest zeros on kept edges, where none is to be derived there, and of these the
likeliest. Every decision that is asked for counts what it falls behind its best alternative, on a kept edge its best
one that is no zero."""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pytest

from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.derivation.derive import derive
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.ir.graph import SpaceGraph

HEAD = """stdsl 1
ops candidates = {none: zero, a: conv(same, 1x1), b: conv(same, 3x3)}
meta net on x: image(2, 4, 4) {
"""


@dataclass(frozen=True)
class Node:
    """``edges`` of which ``least`` to ``most`` are kept."""

    edges: int
    least: int
    most: int


def random_text(generator: random.Random) -> tuple[str, list[Node]]:
    """A network of one or two nodes, some of whose edges are read elsewhere too, and a constraint or none."""
    lines, nodes = [], []
    for number in range(1, generator.randint(1, 2) + 1):
        edges = generator.randint(2, 3)
        least, most = generator.choice([*((k, k) for k in range(1, edges + 1)), (1, 2)])
        kept = f"keep {least} as inputs" if least == most else f"keep {least}..{most} as inputs"
        sources = ", ".join(generator.choice(["x", *(f"n{i}" for i in range(1, number))]) for _ in range(edges))
        lines.append(f"  e{number} = [{sources}] -> each choose candidates as kind")
        shared = f" + e{number}[1]" if generator.random() < 0.4 else ""
        lines.append(f"  k{number} = e{number} -> {kept} -> sum")
        lines.append(f"  n{number} = k{number}{shared}")
        nodes.append(Node(edges, least, most))
    last = len(nodes)
    where = generator.choice(["", "", f"where flops <= {generator.choice([64, 200, 640, 1200])}", 'where kind != "a"'])
    return HEAD + "\n".join(lines) + f"\n  return n{last}\n}}\nspace s = net {where}\n", nodes


def random_weights(graph: SpaceGraph, generator: random.Random, keeps: bool) -> dict[str, list[float]]:
    found = {}
    for d in graph.decisions:
        raw = [math.exp(2 * generator.gauss(0, 1)) for _ in d.options]
        if d.kind == "keep":
            if keeps:
                found[d.path] = [r / (1 + r) for r in raw]
        else:
            found[d.path] = [r / sum(raw) for r in raw]
    return found


def element_scores(path: str, weights: Mapping[str, list[float]], score: str, edges: int) -> list[float]:
    own = weights.get(path)
    if own is not None and score == "beta":
        return own
    number = path[1]
    best = [max(weights[f"e{number}[{i}].kind"][1:]) for i in range(1, edges + 1)]
    return best if own is None or score == "alpha" else [a * b for a, b in zip(own, best, strict=True)]


def allowed(node: Node) -> list[tuple[int, ...]]:
    sizes = range(node.least, node.most + 1)
    return [places for k in sizes for places in combinations(range(1, node.edges + 1), k)]


def likelihood(scores: Sequence[float], places: Collection[int]) -> float:
    return sum(math.log(s if place in places else 1 - s) for place, s in enumerate(scores, 1))


def rank(
    arch: Mapping[str, Any], nodes: list[Node], weights: Mapping[str, list[float]], score: str, zeros: str
) -> tuple[int, float]:
    """How many zeros there are on kept edges, and how far the rest falls behind."""
    barred, behind = 0, 0.0
    kept: set[str] = set()
    for number, node in enumerate(nodes, 1):
        edges, path = [f"e{number}[{place}].kind" for place in range(1, node.edges + 1)], f"k{number}.inputs"
        if path in arch:
            scores = element_scores(path, weights, score, node.edges)
            best = max(likelihood(scores, places) for places in allowed(node))
            behind += best - likelihood(scores, arch[path])
            kept |= {edges[place - 1] for place in arch[path]}
        elif node.least == node.edges and edges[1] in arch:  # a site; its second edge is read nowhere else
            kept |= set(edges)
    for path, value in arch.items():
        if not path.endswith("kind"):
            continue
        row = weights[path]
        chosen = ("none", "a", "b").index(value)
        if zeros == "never" and path in kept:
            if chosen == 0:
                barred += 1
                continue
            row = [0.0, *row[1:]]
        behind += math.log(max(row)) - math.log(row[chosen])
    return barred, behind


@pytest.mark.parametrize("seed", range(60))
def test_what_is_derived_is_the_best_of_all(seed: int) -> None:
    generator = random.Random(seed)
    text, nodes = random_text(generator)
    graph = load_text(text).graph
    score = generator.choice(["alpha", "beta", "product"])
    weights = random_weights(graph, generator, score != "alpha")
    found = [a for a in architectures(graph) if within(graph, text, a)]
    for zeros in ("never", "allowed"):
        got = derive(graph, weights, score, zeros=zeros)  # type: ignore[arg-type]
        assert got in found, text
        ranks = [rank(arch, nodes, weights, score, zeros) for arch in found]
        mine = rank(got, nodes, weights, score, zeros)
        best = min(ranks, key=lambda r: (r[0], r[1]))
        assert mine[0] == best[0], text
        assert mine[1] == pytest.approx(best[1], abs=1e-6), text


def within(graph: SpaceGraph, text: str, arch: Mapping[str, Any]) -> bool:
    if "flops" in text:
        flops = costs(graph, arch).flops
        assert flops is not None
        return flops <= int(text.split("flops <= ")[1])
    return True
