"""What code is generated from: statements in order, each in a scope. Both the discrete network and the supernet are
lowered to this."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from ...ir.diagram import Guard
from ...ir.graph import Scope, SpaceGraph
from ...ir.operation import TensorShape
from ...ops.torch.expressions import Expression
from ...record import record

OPEN: Final = -1
"""In the shape of a statement, an axis whose size depends on decisions."""


@record
class Import:
    """A class of the user's: ``from module import name as alias``."""

    module: str
    name: str
    alias: str


@record
class Statement:
    """One value of the forward pass.

    ``call`` is an expression with slots: by number for the values of the statements ``inputs``, ``MODULE`` for what
    ``module`` constructs, ``PREPARED`` for what the constructor keeps of ``prepared``. ``name`` is what module and
    variable are called. ``shape`` is None for what is no activation. An input of the network has no ``call``.
    ``kind``: ``weights`` of a decision, whose ``name`` is the decision's path; ``held``, a module that has no call of
    its own: statements that read it stand for the module. Modules are made by ascending ``order``, then in the order of
    statements.
    Where one path is computed, ``need`` is the condition under which this is, and a statement with ``cases`` is the
    value of that statement whose condition holds; all these are among its ``inputs``.
    """

    id: int
    name: str
    scope: int
    inputs: tuple[int, ...]
    call: Expression | None
    shape: TensorShape | None
    module: Expression | None = None
    frozen: bool = False
    kind: Literal["value", "weights", "held"] = "value"
    order: int = -1
    prepared: Expression | None = None
    need: Guard = True
    cases: tuple[tuple[Guard, int], ...] = ()


@record(eq=False)
class Path:
    """What the code of a network that computes one path goes by. ``graph``: whose decisions conditions are over;
    ``decisions``: the statement of kind ``weights`` of each, which stands for the value that the path has there.
    ``drawn``: the network draws a path for each pass, and does not hold one."""

    graph: SpaceGraph
    decisions: Mapping[int, int]
    drawn: bool = False


@record
class Program:
    """``statements[i].id == i``, sources first. ``scope_names`` are the attributes that hold scopes in their parents.

    ``layers``: the classes of the torch lowering that constructors mention, ``externs`` those of the user's. ``path``:
    for a network that computes one path, None for one that computes all its statements.
    """

    statements: tuple[Statement, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[str, int], ...]
    scopes: tuple[Scope, ...]
    scope_names: dict[int, str]
    layers: tuple[str, ...] = ()
    externs: tuple[Import, ...] = ()
    path: Path | None = None
