"""The graph as text."""

from __future__ import annotations

from typing import Any

from stdsl.compiler.ir.graph import Ask, Edge, SpaceGraph
from stdsl.compiler.ir.printer import guard_text, print_ir


def test_lines(clips: SpaceGraph) -> None:
    lines = print_ir(clips).splitlines()
    assert lines[0] == "space toy(c = 4)"
    assert "  d0    normal.x[1][1].kind  choose {pool, skip, space, time, none}" in lines
    assert "  d2    normal.x[1].inputs   site, keep 2 of 2" in lines
    assert "  %0 = input video : clip(1, 4, 8, 8)" in lines
    switch = "  %17 = switch(pool: %9, skip: %5, space: %12, time: %15, none: %16) : clip(4, 4, 8, 8)  by d0  asks d0"
    assert switch in lines
    assert "  %55 = sum(1: %36, 2: %45, 3: %54) : clip(4, 4, 8, 8)  by d6  asks d6" in lines
    assert lines[-1].startswith("return output = %")
    assert sum(line.startswith("  %") for line in lines) == len(clips.nodes)


def test_guards_in_words(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    d, span = hand.b.diagrams, hand.b.nodes[0].span
    kind = hand.b.choose("y.kind", ["a", "b", "c"], ["a", "b", "c"], span)
    gate = hand.b.gate("g.gate", span)
    keep = hand.b.keep("k.keep", 3, 1, 1, span)
    a, on = d.test(kind.variables[0], 0), d.test(gate.variables[0], 1)
    third = d.test(keep.variables[2], 1)
    y = hand.b.node(
        "reduce", "sum", [Edge(x, a), Edge(x, third)], hand.b.nodes[0].type, 0, span, asks=[Ask(gate.id, a)]
    )
    graph = hand.finish(output=y)
    assert guard_text(graph, a) == "y.kind = a"
    assert guard_text(graph, d.negate(a)) == "y.kind in {b, c}"
    assert guard_text(graph, d.both(a, on)) == "y.kind = a and g.gate"
    assert guard_text(graph, d.either(a, on)) == "(y.kind = a or y.kind in {b, c} and g.gate)"
    assert guard_text(graph, d.negate(third)) == "not k.keep[3]"
    assert guard_text(graph, True) == "always"
    assert "asks d1 if y.kind = a" in print_ir(graph)
    assert "%0 if k.keep[3]" in print_ir(graph)
