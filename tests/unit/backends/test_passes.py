"""The pass machinery: selection by name, verification after each pass, what single passes do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import Edge, SpaceGraph
from stdsl.compiler.passes.base import Pass
from stdsl.compiler.passes.drop_zeros import drop_zeros
from stdsl.compiler.passes.expand_numbers import expand_numbers
from stdsl.compiler.passes.name_weights import name_weights
from stdsl.compiler.passes.pipeline import ALL, USUAL, run_passes, select
from stdsl.compiler.passes.plain_norms import candidates
from stdsl.compiler.passes.share_common import share_common
from stdsl.compiler.passes.splice_identities import splice_identities
from stdsl.compiler.passes.verify import GraphInvalid, verify
from stdsl.compiler.schemas.relax import PassName, Relax


def names(passes: Any) -> list[str]:
    return [p.name for p in passes]


def test_selection() -> None:
    required = [p.name for p in ALL if p.required and p.name != "plain_norms"]
    assert names(select([])) == required
    usual = [p.name for p in ALL if not p.optional]
    assert names(select(None)) == [name for name in usual if name != "plain_norms"]
    assert names(select(None, affine=False)) == usual
    assert set(names(select(["+recompute_cells"], affine=False))) == {*usual, "recompute_cells"}
    assert "partial_channels" in names(select([], groups=4))
    assert set(names(select(["drop_zeros"]))) == {*required, "drop_zeros"}
    assert set(names(select(None))) - set(names(select(["-share_common"]))) == {"share_common"}
    with pytest.raises(SpaceError) as caught:
        select(["share_commn", "-name_weights"])
    assert [d.code for d in caught.value.diagnostics] == ["E0820", "E0820"]


def test_a_search_can_leave_out_what_can_be_left_out() -> None:
    """The settings know the names of the passes without importing them."""
    assert get_args(PassName) == tuple(p.name for p in ALL if not p.required and not p.optional)
    assert not any(p.required or p.optional for p in USUAL)
    assert Relax(without=("merge_targets",), recompute="cells").passes == ("-merge_targets", "+recompute_cells")
    assert Relax(recompute="operations").passes == ("+recompute_merged",)


def test_all_graphs_verify(clips: SpaceGraph) -> None:
    verify(clips)
    graph, reports = run_passes(clips, ALL)
    assert names(reports) == names(ALL)
    assert [r.after for r in reports[:-1]] == [r.before for r in reports[1:]]
    assert len(graph.nodes) < len(clips.nodes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"edges": (Edge(5),)}, "reads node 5"),
        ({"scope": 9}, "has no scope 9"),
        ({"op": "cinv"}, "is no primitive"),
        ({"id": 7}, "stands at place 1"),
        ({"kind": "switch", "edges": ()}, "is a switch without edges"),
    ],
)
def test_broken_graphs_do_not(hand: Any, change: dict[str, Any], message: str) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    graph = hand.finish(output=hand.op("relu", x))

    def breaks(graph: SpaceGraph) -> SpaceGraph:
        return replace(graph, nodes=(graph.nodes[0], replace(graph.nodes[1], **change)))

    with pytest.raises(GraphInvalid, match=rf"after careless: node \d.*{message}"):
        run_passes(graph, [Pass("careless", "breaks it", breaks, example="")])


def test_sharing_spares_what_is_random_or_has_weights(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    ops = ["relu", "relu", "dropout", "dropout", "bn", "bn"]
    graph = hand.finish(output=hand.reduce("sum", [hand.op(name, x) for name in ops]))
    shared = share_common(graph)
    assert [n.op for n in shared.nodes] == ["image", "relu", "dropout", "dropout", "bn", "bn", "sum"]
    assert [e.source for e in shared.nodes[-1].edges] == [1, 1, 2, 3, 4, 5]


def test_what_is_shared_moves_to_the_common_scope(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    with hand.scope("a", "one", "op"):
        a = hand.op("conv", hand.op("relu", x), c=2, k=3)
    with hand.scope("b", "two", "op"):
        b = hand.op("conv", hand.op("relu", x), c=2, k=3)
    with hand.scope("c", "three", "cell"):
        c = hand.op("relu", x)
    shared = share_common(hand.finish(output=hand.reduce("sum", [a, b, c])))
    assert [(n.op, n.scope) for n in shared.nodes[1:4]] == [("relu", 0), ("conv", 1), ("conv", 2)]
    assert [n.scope for n in shared.nodes if n.op == "relu"] == [0, 3]


def test_zeros_leave_unless_they_are_all_there_is(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    y = hand.choose("y.kind", ["none", "relu"], [hand.op("zero", x), hand.op("relu", x)])
    z = hand.choose("z.kind", ["none", "zero"], [hand.op("zero", x), hand.op("zero", x)])
    graph = drop_zeros(hand.finish(output=hand.reduce("sum", [y, z])))
    switches = [n for n in graph.nodes if n.kind == "switch"]
    assert [[e.option for e in n.edges] for n in switches] == [[1], [0, 1]]


def test_identities_are_read_through(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    graph = splice_identities(hand.finish(output=hand.op("relu", hand.op("identity", hand.op("identity", x)))))
    assert [n.op for n in graph.nodes] == ["image", "relu"]


def test_numbers_expand_by_value_not_by_option(hand: Any) -> None:
    """Two options with one value are one application, which both choose."""
    x = hand.input("video", "clip", 2, 4, 6, 6)
    decision = hand.b.choose("y.kind", ["a", "b", "c"], ["a", "b", "c"], hand.b.nodes[0].span)
    k = hand.b.diagrams.case(decision.variables[0], ((1, 3, 3), (3, 3, 3), (1, 3, 3)))
    graph = expand_numbers(name_weights(hand.finish(output=hand.op("conv", x, c=2, k=k))))
    assert [n.key for n in graph.nodes if n.op == "conv"] == ["conv_k1x3x3", "conv_k3x3x3"]
    switch = graph.nodes[graph.outputs[0][1]]
    test = graph.diagrams.test
    first, second, third = (test(decision.variables[0], i) for i in range(3))
    assert [e.guard for e in switch.edges] == [graph.diagrams.either(first, third), second]


def test_candidates(clips: SpaceGraph) -> None:
    inside = candidates(clips)
    scopes = {clips.scopes[n.scope].path for n in clips.nodes if n.op == "bn" and inside[n.id]}
    assert scopes == {s.path for s in clips.scopes if s.callee == "relu_conv_norm"}
