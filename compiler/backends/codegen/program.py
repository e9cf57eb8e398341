"""What code is generated from: statements in order, each in a scope. Both the discrete network and the supernet are
lowered to this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...ir.graph import Scope
from ...ir.operation import TensorShape


@dataclass(frozen=True, slots=True)
class Import:
    """A class of the user's: ``from module import name as alias``."""

    module: str
    name: str
    alias: str

    def __str__(self) -> str:
        return f"from {self.module} import {self.name}{f' as {self.alias}' if self.alias != self.name else ''}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One value of the forward pass.

    ``call`` is an expression in which ``{0}``, ``{1}``, … stand for the values of the statements ``inputs``, and
    ``{m}`` for the module that ``module`` (an expression) constructs. ``name`` is what module and variable are
    called. ``shape`` is None for what is no activation. An input of the network has an empty ``call``.
    ``kind``: ``weights`` of a decision, whose ``name`` is the decision's path; ``held``, a module that has no call of
    its own: statements that read it stand for the module. Modules are made by ascending ``order``, then in the order of
    statements.
    """

    id: int
    name: str
    scope: int
    inputs: tuple[int, ...]
    call: str
    shape: TensorShape | None
    module: str | None = None
    frozen: bool = False
    kind: Literal["value", "weights", "held"] = "value"
    order: int = -1
    prepared: str = ""


@dataclass(frozen=True, slots=True)
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
