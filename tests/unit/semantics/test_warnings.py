"""Warnings of the elaboration: told, once each, of a space that is right."""

from __future__ import annotations

from stdsl.compiler.checks.check import check_text
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.source import Source

TEXT = """stdsl 1
cell stages(n, c) on x {
  more = [x -> conv(c, 3x3) for _ in n..1]
  return [x -> conv(c, 1x1), *more] -> sum -> choose {relu, gelu} as kind
}
meta net on x: image(3, 8, 8) {
  a = x -> stages(3, 4)
  b = a -> stages(3, 4)
  return b -> stages(1, 3) -> global_avg_pool -> linear(2)
}
space s = net
"""


def test_a_warning_leaves_the_space_as_it_is() -> None:
    graph = load_text(TEXT).graph
    assert len(graph.decisions) == 3
    assert sum(node.op == "conv" for node in graph.nodes) == 4


def test_a_warning_is_told_once_with_the_call_it_comes_from() -> None:
    (found,) = check_text(Source("text.space", TEXT))
    assert found.code == "W0203"
    assert [(origin.callee, origin.span.text) for origin in found.origins] == [("stages", "stages(3, 4)")]


def test_a_loop_that_a_parameter_leaves_out_is_no_slip() -> None:
    text = TEXT.replace("n..1", "5..n")
    assert check_text(Source("text.space", text)) == ()
    assert sum(node.op == "conv" for node in load_text(text).graph.nodes) == 3
