"""Zeros on kept edges: never derived where edges rank by their non-zero operations, as DARTS has it."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.derivation.derive import derive
from stdsl.compiler.analysis.derivation.zeros import zeros_on_kept_edges
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.ir.graph import SpaceGraph

TEXT = """stdsl 1
ops candidates = {{none: zero, a: conv(same, 1x1), b: conv(same, 3x3)}}
meta net on x: image(4, 8, 8) {{
{body}
}}
space s = net {where}
"""


def space(body: str, where: str = "") -> SpaceGraph:
    return load_text(TEXT.format(body=body, where=where)).graph


KEPT = "  return [x, x, x] -> each choose candidates as kind -> keep 1 as inputs -> sum"


def derived(graph: SpaceGraph, weights: dict[str, list[float]], **how: object) -> dict[str, object]:
    return dict(derive(graph, {d.path: w for d, w in zip(graph.decisions, weights.values(), strict=True)}, **how))


def test_the_likeliest_other_operation_of_the_edge_that_is_kept() -> None:
    graph = space(KEPT)
    rows = {"1": [0.7, 0.2, 0.1], "2": [0.8, 0.04, 0.16], "3": [0.5, 0.1, 0.4], "k": [0.1, 0.8, 0.1]}
    never = derived(graph, rows, score="alpha", zeros="never")
    assert list(never.values()) == ["b", (3,)]
    allowed = derived(graph, rows, score="alpha", zeros="allowed")
    assert list(allowed.values()) == ["none", (3,)]
    by_beta = derived(graph, rows, score="beta", zeros="never")
    assert list(by_beta.values()) == ["b", (2,)]
    assert list(derived(graph, rows, score="beta").values()) == ["none", (2,)]


def test_the_edges_of_a_site_are_kept_all() -> None:
    graph = space("  return [x, x] -> each choose candidates as kind -> keep 2 as inputs -> sum")
    (site,) = (d for d in graph.decisions if d.trivial)
    rows = {d.path: [0.9, 0.04, 0.06] for d in graph.open}
    assert site.path not in rows
    assert list(derive(graph, rows, "alpha", zeros="never").values()) == ["b", "b"]
    assert list(derive(graph, rows, "alpha").values()) == ["none", "none"]


def test_an_edge_without_a_keep_may_be_a_zero() -> None:
    graph = space("  return [x, x] -> each choose candidates as kind -> sum")
    assert not zeros_on_kept_edges(graph)
    rows = {d.path: [0.9, 0.04, 0.06] for d in graph.open}
    assert set(derive(graph, rows, "alpha", zeros="never").values()) == {"none"}


def test_what_is_read_elsewhere_too_may_be_a_zero_where_it_is_not_kept() -> None:
    graph = space("""  y = [x, x] -> each choose candidates as kind
  kept = y -> keep 1 as inputs -> sum
  return kept + y[1]""")
    first, second = (d.path for d in graph.open if d.kind == "choose")
    rows = {first: [0.9, 0.04, 0.06], second: [0.2, 0.7, 0.1]}
    assert dict(derive(graph, rows, "alpha", zeros="never")) == {first: "none", second: "a", "kept.inputs": (2,)}
    rows[second] = [0.97, 0.02, 0.01]
    assert dict(derive(graph, rows, "alpha", zeros="never")) == {first: "b", "kept.inputs": (1,)}


def test_alternatives_that_are_chooses_themselves_are_none_either() -> None:
    graph = space("""  y = [x, x] -> each choose {a: conv(same, 1x1), deep: choose candidates as inner} as kind
  return y -> keep 1 as inputs -> sum""")
    rows = {d.path: [0.1, 0.9] if d.path.endswith("kind") else [0.8, 0.05, 0.15] for d in graph.open}
    rows = {path: row for path, row in rows.items() if not path.endswith("inputs")}
    assert "none" not in derive(graph, rows, "alpha", zeros="never").values()
    assert "none" in derive(graph, rows, "alpha", zeros="allowed").values()


def test_operators_behind_an_edge_change_nothing() -> None:
    graph = space("  return [x, x] -> each choose candidates as kind -> each relu -> keep 1 as inputs -> sum")
    rows = {d.path: [0.9, 0.04, 0.06] for d in graph.open if d.kind == "choose"}
    assert list(derive(graph, rows, "alpha", zeros="never").values()) == ["b", (1,)]


def test_a_zero_where_nothing_else_is_within_where() -> None:
    graph = space(KEPT, "where flops <= 10")
    rows = {d.path: [0.1, 0.2, 0.7] for d in graph.open if d.kind == "choose"}
    assert list(derive(graph, rows, "alpha", zeros="never").values()) == ["none", (1,)]


def test_as_few_zeros_as_a_budget_allows() -> None:
    body = "  return [x, x, x] -> each choose candidates as kind -> keep 3 as inputs -> sum"
    graph = space(body, "where flops <= 2048")  # two of `a`, or none of `b`
    rows = {d.path: [0.2, 0.1, 0.7] for d in graph.open}
    assert sorted(derive(graph, rows, "alpha", zeros="never").values()) == ["a", "a", "none"]
    assert sorted(derive(graph, rows, "alpha").values()) == ["none", "none", "none"]


def test_a_choose_of_nothing_but_zeros_is_left_alone() -> None:
    graph = space("  return [x, x] -> each choose {n: zero, m: zero -> identity} as kind -> keep 1 as inputs -> sum")
    assert not zeros_on_kept_edges(graph)


@pytest.mark.parametrize("cell", ["cell", "tied cell"])
def test_cells_tied_and_not(cell: str) -> None:
    graph = load_text(f"""stdsl 1
ops candidates = {{none: zero, a: conv(same, 1x1)}}
{cell} node on s {{
  return [s, s] -> each choose candidates as kind -> keep 1 as inputs -> sum
}}
meta net on x: image(4, 8, 8) {{
  a = x -> node
  b = a -> node
  return b
}}
space s = net
""").graph
    rows = {d.path: [0.9, 0.1] for d in graph.open if d.kind == "choose"}
    found = derive(graph, rows, "alpha", zeros="never")
    assert "none" not in found.values()
    assert all(kept.when is True for kept in zeros_on_kept_edges(graph).values())
