"""Whether the outputs of every architecture depend on the inputs, and why not."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from ..analysis.architecture import Architecture
from ..analysis.dependence import Cause, Dependence, cause
from ..diagnostics.dependence import OutputWithoutInput
from ..diagnostics.model import Label, Origin
from ..frontend.stack import deep_stack
from ..ir.decisions import answers_in_words
from ..ir.diagram import DiagramTooLarge, Guard, support
from ..ir.graph import Edge, Node, SpaceGraph

STEPS = 20_000
"""Steps on diagrams, a tenth of a second; what takes more is left out."""
CAUSES = 8
"""Of one output no more are told."""
WORDS = 100
"""Of so many answers it is looked at whether a witness can be told without them."""


def outputs_without_input(graph: SpaceGraph) -> list[tuple[OutputWithoutInput, Architecture]]:
    """A warning for every place where an output loses the inputs, with a smallest architecture that shows it."""
    with deep_stack():
        return list(_warnings(graph))


def _warnings(graph: SpaceGraph) -> Iterator[tuple[OutputWithoutInput, Architecture]]:
    with _bounded(graph):
        found = list(_losses(graph))
    told: set[object] = set()
    for output, names, dependence, condition in found:
        for diagnostic, architecture in _causes(graph, output, names, dependence, condition):
            if diagnostic.span not in told:
                told.add(diagnostic.span)
                yield diagnostic, architecture


@contextmanager
def _bounded(graph: SpaceGraph) -> Iterator[None]:
    graph.diagrams.steps = STEPS
    try:
        yield
    finally:
        graph.diagrams.steps = math.inf


def _losses(graph: SpaceGraph) -> Iterator[tuple[tuple[str, int], tuple[str, ...], Dependence, Guard]]:
    """Outputs with the inputs that they lose, and where: all inputs, or one by a product with zero. That another input
    is taken instead of one may be meant."""
    whole = Dependence(graph, graph.inputs)
    names = [graph.nodes[id].op for id in graph.inputs]
    told: dict[int, Guard] = {}
    for output in graph.outputs:
        condition = told[output[1]] = whole.lost.get(output[1], False)
        if condition is not False:
            yield output, tuple(names if len(names) > 1 else ()), whole, condition
    if len(names) == 1 or not whole.vanishing:
        return
    for name, input in zip(names, graph.inputs, strict=True):
        lost, chosen = Dependence(graph, (input,)), Dependence(graph, (input,), products=False)
        if not (whole.exact and lost.exact and chosen.exact):
            continue
        for output in graph.outputs:
            diagrams, id = graph.diagrams, output[1]
            try:
                other = diagrams.either(chosen.lost.get(id, False), told[id])
                condition = diagrams.both(lost.lost.get(id, False), diagrams.negate(other))
            except DiagramTooLarge:
                continue
            if condition is not False:
                yield output, (name,), lost, condition


def _causes(
    graph: SpaceGraph, output: tuple[str, int], names: tuple[str, ...], dependence: Dependence, condition: Guard
) -> Iterator[tuple[OutputWithoutInput, Architecture]]:
    from .smallest import smallest_within

    left = condition
    for _ in range(CAUSES):
        found = smallest_within(graph, left) if left is not False else None
        if found is None:
            return
        architecture, answers = found
        why = cause(dependence, answers, output[1])
        if why is None:
            return
        place = graph.nodes[why.node]
        words = answers_in_words(
            graph.decisions, graph.diagrams.variables, _deciding(graph, condition, answers, architecture)
        )
        name = output[0] if len(graph.outputs) > 1 else ""
        yield _said(graph, why, name, names, words), architecture
        alike = [n for n in graph.nodes if n.kind == place.kind and n.span == place.span]
        try:
            with _bounded(graph):
                same = (replace(why, node=node.id) for node in alike)
                elsewhere = [graph.diagrams.negate(dependence.holds(other)) for other in same]
                left = graph.diagrams.all((left, *elsewhere))
        except DiagramTooLarge:
            return


def _deciding(
    graph: SpaceGraph, condition: Guard, answers: Mapping[int, int], architecture: Architecture
) -> dict[int, int]:
    """Answers that make a condition true whatever the others are, none of which can be left out: those of decisions
    that are not active, and later ones, are left out first."""
    diagrams, left = graph.diagrams, {v.index: answers[v.index] for v in support(condition)}
    active = {graph.by_path[path].id for path in architecture}
    for index in sorted(left, key=lambda i: (diagrams.variables[i].decision in active, -i))[:WORDS]:
        fewer = {i: answer for i, answer in left.items() if i != index}
        if diagrams.restrict(condition, fewer) is True:
            left = fewer
    return left


def _said(graph: SpaceGraph, why: Cause, output: str, inputs: tuple[str, ...], words: str) -> OutputWithoutInput:
    node = graph.nodes[why.node]
    product = graph.nodes[why.product] if why.product is not None else None
    if node.kind == "gate":
        place = graph.decisions[node.decision].span if node.decision is not None else node.span
        said, advice = "zero where it is off", _of_gate(graph, node, product)
    else:
        decision = graph.decisions[node.decision] if node.decision is not None else None
        place = decision.span if decision is not None and not why.parts else node.span
        said = "nothing that it has depends on the input" if why.parts else "zero where nothing is kept"
        if decision is None and not why.parts:
            said = "zero where nothing is there"
        advice = _of_reduce(place.text, why.parts)
    labels = (Label(product.span, "a product with zero"),) if product is not None and product.span != place else ()
    origins = (Origin(graph.span, graph.meta, graph.name),)
    return OutputWithoutInput(place, output, inputs, words, said, advice, labels, origins=origins)


def _of_reduce(text: str, parts: bool) -> str:
    if parts:
        return "let one of its parts be there always, without `maybe`"
    more = re.sub(r"\bkeep\s+0\s*\.\.", "keep 1..", " ".join(text.split()))
    if more != " ".join(text.split()):
        return f"let it keep one at least: `{more}`"
    return "let something be in the list always, such as `[x, …]`"


def _of_gate(graph: SpaceGraph, gate: Node, product: Node | None) -> str:
    operand, label = _operand(gate.span.text)
    if product is not None:
        scope = graph.scopes[product.scope]
        whole = scope.callee if scope.kind == "op" and scope.callee else "…"
        return f"a factor that is off makes the product zero: choose the whole product, `choose {{identity, {whole}}}`"
    if _fits(graph, gate):
        return f"did you mean `choose {{identity, {operand}}}{label}`?"
    return "leave `maybe` out, or give another way beside it: `[x -> …, x -> maybe …] -> sum`"


def _operand(text: str) -> tuple[str, str]:
    """What `maybe` is said of, as an alternative, and ` as label`."""
    words = re.sub(r"^maybe\s+", "", " ".join(text.split()))
    found = re.fullmatch(r"(.*?)( as \w+)?", words)
    assert found is not None
    operand, label = found[1], found[2] or ""
    if len(operand) > 60:
        operand = "…"
    if not re.fullmatch(r"[\w.]+(\([^()]*\))?|…", operand):
        operand = re.sub(r"^\(([^()]*(?:\([^()]*\)[^()]*)*)\)$", r"\1", operand)
        operand = f"block: {operand}"
    return operand, label


def _fits(graph: SpaceGraph, gate: Node) -> bool:
    """Whether a gate is of an operator whose output is of its input's shape, so that `identity` can stand for it."""
    entering: set[int] = set()
    waiting, seen = [gate.edges[0]], set[int]()
    while waiting:
        edge: Edge = waiting.pop()
        if edge.source in seen:
            continue
        seen.add(edge.source)
        node = graph.nodes[edge.source]
        if _within(graph, node, gate):
            waiting += node.edges
        else:
            entering.add(node.id)
    if entering == {gate.edges[0].source} or len(entering) != 1:
        return False
    return graph.nodes[entering.pop()].type == gate.type


def _within(graph: SpaceGraph, node: Node, gate: Node) -> bool:
    """Whether what `maybe` is said of computes a node: its text stands there, or a call that does has led to it."""
    scope, span = node.scope, node.span
    while scope != gate.scope:
        parent, call = graph.scopes[scope].parent, graph.scopes[scope].span
        if parent is None or call is None:
            return False
        scope, span = parent, call
    return span.source is gate.span.source and gate.span.start <= span.start and span.end <= gate.span.end
