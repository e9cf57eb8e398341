"""Where the depth of a space is a sum over its decisions, and that it then is the depth of each architecture."""

from __future__ import annotations

import random
from collections import Counter

import pytest

import stdsl
from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.circuits.of_space import circuits
from stdsl.compiler.analysis.costs import depth_sum as depth_sum_module
from stdsl.compiler.analysis.costs import listing, longest_edges
from stdsl.compiler.analysis.costs.depth_sum import depth_sum
from stdsl.compiler.analysis.costs.measures import Measure, figures, measured
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints, costs
from stdsl.compiler.analysis.derivation import exactly
from stdsl.compiler.analysis.derivation.derive import derived
from stdsl.compiler.analysis.joint.common import common
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.diagram import support
from stdsl.compiler.ir.graph import SpaceGraph

HEAD = """stdsl 1
op deep(n) on x { y[0] = x
  for i in 1..n { y[i] = y[i - 1] -> conv(same, 1x1) }
  return y[n] }
op se on x = x * (x -> global_avg_pool -> pointwise(2) -> relu -> pointwise(x.channels) -> sigmoid)
"""


def graph_of(body: str, name: str = "s") -> SpaceGraph:
    return stdsl.loads(f"{HEAD}meta net on x: image(4, 6, 6) {{\n{body}\n}}\nspace s = net\n", name).graph


def each(graph: SpaceGraph, most: int = 400) -> list[tuple[int, int]]:
    """For each architecture, or some, what the sum says and what the depth of the network is."""
    found = depth_sum(graph)
    assert found is not None
    assert found.exact
    space = stdsl.Space(graph)
    count = space.count()
    assert isinstance(count, int)
    rng = random.Random(0)
    places = range(count) if count <= most else [rng.randrange(count) for _ in range(most)]
    archs = [space.unrank(place) for place in places]
    return [(found.of(answers_of(graph, arch)), int(costs(graph, arch).depth or 0)) for arch in archs]


SUMS = {
    "a chain": (
        "  return x -> choose {a: deep(1), b: deep(3), skip} as k -> repeat choose 0..2 as n { deep(2) }",
        {0, 7},
    ),
    "a residual block": (
        "  h[0] = x\n  for i in 1..3 { h[i] = h[i - 1] + (h[i - 1] -> choose {a: deep(1), b: deep(3)} as k) }\n"
        "  return h[3]",
        {3, 9},
    ),
    "an excited block": ("  return x -> deep(1) -> choose {plain: identity, se} as k -> deep(1)", {2, 4}),
    "a zero beside a skip": (
        "  h[0] = x\n  for i in 1..3 { h[i] = h[i - 1] + (h[i - 1] -> choose {a: deep(2), none: zero} as k) }\n"
        "  return h[3] -> deep(1)",
        {1, 7},
    ),
    "a zero cuts": (
        "  h[0] = x\n  for i in 1..4 { h[i] = h[i - 1] -> choose {a: deep(2), b: deep(1), none: zero} as k }\n"
        "  return h[4]",
        {0, 8},
    ),
    "a gate": ("  a = x -> deep(2)\n  return [a, a -> maybe deep(3) as g] -> sum -> maybe deep(1) as h", {0, 6}),
    "a projection beside a longer branch": (
        "  y = x -> deep(1) -> choose {a: deep(1), b: deep(3)} as k\n"
        "  return y + (x -> choose {one: deep(1), two: deep(2)} as short)",
        {2, 4},
    ),
    "branches inside a block": (
        "  h[0] = x -> deep(1)\n"
        "  for i in 1..3 {\n"
        "    left[i] = h[i - 1] -> choose {a: deep(1), b: deep(3), none: zero} as k\n"
        "    right[i] = h[i - 1] -> choose {a: deep(2), b: deep(4), skip} as m\n"
        "    h[i] = [left[i], right[i]] -> concat -> conv(4, 1x1)\n  }\n"
        "  return h[3]",
        {4, 16},
    ),
    "kept branches": (
        "  h[0] = x -> deep(1)\n"
        "  for i in 1..2 {\n"
        "    h[i] = [h[i - 1] -> deep(1), h[i - 1] -> deep(2), h[i - 1] -> deep(3)] -> keep any as kept -> sum\n  }\n"
        "  return h[2]",
        {3, 7},
    ),
    "all before are read": (
        "  h[0] = x\n"
        "  for i in 1..6 { h[i] = [h[j] for j in 0..i - 1] -> concat -> conv(4, 1x1) -> repeat choose 0..2 as n"
        " { deep(1) } }\n"
        "  return h[6]",
        {6, 18},
    ),
    "a number of layers": (
        "  n = choose 1..3 as n\n  h[0] = x\n  for i in 1..n { h[i] = h[i - 1] + (h[i - 1] -> deep(2)) }\n"
        "  return h[n] -> repeat n { deep(1) }",
        {3, 9},
    ),
    "a long way round": (
        "  y = x -> deep(2) -> repeat 8 { choose {a: deep(1), b: deep(3), skip} as k }\n  return [x, y] -> sum",
        {2, 26},
    ),
}


