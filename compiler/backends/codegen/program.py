"""What code is generated from: statements in order, each in a scope. Both the discrete network and the supernet are
lowered to this."""

from __future__ import annotations

from typing import Literal

from ...ir.graph import Scope
from ...ir.operation import TensorShape
from ...ops.torch.expressions import Expression
from ...record import record


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


@record
class Program:
    """``statements[i].id == i``, sources first. ``scope_names`` are the attributes that hold scopes in their parents.

    ``layers``: the classes of the torch lowering that constructors mention, ``externs`` those of the user's.
    """

    statements: tuple[Statement, ...]
    inputs: tuple[int, ...]
    outputs: tuple[tuple[str, int], ...]
    scopes: tuple[Scope, ...]
    scope_names: dict[int, str]
    layers: tuple[str, ...] = ()
    externs: tuple[Import, ...] = ()
