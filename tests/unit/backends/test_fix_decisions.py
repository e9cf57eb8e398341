"""Graphs with decisions taken out compute what the whole graph does with them held, and count what is left."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.derivation.incident import incident
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.analysis.remaining import remaining
from stdsl.compiler.analysis.values import encode
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.passes.fix_decisions import fix_decisions, settled_names
from stdsl.compiler.passes.verify import verify


def fixed(graph: SpaceGraph, values: dict[str, Any], sites: tuple[str, ...] = ()) -> SpaceGraph:
    answers: dict[int, int] = {}
    for path, value in values.items():
        answers |= encode(graph.by_path[path], value)
    return fix_decisions(graph, answers, {graph.by_path[path].id for path in (*values, *sites)})


def first_values(graph: SpaceGraph) -> dict[str, Any]:
    """The last alternative of each choose, the last elements of each keep."""
    found: dict[str, Any] = {}
    for d in graph.open:
        if d.kind == "keep":
            assert d.sizes is not None
            found[d.path] = tuple(range(len(d.options) - d.sizes[0] + 1, len(d.options) + 1))
        else:
            found[d.path] = d.options[-1] if d.kind == "choose" else d.values[-1]
    return found


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("share", [1, 2, 3])
def test_it_computes_what_the_whole_supernet_does_with_the_decisions_held(
    clips: SpaceGraph, share: int, affine: bool
) -> None:
    whole = build_supernet(clips, Relaxation(affine=affine), seed=1).double()
    values = dict(list(first_values(clips).items())[: len(clips.open) * share // 3])
    sites = tuple(d.path for d in clips.decisions if d.trivial) if share == 3 else ()
    graph = fixed(settled_names(clips, affine), values, sites)
    verify(graph, "fix_decisions")
    small = build_supernet(graph, Relaxation(affine=True), seed=2).double()
    state = whole.state_dict()
    small.load_state_dict({name: state[name] for name in small.state_dict()})
    assert len(list(small.parameters())) < len(list(whole.parameters()))
    assert not set(values) & set(small.rows)
    whole.hold(values)
    whole.hold({path: whole.rows[path].options for path in sites if path in whole.rows})
    x = [torch.randn(2, *clips.nodes[i].type.concrete().dims).double() for i in clips.inputs]
    for mode in (True, False):
        whole.train(mode)
        small.train(mode)
        assert torch.allclose(_first(whole(*x)), _first(small(*x)), atol=1e-9)


def _first(output: Any) -> torch.Tensor:
    return output if isinstance(output, torch.Tensor) else next(iter(output.values()))


def test_step_by_step_is_the_same_as_at_once(clips: SpaceGraph) -> None:
    values = first_values(clips)
    graph = settled_names(clips)
    for path, value in values.items():
        graph = fixed(graph, {path: value})
    at_once = fixed(settled_names(clips), values)
    assert [(n.kind, n.op, n.key, n.edges, n.attrs) for n in graph.nodes] == [
        (n.kind, n.op, n.key, n.edges, n.attrs) for n in at_once.nodes
    ]


def test_what_is_left_is_counted_exactly(hand: Any) -> None:
    x = hand.input("x", "image", 4, 8, 8)
    edges = []
    for i in (1, 2, 3):
        ops = [hand.op("conv", x, c=4, k=(k, k)) for k in (1, 3, 5)]
        edges.append(hand.choose(f"e{i}", ["a", "b", "c"], ops))
    graph = hand.finish(output=hand.keep("node", 2, 2, edges))
    assert count(graph).high == 3 * 9
    assert remaining(graph, {"e1": "a"}).high == 2 * 3 + 9  # with e1 two pairs, without it one
    assert remaining(graph, {"e1": "a", "node": (2, 3)}).high == 9
    assert remaining(graph, {"e1": "a", "e2": "b", "node": (1, 2)}).high == 1
    node = graph.by_path["node"]
    assert incident(graph, node) == {graph.by_path[f"e{i}"].id for i in (1, 2, 3)}


def test_what_stays_of_a_list_of_numbers_may_be_open_when_others_are_fixed() -> None:
    """A width of a window that a keep decides weighs its values, before and after another decision is fixed."""
    text = """stdsl 1
    meta net on x: image(2, 4, 4) {
      widths = [1, 3] -> keep 1 as widths
      return x -> conv(2, widths[1]) -> choose {relu, gelu} as kind -> choose {relu, tanh} as last
    }
    space s = net"""
    graph = load_text(text).graph
    left = fixed(graph, {"kind": "gelu"})
    assert relaxable(graph) == relaxable(left) == []
    batch = torch.randn(2, 2, 4, 4, dtype=torch.float64)
    some, whole = (build_supernet(g, seed=1).double() for g in (left, graph))
    some.load_state_dict({name: value for name, value in whole.state_dict().items() if name in some.state_dict()})
    whole.hold({"kind": "gelu"})
    assert torch.allclose(some(batch), whole(batch))
