"""Which decisions no mixture can relax."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch

import stdsl
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.backends.networks.supernet import build_supernet
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import Edge, SpaceGraph, TensorType


def test_the_cell_space_is_relaxable(clips: SpaceGraph) -> None:
    assert relaxable(clips) == []


def unequal(hand: Any) -> SpaceGraph:
    x = hand.input("image", "image", 2, 4, 4)
    decision = hand.b.choose("y.kind", ["a", "b"], ["a", "b"], hand.b.nodes[0].span)
    d = hand.b.diagrams
    edges = [Edge(hand.op("conv", x, c=c, k=3), d.test(decision.variables[0], i), i) for i, c in enumerate((4, 8))]
    type = TensorType("image", (d.case(decision.variables[0], (4, 8)), 4, 4))
    y = hand.b.node("switch", "", edges, type, hand.current, hand.b.nodes[0].span, decision=decision.id)
    return hand.finish(output=y)


def test_unequal_shapes(hand: Any) -> None:
    (found,) = relaxable(unequal(hand))
    assert found.code == "E0801"
    assert found.label == "image(4, 4, 4) or image(8, 4, 4)"
    assert "y.kind" in found.message
    assert "inside the `choose`" in (found.help or "")


def test_building_raises_them(hand: Any) -> None:
    with pytest.raises(SpaceError, match="E0801"):
        build_supernet(unequal(hand))


def test_open_concat(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    y = hand.keep("y.inputs", 1, 1, [x, hand.op("relu", x)], op="concat")
    (found,) = relaxable(hand.finish(output=y))
    assert found.code == "E0802"


def test_slots(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    parts = [x, hand.op("relu", x)]
    decision = hand.b.keep("y.inputs", 2, 1, 1, hand.b.nodes[0].span)
    d = hand.b.diagrams
    edges = [Edge(p, d.test(v, 1)) for p, v in zip(parts, decision.variables, strict=True)]
    slot = hand.b.node("switch", "", edges, hand.b.nodes[x].type, hand.current, hand.b.nodes[0].span)
    (found,) = relaxable(hand.finish(output=hand.op("relu", slot)))
    assert found.code == "E0803"


def test_what_no_output_reads_does_not_count(hand: Any) -> None:
    graph = unequal(hand)
    x = hand.op("relu", graph.inputs[0])
    assert relaxable(hand.finish(output=x)) == []


def test_code_is_generated_without_torch() -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from stdsl.compiler.ir.printer import print_ir\n"
        "from stdsl.compiler.ir.builder import GraphBuilder\n"
        "from stdsl.compiler.ir.graph import TensorType, Edge\n"
        "from stdsl.compiler.diagnostics.source import Source, Span\n"
        "from stdsl.compiler.backends.networks.supernet_text import supernet_source\n"
        "from stdsl.compiler.backends.networks.source import source\n"
        "b, span = GraphBuilder(), Span(Source('t', 't'), 0, 1)\n"
        "s, t = b.scope(None, 'm', 'm', 'meta', ''), TensorType('image', (2, 4, 4))\n"
        "x = b.input('x', t, s, span)\n"
        "y = b.node('apply', 'scale', [Edge(x)], t, s, span)\n"
        "g = b.finish('t', [('output', y)], span)\n"
        "assert 'class ChannelScale' in source(g, {}) and 'scale(%0)' in print_ir(g)\n"
        "assert 'import ChannelScale' in supernet_source(g)[0]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


BLOCK = "op block(w) = conv(w, 3x3) -> bn -> relu -> pointwise(4)\n"
CURES = {
    "alternatives": (
        ("x -> choose {a: conv(4, 3x3), b: conv(8, 3x3)} as kind -> pointwise(4)",),
        ("x -> choose {a: conv(4, 3x3), b: conv(8, 3x3) -> pointwise(4)} as kind",),
    ),
    "number": (
        ("w = choose {8, 16} as width", "x -> block(w)"),
        ("x -> choose {narrow: block(8), wide: block(16)} as width",),
    ),
    "repetitions": (
        ("x -> repeat choose 0..2 as n { conv(2 * x.channels, 3x3) }",),
        ("x -> repeat choose 0..2 as n { conv(2 * x.channels, 3x3) -> pointwise(4) }",),
    ),
}
"""By what the cases are: statements that end in what cannot be relaxed, and in the cure that the help names."""


@pytest.mark.parametrize("cases", CURES)
def test_the_cures_that_the_help_names_work(cases: str) -> None:
    def space(lines: tuple[str, ...]) -> stdsl.Space:
        *binds, last = lines
        body = "\n".join((*binds, f"return {last} -> global_avg_pool -> linear(3)"))
        return stdsl.loads(f"stdsl 1\n{BLOCK}meta net on x: image(4, 6, 6) {{\n{body}\n}}\nspace s = net\n")

    wrong, right = CURES[cases]
    found = space(wrong).not_relaxable
    assert {d.code for d in found} == {"E0801"}
    assert all(d.by == cases for d in found)
    net = stdsl.compile(space(right))
    assert net(torch.zeros(2, 4, 6, 6)).shape == (2, 3)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("x -> choose {a: relu, b: channel_shuffle(3)} as d", 'd == "a"'),
        ("[x, x -> channel_shuffle(3)][choose {1, 2} as d]", "d == 1"),
        ("x -> repeat (choose 0..2 as d) {channel_shuffle(3)}", "d == 0"),
        ("if (choose 1..2 as d) == 1 then x else x -> channel_shuffle(3)", "d == 1"),
        ("[*(choose {a: [x, x], b: [x -> conv(3, 1)]} as d), x] -> sum", 'd == "a"'),
        ("[*(choose {a: [x, x], b: [x -> channel_shuffle(3)]} as d), x] -> sum", 'd == "a"'),
    ],
)
def test_what_where_excludes_is_computed_in_a_mixture(body: str, where: str) -> None:
    space = stdsl.loads(f"stdsl 1\nmeta m on x: image(4, 6, 6) = {body}\nspace s = m where {where}\n")
    (found,) = relaxable(space.graph)
    assert found.code == "E0801"
    assert "only `where` excludes a mistake" in found.label


def test_decisions_of_one_text_are_told_of_together() -> None:
    text = "stdsl 1\ncell c on x { return x -> choose {conv(3, 1), none: identity} as kind -> conv(4, 1) }\n"
    for repeats, said in [
        (1, "`layer[1].kind` cannot be relaxed: what is chosen or kept there has a shape that depends on it"),
        (2, "`layer[1].kind` and `layer[2].kind` cannot be relaxed: "),
        (8, "`layer[1].kind`, `layer[2].kind` and 6 more cannot be relaxed: "),
    ]:
        body = f"layer[0] = x\n  for i in 1..{repeats} {{ layer[i] = layer[i - 1] -> c }}\n  return layer[{repeats}]"
        graph = stdsl.loads(f"{text}meta m on x: image(4, 6, 6) {{\n  {body}\n}}\nspace s = m\n").graph
        (found,) = relaxable(graph)
        assert found.message.startswith(said)
