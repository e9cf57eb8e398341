"""What an application added to the graph."""

from __future__ import annotations

from ....diagnostics.source import Span
from ....ir.decisions import Decision
from ....ir.graph import Node, Scope
from ....record import record
from ..context import Context
from ..state.decided import Instance
from ..state.state import State
from ..values import Tensor


@record(eq=False)
class Stamp:
    """An application of which nothing is wrong, to be copied for equal ones.

    ``nodes``, ``scopes``: what it added to the graph of ``state``. ``span``: the place of the call; ``inside``: the
    context of the body. ``inputs``: the nodes that enter. ``met``: the decisions that it met, each once; ``first``: the
    id of the first decision made since it began. ``compared``: the instances inside that decide alike. ``depth``: how
    many steps and calls led to it; ``height``: how many applications there are in each other inside it. ``told``:
    whether something was warned of. ``read``: as of :class:`State`, what the text read inside.
    """

    state: State
    nodes: tuple[Node, ...]
    scopes: tuple[Scope, ...]
    span: Span
    inside: Context
    inputs: tuple[int, ...]
    result: Tensor
    met: tuple[Decision, ...]
    first: int
    compared: tuple[Instance, ...]
    depth: int
    height: int
    told: bool
    read: tuple[tuple[int, int], ...]