@pytest.mark.parametrize("form", SUMS)
def test_chains_of_blocks_are_sums(form: str) -> None:
    body, ends = SUMS[form]
    found = each(graph_of(body))
    assert all(mine == own for mine, own in found)
    assert {min(own for _, own in found), max(own for _, own in found)} == ends or len(found) == 400


CELLS = """  s[0] = x -> deep(1)
  s[1] = x -> deep(2)
  for i in 2..14 {
    s[i] = (s[i - 1] -> choose {a: deep(1), skip} as k) + (s[i - 2] -> choose {a: deep(2), b: deep(1), skip} as m)
  }
  return s[14]"""

TOWERS = """  g[0] = x
  h[0] = x
  for i in 1..9 {
    g[i] = g[i - 1] -> choose {a: deep(1), b: deep(2), skip} as k
    h[i] = h[i - 1] -> choose {a: deep(1), b: deep(2), skip} as m
  }
  return g[9] + h[9]"""


@pytest.mark.parametrize("body", [CELLS, TOWERS])
def test_where_several_paths_may_be_the_longest_it_is_none(body: str) -> None:
    graph = graph_of(body)
    assert depth_sum(graph) is None
    assert measured(graph, Measure("depth")) is None
    assert stdsl.Space(graph).costs().depth is not None


def test_what_is_never_the_longest_may_be_anything() -> None:
    """A true maximum in a branch that is always shorter than the one beside it."""
    longer = TOWERS.replace("return g[9] + h[9]", "return [g[9] + h[9], x -> deep(30)] -> sum")
    assert [mine for mine, own in each(graph_of(longer), 20) if mine != own] == []
    found = depth_sum(graph_of(longer))
    assert found is not None
    assert (found.constant, found.terms) == (30, ())


def test_the_sum_of_a_chain_has_a_term_for_each_decision() -> None:
    blocks = (
        "  h[0] = x\n  for i in 1..30 { h[i] = h[i - 1] + (h[i - 1] -> choose {a: deep(1), b: deep(3) -> se} as k) }"
    )
    found = depth_sum(graph_of(f"{blocks}\n  return h[30]"))
    assert found is not None
    assert len(found.terms) == 30
    assert all(len(term) == 1 and len(support(term[0])) == 1 for term in found.terms)


