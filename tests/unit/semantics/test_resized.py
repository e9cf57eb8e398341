"""A meta on inputs of other sizes is elaborated anew only where these change more than shapes."""

from __future__ import annotations

from contextlib import suppress

import pytest

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.operation import OpFault, TensorShape
from stdsl.compiler.ir.printer import print_ir
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.semantics.elaboration import blocks
from tests.generators.applications import cases

HEAD = """stdsl 1
op windows(c) = choose {conv, spread}(c, (choose {1, 3, 5} as length)) as kind -> bn
op spread(c, k) = depthwise(k) -> pointwise(c)
op like(c) on x = x -> pointwise(x.channels // 2 * 2) -> conv(c, 3)
op tall(c) on x = x -> (if x.height > 8 then conv(c, 3) else conv(c, 5))
op square on x = x -> (if x.height == x.width then relu else gelu)
meta m(height = 8, width = 8, channels = 4, classes = 3) on x: image(channels, height, width) {
"""
BODIES: dict[str, tuple[str, dict[tuple[int, int, int], bool]]] = {
    "nothing is read": (
        "  y = x -> windows(8)\n  z = y -> windows(8)\n  return z -> relu",
        {(9, 9, 4): True, (1, 30, 4): True, (8, 8, 3): True, (5, 5, 1): True},
    ),
    "channels in the middle are read": (
        "  y = x -> conv(8, 3) -> like(6) -> like(4)\n  return y",
        {(9, 8, 4): True, (8, 8, 3): True},
    ),
    "channels of the input are read": (
        "  y = x -> like(4)\n  return y",
        {(9, 8, 4): True, (8, 8, 3): False},
    ),
    "as many channels as enter": (
        "  y = x -> conv(same, 3)\n  return y -> bn",
        {(9, 9, 4): True, (8, 8, 3): False},
    ),
    "by an operator made before": (
        "  f = conv(2 * same, 3) -> relu\n  y = x -> f\n  return y -> conv(4, 3)",
        {(9, 9, 4): True, (8, 8, 3): False},
    ),
    "given to an op": (
        "  y = x -> windows(same)\n  return y -> conv(4, 3)",
        {(9, 9, 4): True, (8, 8, 3): False},
    ),
    "a side is read": (
        "  y = x -> conv(4, 3, stride = 2) -> tall(8)\n  return y",
        {(8, 9, 4): True, (8, 8, 3): True, (7, 8, 4): True, (9, 8, 4): False},
    ),
    "sides are read in a copy alone": (
        "  y = x -> conv(4, 3) -> square\n  z = [y, y -> relu -> square] -> sum\n  return z",
        {(9, 9, 4): False, (8, 8, 3): True},
    ),
    "sizes that an operator refuses": (
        "  y = x -> conv(8, 5, pad = none) -> windows(4)\n  return y",
        {(9, 5, 4): True, (5, 4, 4): False, (4, 4, 4): False},
    ),
    "channels that it refuses": (
        "  y = x -> conv(8, 3, groups = 2) -> windows(4)\n  return y",
        {(8, 8, 6): True, (8, 8, 3): False},
    ),
    "what is alike on some sizes": (
        "  y = x -> choose {avg_pool(2, stride = 2, pad = none), max_pool(3, stride = 2)}\n  return y",
        {(10, 10, 4): True, (10, 9, 4): False, (9, 9, 4): False},
    ),
    "what differs anyway": (
        "  y = x -> conv(4, 3, stride = (choose {1, 2} as step))\n  return y -> conv(4, 3)",
        {(10, 10, 4): False, (8, 8, 3): True},
    ),
    "attributes with the same values": (
        "  y = x -> conv(4, (choose {1, 3} as size), stride = 1)\n"
        "  z = x -> conv(4, 1, stride = (choose {1, 3} as step))\n  return z -> global_avg_pool",
        {(1, 1, 4): True, (9, 9, 4): False},
    ),
    "a sum of what may be absent": (
        "  y = [x -> conv(4, 3), x -> pointwise(4)] -> keep 0..2 as kept -> sum\n"
        "  z = x -> maybe conv(4, 3)\n  return [x -> conv(4, 1), y, z] -> sum",
        {(9, 9, 4): True, (8, 8, 3): True, (1, 1, 4): True},
    ),
    "what is never there": (
        "  n = choose {1, 2} as many\n"
        "  for i in 1..n { a[i] = x -> (if i > 2 then conv(4, 3, stride = 2) else conv(4, 3)) }\n"
        "  y = a -> sum\n  return y -> relu",
        {(7, 7, 4): True, (9, 9, 4): True},
    ),
    "a sum broadcasts": (
        "  y = x -> conv(4, 3)\n  z = y -> global_avg_pool\n  return y * z",
        {(9, 9, 4): True, (1, 1, 4): True},
    ),
    "joined": (
        "  y = x -> windows(choose {4, 8} as wide)\n  z = [x, y, y -> relu] -> concat\n  return z -> conv(4, 3)",
        {(9, 9, 4): True, (8, 8, 3): False},
    ),
    "positions": (
        "  y = x -> conv(4, 3) -> to_tokens\n  return y -> linear(8) -> linear(4)",
        {(9, 9, 4): True, (8, 8, 3): True},
    ),
    "a list is built": (
        "  for i in 1..3 { y[i] = [x -> conv(4, 3), *y[<i]] -> sum -> windows(4) }\n"
        "  return y[3] -> global_avg_pool -> linear(classes)",
        {(9, 9, 4): True, (8, 8, 3): True},
    ),
    "a list is built of what may be absent": (
        "  for i in 1..(choose 1..3 as many) { y[i] = x -> windows(4) }\n"
        "  return y[1] -> global_avg_pool -> linear(classes)",
        {(9, 9, 4): False, (8, 8, 3): False},
    ),
    "a list is returned of": (
        "  y = x -> windows(8)\n  return [y, y -> relu] -> concat -> global_avg_pool -> linear(classes)",
        {(9, 9, 4): True, (8, 8, 3): True},
    ),
    "several are returned": (
        "  y = x -> windows(8)\n  return {main: y -> global_avg_pool -> linear(classes), also: y}",
        {(9, 9, 4): True, (8, 8, 3): True},
    ),
    "the result reads sides": (
        "  y = x -> conv(8, 3)\n  return y -> pointwise(y.height * classes)",
        {(9, 9, 4): True, (8, 8, 3): True},
    ),
    "the result is refused": (
        "  y = x -> conv(8, 3)\n  return y -> conv(8, 7, pad = none)",
        {(9, 9, 4): True, (6, 8, 4): True},
    ),
}

