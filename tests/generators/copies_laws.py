"""What is copied of earlier applications is what elaborating it would have made, node for node."""

from __future__ import annotations

import random
import re
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


_META = re.compile(r"^meta (\w+)(?:\((.*)\))? on (\w+: (?:image|clip|tokens|features))\(([\d, ]+)\)", re.M)


def with_other_sizes(text: str, rng: random.Random) -> str:
    """The text with its space, and that again on inputs of other sizes: of the first input of the meta, written with
    numbers, each becomes a parameter. The text as it is where it has no such input."""
    found = _META.search(text)
    space = found and re.search(rf"^space \w+(\(.*\))? = {found[1]}\b", text, re.M)
    if not found or not space:
        return text
    sizes = [int(size) for size in found[4].split(",")]
    names = [f"entering{axis}" for axis in range(len(sizes))]
    parameters = ", ".join(filter(None, (found[2], *(f"{n} = {s}" for n, s in zip(names, sizes, strict=True)))))
    rest = text[space.end() :]
    given = _in_parentheses(rest)
    line, _, _ = rest[len(given) :].partition("\n")
    spaces = []
    for i in range(4):
        axis = rng.randrange(len(sizes))
        changed = {names[axis], *rng.sample(names, rng.choice((0, 0, 1)))}
        other = {name: rng.choice((1, size + 1, size + 2, 2 * size)) for name, size in zip(names, sizes, strict=True)}
        inside = ", ".join(
            filter(None, (given[1:-1], *(f"{name} = {other[name]}" for name in names if name in changed)))
        )
        spaces.append(f"space entered{i}{space[1] or ''} = {found[1]}({inside}){line}\n")
    entering = f"meta {found[1]}({parameters}) on {found[3]}({', '.join(names)})"
    return f"{text[: found.start()]}{entering}{text[found.end() :]}\n{''.join(spaces)}"


def _in_parentheses(text: str) -> str:
    """What a text begins with, up to the end of the parentheses that it opens."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return text[: place + 1] if character == ")" else ""
    return ""


def same_without_copies(text: str) -> None:
    with_copies = checked(text, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(instances, "copied", lambda *_: None)
        patch.setattr(Bodies, "begun", lambda *_: None)
        assert with_copies == 2 * checked(text)
