"""Tensors are laid out plainly where PyTorch needs that: before a group-norm that no weights precede."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from typing import Final

from ...ops.torch.expressions import Attribute, Call, Expression, Literal, Name, Slot, filled, method
from ..codegen.program import Program, Statement

_LEARNT: Final = ("Conv1d", "Conv2d", "Conv3d", "Linear")
"""Modules that have weights whatever they are made with; others are taken for ones without."""


def plain_layouts(program: Program) -> Program:
    """``program`` with a copy in the plain order, ``x.contiguous()``, before each group-norm that may read what needs
    no gradient.

    The backward pass of PyTorch 2.13 ends the process on CPUs where the input of a group-norm with weights is laid out
    channels last (as runs lay out samples, and as tokens become an image) and needs no gradient. Behind a learnt
    convolution the input needs one. Plain tensors are not copied.
    """
    learnt = _behind_weights(program)
    norms = {s.id for s in program.statements if _is_group_norm(s.module) and not s.frozen}
    if not norms:
        return program
    return replace(
        program, statements=tuple(_laid_out(s, program.statements, norms, learnt) for s in program.statements)
    )


def _behind_weights(program: Program) -> set[int]:
    """The statements whose value needs a gradient whenever weights are trained, whatever is chosen."""
    statements, externs = program.statements, {extern.alias for extern in program.externs}
    found: set[int] = set()
    for statement in statements:
        if _may_cut(statement, externs):
            continue
        read = [i for i in statement.inputs if statements[i].kind == "value"]
        held = [i for i in statement.inputs if statements[i].kind == "held"]
        own = not statement.frozen and _is_learnt(statement.module)
        if own or any(i in found for i in held) or (read and all(i in found for i in read)):
            found.add(statement.id)
    return found


def _may_cut(statement: Statement, externs: Container[str]) -> bool:
    """Whether no gradient may reach what a statement reads: zeros read its number of samples alone, and operators of
    the user's may do anything."""
    match statement.module, statement.call:
        case Call(Name(name)), _:
            return name in externs
        case _, Call(Attribute(_, "new_zeros")):
            return True
    return False


def _laid_out(statement: Statement, statements: Sequence[Statement], norms: set[int], learnt: set[int]) -> Statement:
    used = (statement.id, *(i for i in statement.inputs if statements[i].kind == "held"))
    if statement.call is None or norms.isdisjoint(used):
        return statement
    bare: dict[int | str, Expression] = {
        slot: method(Slot(slot), "contiguous")
        for slot, i in enumerate(statement.inputs)
        if statements[i].kind == "value" and i not in learnt
    }
    return replace(statement, call=filled(statement.call, bare))


def _module(made: Expression | None) -> tuple[str, Call] | None:
    """The name of a class of ``torch.nn`` and its call."""
    match made:
        case Call(Attribute(Name("nn"), name)):
            return name, made
    return None


def _is_learnt(made: Expression | None) -> bool:
    found = _module(made)
    return found is not None and found[0] in _LEARNT


def _is_group_norm(made: Expression | None) -> bool:
    found = _module(made)
    return found is not None and found[0] == "GroupNorm" and ("affine", Literal(False)) not in found[1].named
