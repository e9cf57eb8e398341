"""What is copied of earlier applications is what elaborating it would have made, node for node."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stdsl.compiler.checks import check
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.diagram import Case, Diagram, typed
from stdsl.compiler.ir.graph import DecisionConstraint, SpaceGraph
from stdsl.compiler.semantics.elaboration import blocks, instances
from stdsl.compiler.semantics.elaboration.bodies import Bodies
from stdsl.compiler.semantics.modules import Loader
from tests.generators.random_spaces.whole import risky_text, space_text

HEAD = """stdsl 1
op point(c) = pointwise(c) -> bn -> relu
op windows(c) = choose {conv, depthwise_first}(c, (choose {1, 3, 5} as length)) as kind -> bn
op depthwise_first(c, k) = depthwise(k) -> pointwise(c)
cell two(c) on x {
  first = x -> point(c) -> windows(c)
  return first -> windows(c)
}
tied cell alike(c) on x {
  first = x -> windows(c)
  return first -> windows(c)
}
cell tied_inside(c) on x = [x -> alike(c), x -> windows(c)] -> keep 1..2 as kept -> sum
ops streams(c) = {point: point(c), one: point(c) -> windows(c), two: two(c)}
cell streamed(c) on x {
  n = choose 1..3 as width
  for i in 1..n {
    s[i] = x -> choose streams(share(c, n, i)) as stream
  }
  return s -> concat
}
cell long(xs = 3) on x = x -> repeat choose 1..xs as deep { windows(8) }
meta m(c = 8, n = 1) on x: image(c, 8, 8) {
"""
WRITTEN = (
    "  a = x -> windows(8)\n  b = a -> windows(8)\n  return b -> windows(8)",
    "  return x -> windows(8) -> windows(8)",
    "  y = x -> two(8)\n  return y -> two(8)",
    "  y = x -> streamed(8)\n  return y -> streamed(8)",
    "  y = x -> tied repeat choose 1..3 as often { streamed(8) }\n  return y -> tied repeat 2 { two(8) }",
    "  y = x -> pointwise(4) -> tied repeat choose 1..3 as often { two(8) }\n  return y -> relu",
    "  y = x -> alike(8)\n  z = [y -> alike(8), x -> alike(8)] -> sum\n  return z -> alike(4)",
    "  y = x -> tied_inside(8)\n  return y -> tied_inside(8)",
    "  f = windows(8)\n  y = x -> f -> f\n  z = y -> pointwise(4) -> f\n  return z -> windows(8)",
    "  k = choose {4, 8} as wide\n  y = x -> windows(k)\n  z = y -> windows(k)\n  a = z -> long\n  return a -> long",
    "  y = x -> choose {a: two, b: two}(8) as which\n  return y -> choose {a: two(8), b: streamed(8)} as last",
    "  y = [x -> windows(8) for _ in 1..3]\n  return y -> keep 2 as kept -> each windows(8) -> concat -> windows(8)",
    "  y = x -> long\n  z = y -> long(2)\n  return z -> long",
)
NARROWED = ("", " where length <= 3", ' where kind != "conv"', " where flops <= 400K, length != 3")


def _shape(case: Case, known: dict[int, int], rows: list[Any]) -> Any:
    """A diagram as a number of a row that says what it is made of; equal for equal ones of different managers."""
    if type(case) is not Diagram:
        return typed(case)
    if case.uid not in known:
        kids = tuple(_shape(kid, known, rows) for kid in case.children)
        known[case.uid] = len(rows)
        rows.append((case.variable.index, kids))
    return ("row", known[case.uid])


def all_of(graph: SpaceGraph) -> Iterator[Any]:
    known: dict[int, int] = {}
    rows: list[Any] = []

    def case(value: Case) -> Any:
        return _shape(value, known, rows)

    for n in graph.nodes:
        yield n.id, n.kind, n.op, n.scope, n.span, n.decision, n.frozen, n.name, n.type.layout
        yield [(e.source, case(e.guard), e.option) for e in n.edges], [case(dim) for dim in n.type.dims]
        yield [(name, case(value)) for name, value in n.attrs], [(a.decision, case(a.guard)) for a in n.asks]
    for d in graph.decisions:
        yield d.id, d.path, d.kind, d.options, d.values, d.variables, d.span, d.label, d.sizes, case(d.valid)
        yield d.trivial, d.demanded
    for s in graph.scopes:
        yield s.id, s.parent, s.name, s.callee, s.kind, s.path, s.span and (s.span.start, s.span.end), s.weights
    for c in graph.constraints:
        yield c.span, (sorted(c.needs), case(c.condition)) if isinstance(c, DecisionConstraint) else (c.low, c.high)
    yield graph.inputs, graph.outputs, rows


def checked(text: str) -> list[Any]:
    """What is said of a text, and all of its graphs; the same once more, with what is known of the applications."""
    found = []
    loader = Loader(Sink())
    module = loader.source(Source("<text>", text))
    known: dict[Hashable, Any] = {}

    class Known(Bodies):
        def __init__(self) -> None:
            super().__init__()
            self.applications = known

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(check, "Bodies", Known)
        for _ in range(2):
            sink = Sink()
            graphs = check.check_module(module, sink).graphs
            found += [(d.code, d.span and (d.span.start, d.span.end), str(d)) for d in sink.diagnostics]
            found += [[repr(part) for part in all_of(graph)] for graph in graphs]
    return found


def same_without_copies(text: str) -> None:
    with_copies = checked(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "copied", lambda *_: None)
        assert with_copies == checked(text)


@pytest.mark.parametrize("body", WRITTEN)
def test_copies_of_all_kinds(body: str) -> None:
    for narrowed in NARROWED:
        spaces = f"space s = m(){narrowed}\nspace t = m(n = 2)\nspace u = m(4)\nspace v = m(4, 3){narrowed}\n"
        same_without_copies(f"{HEAD}{body}\n}}\n{spaces}")


@settings(max_examples=40, derandomize=True)
@given(seed=st.integers(0, 10**9), risky=st.booleans())
def test_copies_in_any_space(seed: int, risky: bool) -> None:
    written: Callable[[random.Random], Any] = risky_text if risky else space_text
    same_without_copies(written(random.Random(seed)).text)


def test_a_body_is_elaborated_once_for_equal_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it decides, wherever it is called."""
    run, found = blocks.run_block, []

    def counted(state: Any, block: Any, env: Any) -> Any:
        found.append("")
        return run(state, block, env)

    monkeypatch.setattr(blocks, "run_block", counted)
    times = []
    for calls in (1, 2, 3):
        found.clear()
        statements = "\n".join(f"  {'xyzw'[i + 1]} = {'xyzw'[i]} -> windows(8)" for i in range(calls))
        checked(f"{HEAD}{statements}\n  return {'xyzw'[calls]}\n}}\nspace s = m()\n")
        times.append(len(found))
    assert times[0] == times[1] == times[2]
