"""Values of settings that are code of the user's: `data = mine(…)`, `loss = focal(…)`."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...diagnostics.source import Span
from ...frontend import ast
from ...schemas.expectation import Declared
from ...schemas.extern_code import ExternCode
from ...schemas.tasks.loss_extern import ExternLoss
from ..text.extern_loss import tasks_in
from .environment import Env
from .extern_code import Use, use, with_argument
from .extern_data import stated_data
from .tree import Leaf

_KINDS = {"data": ast.ExternDataDecl, "loss": ast.ExternLossDecl}


def is_extern(name: str, declared: Declared | None, env: Env) -> bool:
    """Whether a name is that of data, or of a loss, that a text declares. ``declared``: which of them."""
    found = env.module.lookup(name)
    return found is not None and declared is not None and isinstance(found[0], _KINDS[declared])


def extern_names(declared: Declared, env: Env) -> tuple[str, ...]:
    """The names of all data, or losses, that the text at hand declares or imports."""
    return tuple(name for name in env.module.names() if is_extern(name, declared, env))


def extern_value(reference: ast.Name | ast.Call, env: Env) -> Leaf:
    """What `mine` or `mine(…)` stands for. Raises :class:`Stop` where something is wrong with it."""
    return Leaf(reference.span, _stated(use(reference, env), env))


def with_argument_of(node: Leaf, way: Sequence[str], place: Span, value: Callable[[bool], ast.Expr], env: Env) -> Leaf:
    """The same with one of its arguments replaced, as `--set data.root=…` does. ``place``: where that is named.
    ``value``: what it is, of a parameter that is a text or is not."""
    code = node.data
    assert isinstance(code, ExternCode)
    return Leaf(node.span, _stated(with_argument(code.kind, code.arguments, way, place, value, env), env))


def _stated(use: Use, env: Env) -> ExternCode:
    if isinstance(use.declaration, ast.ExternDataDecl):
        return stated_data(use, env)
    block = use.block()
    tasks = tasks_in(block["tasks"]) if "tasks" in block else ()
    facts = {**use.facts(), "tasks": tasks}
    return ExternLoss(**facts).at(use.declaration.name.span, env.module.allow_extern)
