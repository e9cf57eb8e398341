"""Budgets of a command line: constraints over costs as texts of their own."""

from __future__ import annotations

from collections.abc import Iterable

from ..diagnostics.constraints import BadConstraint
from ..diagnostics.model import Sink
from ..diagnostics.option import option_text
from ..frontend import ast
from ..frontend.parser import parse
from ..ir.graph import CostConstraint
from .elaboration.context import Context, Env
from .elaboration.state.limits import Abandoned
from .elaboration.state.state import State
from .elaboration.where import costs_alone
from .modules import Module

_OPTION = "--where "
_ADVICE = "write one comparison per cost: `flops <= 600M, params in 3M..6M`"


def budgets(texts: Iterable[str], sink: Sink) -> tuple[CostConstraint, ...]:
    """Of `flops <= 200M, params in 1M..2M` and the like; what is wrong goes into ``sink``, and is left out."""
    return tuple(constraint for text in texts for constraint in _budgets(text, sink))


def _budgets(text: str, sink: Sink) -> tuple[CostConstraint, ...]:
    source = option_text(_OPTION, text, "stdsl 1 space s = m where ")
    own = Sink()
    file = parse(source, own)
    sink.extend(own.diagnostics)
    if own.errors:
        return ()
    first = file.declarations[0]
    assert isinstance(first, ast.SpaceDecl)
    if len(file.declarations) > 1:
        sink.add(BadConstraint(source.value, "several things stand here, and conditions alone are asked for", _ADVICE))
        return ()
    env = Env(Module(source, file, source.name), Context("", "", 0, (0, "", ()), 0))
    try:
        return costs_alone(State(sink), first.where, env)
    except Abandoned:
        return ()
