"""Operators, inputs, `same`, frozen parts and weights: what the graph holds for them."""

from __future__ import annotations

import pytest

from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.checks.opening import load_text


def params(graph):
    return costs(graph, next(architectures(graph))).params


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x -> pointwise(same * 2)", 4 * 8),
        ("return x -> pointwise(8) -> pointwise(same // 2)", 4 * 8 + 8 * 4),
        ("return x -> conv(k = 3x3)", 4 * 4 * 9),
        ("return x -> conv(k = 3)", 4 * 4 * 9),
        ("return x -> double() -> double", 4 * 8 + 8 * 16),
        ("return [x, x -> relu] -> joined(5)", 2 * 4 * 5),
        ("f = pointwise(4)  return (x -> f) + (x -> f)", 2 * 16),
        ("f = pointwise(4)  return x -> f + f", 2 * 16),
        ("f = pointwise(8) -> pointwise(4)  return x -> f -> f", 2 * 64),
        ("return x -> pointwise(4) * sigmoid", 16),
        ("return [x -> pointwise(k) for k in {1, 3}] -> concat", 4 + 12),
        ("fs = [pointwise(2), pointwise(4)]  return x -> fs[1] -> fs[2]", 4 * 2 + 2 * 4),
        ("return x -> (if x.height > 4 then pointwise(2) else identity)", 8),
        ("return x -> pointwise(max(1, x.channels // 2) + ceil(0.5))", 4 * 3),
        ("return x -> global_avg_pool -> linear(10)", 4 * 10 + 10),
        ("return x -> repeat 3 { pointwise(same + 1) }", 4 * 5 + 5 * 6 + 6 * 7),
    ],
)
def test_weights_belong_to_applications(make, body, expected):
    declared = """
    op double = pointwise(2 * same)
    cell joined(c) on *xs { return xs -> each pointwise(c) -> sum }"""
    assert params(make.graph(body, declared)) == expected


def test_several_inputs_and_outputs():
    graph = load_text("""stdsl 1
    meta two(c) on rgb: clip(3, 8, 16, 16), flow: clip(2, 8, 16, 16) {
      streams = [rgb, flow] -> each pointwise(c)
      y = streams -> sum
      return {logits: y -> global_avg_pool -> linear(5), aux: y}
    }
    space s = two(4)""").graph
    assert [(graph.nodes[i].op, graph.nodes[i].type.dims) for i in graph.inputs] == [
        ("rgb", (3, 8, 16, 16)),
        ("flow", (2, 8, 16, 16)),
    ]
    assert [name for name, _ in graph.outputs] == ["logits", "aux"]


def test_frozen_parts(make):
    graph = make.graph("y = x -> frozen (pointwise(8) -> bn)  return y -> pointwise(4)")
    assert {n.op: n.frozen for n in graph.nodes if n.kind == "apply" and n.op == "bn"} == {"bn": True}
    assert sorted(n.frozen for n in graph.nodes if n.op == "pointwise") == [False, True]


def test_files_of_weights_belong_to_their_application(make):
    graph = make.graph(
        'y = x -> f(8, weights = "a.safetensors")  return y -> f(8)', "cell f(c) on x { return x -> pointwise(c) }"
    )
    assert [s.weights for s in graph.scopes if s.callee == "f"] == ["a.safetensors", None]


def test_copies_of_cells_are_complete(make):
    """Equal applications are copied in the graph; each stands in a scope of its own and on its own inputs."""
    cell = "cell f on x { y = x -> conv(4, 3x3) -> bn  return [x, y] -> sum }\n"
    graph = make.graph("for i in 1..3 { h[i] = [x, *h[<i]] -> sum -> f }  return h -> sum", cell)
    scopes = [s for s in graph.scopes if s.callee == "f"]
    assert [s.path for s in scopes] == ["h[1]", "h[2]", "h[3]"]
    for scope in scopes:
        assert [n.op for n in graph.nodes if n.scope == scope.id] == ["conv", "bn", "sum"]
    assert params(graph) == 3 * (4 * 4 * 9 + 8)
    assert all(e.source < n.id for n in graph.nodes for e in n.edges)


def test_tied_instances_in_imported_files_go_by_the_name_here(tmp_path):
    (tmp_path / "cells.space").write_text(
        "stdsl 1\ntied cell t on x { y = x -> choose {relu, gelu}  return y }\n", encoding="utf-8"
    )
    main = tmp_path / "main.space"
    main.write_text(
        'stdsl 1\nuse "cells.space" (t as normal)\n'
        "meta m on x: image(4, 8, 8) { y = x -> normal  return y -> normal }\nspace s = m()\n",
        encoding="utf-8",
    )
    from stdsl.compiler.checks.opening import load_space

    assert [d.path for d in load_space(main).graph.open] == ["normal.y.choice"]
