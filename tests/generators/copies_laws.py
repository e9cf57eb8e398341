"""What is copied of earlier applications is what elaborating it would have made, node for node."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import pytest

from stdsl.compiler.checks import check
from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.diagnostics.source import Source
from stdsl.compiler.ir.diagram import Case, Diagram, typed
from stdsl.compiler.ir.graph import DecisionConstraint, SpaceGraph
from stdsl.compiler.semantics.elaboration import instances
from stdsl.compiler.semantics.elaboration.bodies import Bodies
from stdsl.compiler.semantics.modules import Loader


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


def checked(text: str, times: int = 1) -> list[Any]:
    """What is said of a text, and all of its graphs, each time with what is known of the applications by then."""
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
        for _ in range(times):
            sink = Sink()
            graphs = check.check_module(module, sink).graphs
            found += [(d.code, d.span and (d.span.start, d.span.end), str(d)) for d in sink.diagnostics]
            found += [[repr(part) for part in all_of(graph)] for graph in graphs]
    return found


def same_without_copies(text: str) -> None:
    with_copies = checked(text, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "copied", lambda *_: None)
        patch.setattr(Bodies, "begun", lambda *_: None)
        assert with_copies == 2 * checked(text)