FIRST = {"attributes with the same values": "1, 1"}
"""What the first space is made of where that is not the default."""


@pytest.mark.parametrize("name", BODIES)
def test_other_sizes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs, diagnostics and how often bodies run, beside another space and alone."""
    body, sizes = BODIES[name]
    run, found = blocks._statements, []

    def counted(*given: object) -> None:
        found.append("")
        return run(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(blocks, "_statements", counted)
    for (height, width, channels), once in sizes.items():
        first = f"space first = m({FIRST.get(name, '')})"
        other = f"space other = m({height}, {width}, {channels}, classes = 5)"
        texts = [f"{HEAD}{body}\n}}\n{spaces}\n" for spaces in (first, other, f"{first}\n{other}")]
        said, times = [], []
        for text in texts:
            found.clear()
            said.append({(d.code, d.span and d.span.text) for d in check_text(Source("<text>", text))})
            times.append(len(found))
        assert said[2] == said[0] | said[1], (height, width, channels)
        assert (times[2] == times[0]) is once, (height, width, channels)
        if all(code.startswith("W") for code, _ in said[1]):
            beside, alone = (load_text(text, "other").graph for text in (texts[2], texts[1]))
            assert print_ir(beside) == print_ir(alone)
            assert _asked(beside) == _asked(alone)


def _asked(graph: SpaceGraph) -> list[list[tuple[int, str]]]:
    return [[(ask.decision, repr(ask.guard).partition("v")[2]) for ask in node.asks] for node in graph.nodes]


def test_names_in_the_type_of_an_input_are_those_of_the_text() -> None:
    """And not what the body binds to the same name."""
    text = """stdsl 1
let wide = 8
meta m(size = 8) on x: image(4, size, wide) {
  wide = 1
  y = x -> conv(4 * wide, 3)
  return y -> relu
}
space first = m()
space other = m(9)
"""
    assert print_ir(load_text(text, "other").graph) == print_ir(
        load_text(text.replace("space first = m()\n", ""), "other").graph
    )


@pytest.mark.parametrize("name", PRIMITIVES)
def test_attributes_go_by_no_size(name: str) -> None:
    """Attributes that are complete are what they were, and where they came from no channels on all sides."""
    primitive = PRIMITIVES[name]
    found = 0
    for shapes, given in cases(name, 200):
        with suppress(OpFault):
            complete = primitive.normalise(shapes, given)
            assert primitive.normalise(shapes, complete) == complete
            found += 1
            for other in _other_sides(shapes):
                assert primitive.normalise(other, given) == complete
    assert found


def _other_sides(shapes: tuple[TensorShape, ...]) -> list[tuple[TensorShape, ...]]:
    """The shapes with all their sides but channels one longer, and three times as long."""

    def other(shape: TensorShape, more: int, times: int) -> TensorShape:
        sizes = [n * times + more for n in shape.dims]
        return TensorShape(shape.layout, tuple(sizes)).with_channels(shape.channels)

    return [tuple(other(shape, *by) for shape in shapes) for by in ((1, 1), (0, 3))]
