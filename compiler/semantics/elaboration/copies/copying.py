"""An application as a copy of an earlier one."""

from __future__ import annotations

from collections.abc import Iterable

from ....diagnostics.source import Span
from ....ir.graph import Edge, Node
from ..context import Context, rebased
from ..state.limits import DEPTH_LIMIT
from ..state.state import State
from ..values import Called, Tensor, Value
from .alike import seen, tensors_of
from .anew import anew
from .renamed import OutOfOrder, Renamed
from .stamp import Stamp


def copied(
    state: State, stamp: Stamp, called: Called, value: Value, inside: Context, context: Context
) -> Tensor | None:
    """What the application of ``stamp`` makes of other inputs, as if ``called`` were applied to ``value`` in
    ``context``, with its body in ``inside``; None where that has to be elaborated, and nothing was made."""
    span, tensors = called.span, tensors_of(value, called)
    other = stamp.state is not state
    elsewhere = other or (stamp.inside.token, stamp.inside.path) != (inside.token, inside.path)
    # While something is wrong, all that is met on the way may be, too; and of what is warned, each call is told.
    if (elsewhere or stamp.span != span) and (stamp.told or any(state.mistakes.met)):
        return None
    if other and stamp.state.externs:
        return None  # they are the state's
    deepest = inside.depth + stamp.height
    if deepest > DEPTH_LIMIT:
        return None  # which is told where it is met
    first = stamp.nodes[0].id if stamp.nodes else 0
    try:
        decisions = None
        if stamp.met and elsewhere:
            decisions = anew(state, stamp, seen(called, value, context), inside, span)
            if decisions is None:
                return None
        outside = dict(zip(stamp.inputs, (t.node for t in tensors), strict=True))
        renamed = decisions.renamed if decisions is not None else None
        nodes = _nodes(state, stamp, outside, inside.place, span, renamed)
        type_ = stamp.result.type if renamed is None else renamed.type(stamp.result.type)
    except OutOfOrder:
        return None
    state.deepest = max(state.deepest, deepest)
    state.limits.room(len(nodes), span)
    state.limits.spend(len(nodes) + len(stamp.scopes) + 1, span)
    if decisions is not None:
        decisions.keep(state)
    else:
        state.decided.touched += stamp.met
        state.decided.compared += stamp.compared
    _scopes(state, stamp, inside.place, context.scope, span)
    shift = len(state.builder.nodes) - first
    for node, axis in stamp.read:
        state.read.append((node + shift if stamp.nodes and node >= first else outside.get(node, node), axis))
    state.builder.nodes += nodes
    last = stamp.result.node
    return Tensor(last + shift if stamp.nodes and last >= first else outside.get(last, last), type_)


def all_in_place(nodes: Iterable[Node]) -> bool:
    """Whether all nodes of an application are in its place. A switch that fills an input out of a list of open length
    is where the element is that it may take, which may be outside."""
    return not any(node.kind == "switch" and not node.name for node in nodes)


def _scopes(state: State, stamp: Stamp, place: str, around: int, span: Span) -> None:
    first = stamp.scopes[0].id
    shift = len(state.builder.scopes) - first
    for old in stamp.scopes:
        top = old.id == first
        parent = around if top else (old.parent or 0) + shift
        path = rebased(old.path, stamp.inside.place, place)
        name = old.name if old.kind == "iteration" else path.rpartition(".")[2]
        state.builder.scope(parent, name, old.callee, old.kind, path, span if top else old.span, old.weights)


def _nodes(
    state: State, stamp: Stamp, outside: dict[int, int], place: str, span: Span, renamed: Renamed | None
) -> list[Node]:
    """The nodes that the copy adds. Raises OutOfOrder."""
    if not stamp.nodes:
        return []
    first, first_scope = stamp.nodes[0].id, stamp.scopes[0].id
    shift, scopes = len(state.builder.nodes) - first, len(state.builder.scopes) - first_scope
    before, called = stamp.inside.place, stamp.span
    names: dict[str, str] = {}
    made = []
    for node in stamp.nodes:
        type_, attrs, asks, decision, scope = node.type, node.attrs, node.asks, node.decision, node.scope
        edges = []
        if renamed is None:
            for edge in node.edges:
                source = edge.source
                here = source + shift if source >= first else outside.get(source, source)
                edges.append(Edge(here, edge.guard, edge.option))
        else:
            for edge in node.edges:
                source, guard = edge.source, edge.guard
                here = source + shift if source >= first else outside.get(source, source)
                edges.append(Edge(here, guard if guard is True else renamed.case(guard), edge.option))
            type_, attrs, asks = renamed.type(type_), renamed.attrs(attrs), renamed.asks(asks)
            decision = renamed.decision(decision)
        name = names.get(node.name)
        if name is None:
            name = names[node.name] = rebased(node.name, before, place)
        made.append(
            Node(
                node.id + shift,
                node.kind,
                node.op,
                tuple(edges),
                type_,
                scope + scopes if scope >= first_scope else scope,
                span if node.span is called else node.span,
                attrs,
                asks,
                decision,
                node.frozen,
                "",
                -1,
                name,
            )
        )
    return made
