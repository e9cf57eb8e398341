"""The space graph as text, a line per node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..text.quoting import space_string, visible
from .decisions import Decision
from .diagram import IMPOSSIBLE, Case, Diagram, Variable, leaves
from .graph import CostConstraint, Edge, Node, SpaceGraph, TensorType

LIMIT = 120
"""Texts of guards and of values that depend on decisions are cut here."""


def print_ir(graph: SpaceGraph) -> str:
    """The whole graph: decisions, constraints, then nodes in order with their scopes.

    ``%12 = conv(%3, c=16, k=1x3x3) : clip(16, 8, 12, 12)``; the sources of a switch, a gate or a keep stand with
    the condition under which they are there; ``asks`` lists the decisions that a node asks for. A value that depends
    on decisions lists its cases. Once passes have given weights their names, an application has a ``key``.
    """
    return "\n".join(map(visible, _lines(graph))) + "\n"


def _lines(graph: SpaceGraph) -> Iterator[str]:
    parameters = ", ".join(f"{name} = {_value(value)}" for name, value in graph.parameters)
    yield f"space {graph.name}{f'({parameters})' if parameters else ''}"
    if graph.decisions:
        yield ""
        width = max(len(d.path) for d in graph.decisions)
        for d in graph.decisions:
            yield f"  d{d.id:<4} {d.path:<{width}}  {_decision(d)}"
    if graph.constraints:
        yield ""
        for c in graph.constraints:
            if isinstance(c, CostConstraint):
                low = f"{c.low:g} <= " if c.low is not None else ""
                high = f" <= {c.high:g}" if c.high is not None else ""
                place = f" in {c.other.name}" if c.other is not None else ""
                yield f"  where {low}{c.metric}{high}{place}"
            else:
                yield f"  where {guard_text(graph, c.condition)}"
    scope: int | None = None
    for node in graph.nodes:
        if node.scope != scope:
            scope = node.scope
            info = graph.scopes[scope]
            yield ""
            again = "  recomputed" if info.recompute else ""
            yield f"{info.kind} {info.callee}{again}{f'  # {info.path}' if info.path else ''}"
        yield f"  {node_text(graph, node)}"
    yield ""
    for name, id in graph.outputs:
        yield f"return {name} = %{id}"


def node_text(graph: SpaceGraph, node: Node) -> str:
    """One node as one line."""
    sources = [_edge(graph, node, edge) for edge in node.edges]
    attributes = [f"{name}={case_text(graph, case)}" for name, case in node.attrs]
    name = node.op if node.kind != "switch" else "switch"
    if node.kind == "input":
        name = f"input {node.op}"
    elif node.kind == "gate":
        name = "gate"
    arguments = "" if node.kind == "input" else f"({', '.join([*sources, *attributes])})"
    text = f"%{node.id} = {name}{arguments} : {type_text(graph, node.type)}"
    if node.decision is not None:
        text += f"  by d{node.decision}"
    asks = [
        f"d{a.decision}" if a.guard is True else f"d{a.decision} if {guard_text(graph, a.guard)}" for a in node.asks
    ]
    if asks:
        text += f"  asks {', '.join(asks)}"
    if node.frozen:
        text += "  frozen"
    return f"{text}  key {node.key}" if node.key else text


def _edge(graph: SpaceGraph, node: Node, edge: Edge) -> str:
    """A source with its condition: ``sep3: %7`` where that is just the node's own decision, else ``%7 if …``."""
    if edge.guard is True:
        return f"%{edge.source}"
    if node.decision is not None and edge.option is not None and type(edge.guard) is Diagram:
        decision = graph.decisions[node.decision]
        element = decision.kind == "keep"
        if not element or edge.option < len(decision.variables):
            variable = decision.variables[edge.option if element else 0]
            if edge.guard is graph.diagrams.test(variable, 1 if element else edge.option):
                return f"{decision.options[edge.option]}: %{edge.source}"
    return f"%{edge.source} if {guard_text(graph, edge.guard)}"


def type_text(graph: SpaceGraph, type: TensorType) -> str:
    return f"{type.layout}({', '.join(case_text(graph, d) for d in type.dims)})"


def case_text(graph: SpaceGraph, case: Case) -> str:
    """A value, or the cases of one that depends on decisions: ``{1x3x3, 3x3x3}``."""
    if type(case) is not Diagram:
        return _value(case)
    return _cut("{" + ", ".join(_value(v) for v in leaves(case)) + "}")


def guard_text(graph: SpaceGraph, guard: Case) -> str:
    """A condition in terms of decisions' paths: ``x[1].kind = sep3``; alternatives are joined by ``or``."""
    owner = {v.index: d for d in graph.decisions for v in d.variables}

    def walk(case: Case) -> str | None:
        """The text of a condition; None is `never`, "" is `always`."""
        if type(case) is not Diagram:
            return "" if case is True else None
        groups: dict[str, list[int]] = {}
        for answer, child in enumerate(case.children):
            rest = None if child is IMPOSSIBLE else walk(child)
            if rest is not None:
                groups.setdefault(rest, []).append(answer)
        texts = []
        for rest, answers in groups.items():
            if len(answers) == case.variable.arity:
                return rest
            test = _test(owner[case.variable.index], case.variable, answers)
            texts.append(f"{test} and {rest}" if rest else test)
        if len(texts) == 1:
            return texts[0]
        return f"({' or '.join(texts)})" if texts else None

    text = walk(guard)
    return "never" if text is None else _cut(text) if text else "always"


def _test(decision: Decision, variable: Variable, answers: list[int]) -> str:
    if variable.element is not None:
        place = f"{decision.path}[{decision.options[variable.element]}]"
        return place if answers == [1] else f"not {place}"
    if decision.kind == "gate":
        return decision.path if answers == [1] else f"not {decision.path}"
    names = [decision.options[a] for a in answers]
    return f"{decision.path} = {names[0]}" if len(names) == 1 else f"{decision.path} in {{{', '.join(names)}}}"


def _decision(d: Decision) -> str:
    label = f' "{d.label}"' if d.label and not d.path.endswith(d.label) else ""
    match d.kind:
        case "choose":
            return f"choose {{{', '.join(d.options)}}}{label}"
        case "count":
            return f"count {d.options[0]}..{d.options[-1]}{label}"
        case "gate":
            return f"gate{label}"
        case "keep":
            low, high = d.sizes or (0, len(d.options))
            size = f"{low}" if low == high else f"{low}..{high}"
            return f"{'site, keep' if d.trivial else 'keep'} {size} of {len(d.options)}{label}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple) and value and all(type(v) is int for v in value):
        return "x".join(map(str, value)) if len(value) > 1 else f"({value[0]})"
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_value(v)}" for k, v in value.items()) + "}"
    return space_string(value) if isinstance(value, str) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LIMIT else f"{text[: LIMIT - 1]}…"
