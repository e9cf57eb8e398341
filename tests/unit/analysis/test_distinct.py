"""Distinct networks against brute force: graphs drawn from the choices alone, compared by networkx."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product

import networkx as nx
import pytest

from stdsl.compiler.analysis.isomorphism.canonical import CanonicalForms
from stdsl.compiler.analysis.isomorphism.distinct import distinct
from stdsl.compiler.analysis.isomorphism.instances import Instance, InstanceGraph, Slot
from stdsl.compiler.checks.opening import load_space, load_text
from stdsl.compiler.diagnostics.model import SpaceError

CHAINS = {"conv1": ("relu", "conv1", "bn"), "conv3": ("relu", "conv3", "bn"), "avg": ("avg",), "relu": ("relu",)}
EDGES = {
    "none": "none: zero",
    "skip": "skip",
    "conv1": "conv1: relu -> conv(same, 1x1) -> bn",
    "conv3": "conv3: relu -> conv(same, 3x3) -> bn",
    "avg": "avg: avg_pool(3x3)",
    "relu": "relu",
}


def cells(nodes: int, kinds: tuple[str, ...]):
    """The space of all cells in which every node sums an operation of each node before it."""
    text = f"""stdsl 1
    ops edges = {{ {", ".join(EDGES[k] for k in kinds)} }}
    meta m on x: image(2, 4, 4) {{
      for i in 1..{nodes - 1} {{ y[i] = [x, *y[<i]] -> each choose edges as kind -> sum }}
      return y[{nodes - 1}]
    }}
    space s = m"""
    return load_text(text).graph


def drawn(nodes: int, kinds: Mapping[tuple[int, int], str]) -> nx.DiGraph:
    """The instances of one cell, written down from its choices: every node is the multiset of what is added there."""
    graph = nx.DiGraph()
    graph.add_node("in", label="in")
    values: list[dict[object, int]] = [{"in": 1}]
    for j in range(1, nodes):
        total: dict[object, int] = {}
        for i in range(j):
            kind = kinds[i, j]
            if kind == "none" or not values[i]:
                continue
            value = values[i]
            for place, op in enumerate(CHAINS.get(kind, ())):
                name = (i, j, place)
                graph.add_node(name, label=op)
                graph.add_edges_from((source, name, {"times": n}) for source, n in value.items())
                value = {name: 1}
            for source, n in value.items():
                total[source] = total.get(source, 0) + n
        values.append(total)
    graph.add_node("out", label="out")
    graph.add_edges_from((source, "out", {"times": n}) for source, n in values[-1].items())
    ends = nx.ancestors(graph, "out") & (nx.descendants(graph, "in") | {"in"})
    return graph.subgraph({*ends, "in", "out"}).copy()


def isomorphic(a: nx.DiGraph, b: nx.DiGraph) -> bool:
    return nx.is_isomorphic(a, b, lambda m, n: m["label"] == n["label"], lambda m, n: m["times"] == n["times"])


def brute_force(nodes: int, kinds: tuple[str, ...]) -> int:
    pairs = [(i, j) for j in range(1, nodes) for i in range(j)]
    buckets: dict[object, list[nx.DiGraph]] = {}
    for choice in product(kinds, repeat=len(pairs)):
        graph = drawn(nodes, dict(zip(pairs, choice, strict=True)))
        # What isomorphic graphs share for certain; whether they are is decided by the exact test.
        key = nx.weisfeiler_lehman_graph_hash(graph, node_attr="label", edge_attr="times", iterations=4)
        bucket = buckets.setdefault(key, [])
        if not any(isomorphic(graph, other) for other in bucket):
            bucket.append(graph)
    return sum(map(len, buckets.values()))


ALL = ("none", "skip", "conv1", "conv3", "avg")


@pytest.mark.parametrize(
    ("nodes", "kinds"),
    [
        (2, ALL),
        (3, ALL),
        (3, ("skip", "relu")),
        (4, ("none", "skip", "conv3")),
        (4, ("relu", "avg")),
        (4, ("none", "avg")),
    ],
)
def test_distinct_cells_equal_brute_force(nodes, kinds):
    assert distinct(cells(nodes, kinds)) == brute_force(nodes, kinds)


def test_three_edges_by_hand():
    # y1 = f(x), y2 = g(x) + h(y1), each skip or relu: x+x, x+relu(x) twice (relu on the way over y1, or on one edge),
    # relu(x)+x, x+relu(relu x), relu(x)+relu(x), relu(x)+relu(relu x).
    assert distinct(cells(3, ("skip", "relu"))) == brute_force(3, ("skip", "relu")) == 5
    assert distinct(cells(3, ALL)) == 15 + 5 * 9


@pytest.mark.slow
def test_nas_bench_201_equals_brute_force():
    graph = load_space("nasbench201", None, {"n": 1}).graph
    assert distinct(cells(4, ALL)) == distinct(graph) == brute_force(4, ALL) == 5425


def flat_formula(kinds: dict[tuple[int, int], str]) -> object:
    """A cell of four nodes written out, where a node that is used twice stands twice; sums are multisets."""
    nodes: list[tuple[object, ...]] = [("x",)]
    for j in range(1, 4):
        parts: list[object] = []
        for i in range(j):
            if kinds[i, j] != "none" and nodes[i]:
                parts += nodes[i] if kinds[i, j] == "skip" else ((nodes[i], kinds[i, j]),)
        nodes.append(tuple(sorted(parts, key=repr)))
    return nodes[-1]


def published_formula(kinds: dict[tuple[int, int], str]) -> str:
    """The same with sums inside of sums, where a sum of several nothings is something; written and sorted as there."""
    nodes = ["0"]
    for j in range(1, 4):
        parts = []
        for i in range(j):
            gone = kinds[i, j] == "none" or nodes[i] == "#"
            parts.append("#" if gone else nodes[i] if kinds[i, j] == "skip" else f"({nodes[i]})@{kinds[i, j]}")
        nodes.append("+".join(sorted(parts)))
    return nodes[-1]


def test_formulas_of_nas_bench_201():
    pairs = [(i, j) for j in range(1, 4) for i in range(j)]
    every = [dict(zip(pairs, choice, strict=True)) for choice in product(ALL, repeat=6)]
    assert len({published_formula(kinds) for kinds in every}) == 6466
    assert len({flat_formula(kinds) for kinds in every}) == 4930


def count(body: str, declared: str = "") -> int:
    text = f"stdsl 1 op a = relu op b = sigmoid {declared}\nmeta m on x: image(4, 8, 8) {{ {body} }} space s = m"
    return distinct(load_text(text).graph)


@pytest.mark.parametrize(
    ("body", "networks"),
    [
        ("return [x, x] -> each choose {a, b} -> sum", 3),
        ("return [x, x] -> each choose {a, b} -> mean", 3),
        ("return [x, x] -> each choose {a, b} -> concat", 4),
        ("return (x -> choose {a, b} as l) * (x -> choose {a, b} as r)", 3),
        ("return [x -> maybe a as l, [x -> maybe a as m, x -> maybe b as r] -> sum] -> sum", 6),
        # nothing at all, whether the gate is shut before or behind the operation
        ("return x -> (maybe a as first) -> (maybe b as second)", 2),
        ("return x -> choose {identity, zero, both: identity -> identity, dead: zero -> conv(4, 3x3) -> bn}", 2),
        ("return x -> conv(4, choose {1, 3} as k) -> conv(4, choose {1, 3} as l)", 4),
        ("return [x -> conv(4, choose {1, 3} as k), x -> conv(4, choose {1, 3} as l)] -> sum", 3),
        # a mean with a zero among its operands is another network than one without
        ("return [x, x -> choose {zero, identity}] -> mean", 2),
        ("return x -> repeat choose 0..3 { choose {a, b} }", 1 + 2 + 4 + 8),
        # one shared operation is not two equal ones
        ("y = x -> a  return [y -> b, [y, x -> a] -> keep 1 -> sum -> b] -> sum", 2),
    ],
)
def test_what_counts_as_one_network(body, networks):
    assert count(body) == networks


def test_constraints_leave_fewer_networks():
    text = """stdsl 1
    meta m on x: image(4, 8, 8) { return [x, x] -> each choose {conv(4, 1x1), conv(4, 3x3)} as k -> sum }
    space s = m where """
    whole = text.replace("{conv(4, 1x1), conv(4, 3x3)}", "{one: conv(4, 1x1), three: conv(4, 3x3)}")
    assert distinct(load_text(whole + "flops <= 100M").graph) == 3
    assert distinct(load_text(whole + "flops <= 15K").graph) == 2
    assert distinct(load_text(whole + 'pin("**.k", "one")').graph) == 1


def test_too_many_architectures_are_a_diagnostic():
    with pytest.raises(SpaceError) as caught:
        distinct(load_space("darts", "darts_cifar").graph)
    assert [d.code for d in caught.value.diagnostics] == ["E0443"]
    with pytest.raises(SpaceError):
        distinct(cells(3, ALL), limit=124)


# Graphs that colour refinement alone does not tell apart: instances whose operands form regular graphs.


def joined(edges: list[tuple[int, int]], n: int) -> InstanceGraph:
    """n equal operations on the input, and for each edge one that adds its two ends; all of these are added up."""
    shape = ("features", (4,))
    made = {0: Instance(("input", "x"), (), True)}
    for v in range(n):
        made[1 + v] = Instance("vertex", (Slot(shape, ((0, 1),)),), True)
    for e, (a, b) in enumerate(edges):
        ends = tuple(sorted(((1 + a, 1), (1 + b, 1))))
        made[1 + n + e] = Instance("edge", (Slot(shape, ends),), True)
    result = Slot(shape, tuple((1 + n + e, 1) for e in range(len(edges))))
    return InstanceGraph(made, (("output", result),))


def relabelled(edges: list[tuple[int, int]], order: tuple[int, ...]) -> list[tuple[int, int]]:
    return sorted((order[a], order[b]) for a, b in edges)


def cycle(*vertices: int) -> list[tuple[int, int]]:
    return list(zip(vertices, (*vertices[1:], vertices[0]), strict=True))


def test_regular_graphs_are_told_apart_and_recognised():
    forms = CanonicalForms()
    hexagon, triangles = cycle(0, 1, 2, 3, 4, 5), cycle(0, 1, 2) + cycle(3, 4, 5)
    assert forms.of(joined(hexagon, 6)) != forms.of(joined(triangles, 6))
    for edges in (hexagon, triangles):
        known = {forms.of(joined(relabelled(edges, order), 6)) for order in some(permutations(range(6)), 40)}
        assert len(known) == 1


def test_many_symmetries_take_no_factorial_time():
    forms = CanonicalForms()
    petersen = list(nx.petersen_graph().edges)
    orders = [tuple((v * k + 5) % 10 for v in range(10)) for k in (1, 3, 7, 9)]
    assert len({forms.of(joined(relabelled(petersen, order), 10)) for order in orders}) == 1
    prisms = [list(nx.circular_ladder_graph(5).edges), petersen]  # both have ten vertices of degree three
    assert len({forms.of(joined(edges, 10)) for edges in prisms}) == 2
    many = [edge for i in range(0, 36, 3) for edge in cycle(i, i + 1, i + 2)]  # 12! · 6^12 symmetries
    assert forms.of(joined(many, 36)) == forms.of(joined(relabelled(many, tuple(reversed(range(36)))), 36))


def some(rows: Iterator[tuple[int, ...]], n: int) -> list[tuple[int, ...]]:
    listed = list(rows)
    return listed[:: max(len(listed) // n, 1)]