@pytest.mark.parametrize("limit", ["LARGE", "BLOCK", "LOOKS", "STEPS"])
def test_what_takes_too_much_is_no_sum(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    body, _ = SUMS["branches inside a block"]
    monkeypatch.setattr(depth_sum_module if limit == "STEPS" else longest_edges, limit, 1)
    monkeypatch.setattr(depth_sum_module, "NODE_STEPS", 0 if limit == "STEPS" else 10)
    assert depth_sum(graph_of(body)) is None


BLOCKS = """stdsl 1
op mb(c, e, k) on x = x -> pointwise(e * x.channels) -> bn -> relu -> depthwise((k, k)) -> bn -> pointwise(c)
op se on x = x * (x -> global_avg_pool -> pointwise(4) -> relu -> pointwise(x.channels) -> sigmoid)
cell block(e, k) on x {
  y = x -> mb(same, e, k) -> choose {plain: identity, se} as squeeze
  return x + y
}
meta net(c = 8, blocks = 8) on x: image(3, 16, 16) {
  b[0] = x -> conv(c, 3x3) -> bn
  for i in 1..blocks { b[i] = b[i - 1] -> choose {small: block(2, 3), large: block(4, 5), skip: identity} as kind }
  return b[blocks] -> repeat choose 1..3 as tail { mb(c, 2, 3) } -> global_avg_pool -> linear(10)
}
"""


def depths(blocks: int) -> Counter[int]:
    """How many architectures of the chain have which depth, by hand: two kinds of three layers, excited two more."""
    found = Counter({2: 1})
    for _ in range(blocks):
        after: Counter[int] = Counter()
        for depth, n in found.items():
            for layers, ways in ((0, 1), (3, 2), (5, 2)):
                after[depth + layers] += n * ways
        found = after
    last: Counter[int] = Counter()
    for depth, n in found.items():
        for layers in (3, 6, 9):
            last[depth + layers] += n
    return last


@pytest.mark.parametrize("where", ["depth <= 20", "depth in 17..31", "depth >= 40", "depth <= 1000"])
def test_a_chain_of_mobile_blocks_is_counted_within_its_depth(where: str) -> None:
    within = {
        "depth <= 20": lambda d: d <= 20,
        "depth in 17..31": lambda d: 17 <= d <= 31,
        "depth >= 40": lambda d: d >= 40,
        "depth <= 1000": lambda d: True,
    }[where]
    wanted = {d: n for d, n in depths(8).items() if within(d)}
    total = sum(wanted.values())
    space = stdsl.loads(f"{BLOCKS}space s = net where {where}\n")
    assert space.count() == total
    span = space.costs().depth
    assert span is not None
    assert (span.min, span.max, span.exact, span.mean_exact) == (min(wanted), max(wanted), True, True)
    assert span.mean == pytest.approx(sum(d * n for d, n in wanted.items()) / total, rel=1e-12)
    for rank in (0, total // 3, total - 1):
        arch = space.unrank(rank)
        assert space.rank(arch) == rank
        assert space.costs(arch).depth in wanted
    assert all(space.costs(arch).depth in wanted for arch in space.samples(20, seed=1))


def test_no_architecture_is_as_shallow_as_asked_for() -> None:
    """Bounds of costs say so, of the depth in its own words."""
    with pytest.raises(SpaceError, match="the shallowest has a depth of 5") as caught:
        stdsl.loads(f"{BLOCKS}space s = net where depth <= 4\n")
    assert [d.code for d in caught.value.diagnostics] == ["E0441"]
    with pytest.raises(SpaceError, match=r"the deepest has a depth of 51"):
        stdsl.loads(f"{BLOCKS}space s = net where depth >= 52\n")


def test_sums_know_more_than_bounds_of_paths_do() -> None:
    """What is deep in one place is shallow in the other one."""
    body = """  n = choose 1..9 as n
  h[0] = x -> repeat n { deep(1) } -> repeat 10 - n { deep(1) }
  for i in 1..10 { h[i] = h[i - 1] -> conv(same, choose {1, 3, 5} as k) }
  return h[10]"""
    for where, reason in (
        ("depth <= 19", "the shallowest has a depth of 20"),
        ("depth >= 21", "the deepest has a depth of no more than 20"),
    ):
        with pytest.raises(SpaceError, match="E0441") as caught:
            stdsl.loads(f"{HEAD}meta net on x: image(4, 6, 6) {{\n{body}\n}}\nspace s = net where {where}\n")
        assert reason in str(caught.value)


@pytest.mark.parametrize("listed", [20_000, 0])
def test_the_best_within_a_depth_and_fronts_over_it(listed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LISTED", listed)
    monkeypatch.setattr(exactly, "LISTED", listed)
    space = stdsl.loads(f"{BLOCKS}space s = net(blocks = 3) where depth <= 16, flops <= 500K\n")
    free = stdsl.loads(f"{BLOCKS}space s = net(blocks = 3)\n")
    rng = random.Random(4)
    weights: dict[str, list[float]] = {}
    for d in space.decisions:
        raw = [rng.random() for _ in d.options]
        weights[d.path] = [r / sum(raw) for r in raw]
    every = list(free.architectures())
    within = [a for a in every if (own := free.costs(a)).depth <= 16 and own.flops <= 500_000]
    assert space.count() == len(within)
    assert 10 < len(within) < len(every)
    points = space.front(weights, "depth", [4, 8, 11, 14, 16])
    assert points[0].architecture is None
    assert all(point.best for point in points)
    scores = [point.score for point in points[1:]]
    assert scores == sorted(scores)
    assert [point.cost for point in points[1:]] == [space.costs(p.architecture).depth for p in points[1:]]
    best = derived(space.graph, weights, method="exact")
    assert best.best
    assert best.architecture == points[-1].architecture
    assert len(space.front(weights, "depth", 4)) > 1


LONGER = """meta longer on x: image(3, 16, 16) {
  b[0] = x -> conv(8, 3x3) -> conv(8, 3x3) -> conv(8, 3x3)
  for i in 1..8 { b[i] = b[i - 1] -> choose {small: block(2, 3), large: block(4, 5), skip: identity} as kind }
  return b[8] -> repeat choose 1..3 as tail { mb(8, 2, 3) } -> global_avg_pool -> linear(10)
}
space small = net
space long = longer where depth <= 22
"""


def test_the_depth_of_a_sibling_is_a_sum_over_decisions_here() -> None:
    """What is found is trained in a deeper space, whose `where` bounds the depth there."""
    graph = common(*(stdsl.loads(BLOCKS + LONGER, name).graph for name in ("small", "long")))
    (constraint,) = cost_constraints(graph)
    assert constraint.other is not None
    cost = measured(graph, Measure("depth", constraint.other))
    assert cost is not None
    assert stdsl.Space(graph).count() == sum(n for d, n in depths(8).items() if d + 2 <= 22)
    whole = circuits(graph).whole
    assert whole is not None
    rng = random.Random(3)
    for _ in range(50):
        answers = whole.draw(rng)
        assert cost.of(answers) == figures(graph, constraint, answers).depth


EXTERN = """stdsl 1
extern op mine on x from "my_ops:Mine" {{ params = 0{stated} }}
meta net on x: image(4, 6, 6) {{
  h[0] = x
  for i in 1..10 {{ h[i] = h[i - 1] -> choose {{a: conv(same, 1x1), b: mine, skip}} as k }}
  return h[10]
}}
space s = net
"""


def test_of_operators_that_do_not_state_it_no_depth_is_told() -> None:
    """Those that state it count as what they state."""
    assert stdsl.loads(EXTERN.format(stated="")).costs().depth is None
    with pytest.raises(SpaceError, match="depth") as caught:
        stdsl.loads(EXTERN.format(stated="").replace("s = net", "s = net where depth <= 20"))
    assert [d.code for d in caught.value.diagnostics] == ["E0413"]
    stated = stdsl.loads(EXTERN.format(stated="  flops = 0  depth = 2"))
    assert all(mine == own for mine, own in each(stated.graph))
    span = stated.costs().depth
    assert span is not None
    assert (span.min, span.max, span.mean, span.mean_exact) == (0, 20, 10, True)
