"""What is wrong with an `extern loss` as it is written, whether a search uses it or not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, get_args

from ...diagnostics.externs import BadExtern
from ...diagnostics.model import Diagnostic
from ...diagnostics.names import nearest
from ...frontend import ast
from .extern_blocks import PLAIN, problems_of_head, problems_of_name

KEYS: Final = ("tasks",)


def problems(declaration: ast.ExternLossDecl) -> Iterator[Diagnostic]:
    """A diagnostic for each mistake that can be seen without what the file's names mean."""
    from ...schemas.constructors import constructor_name
    from ...schemas.tasks.losses import LOSSES

    name = declaration.name.id
    yield from problems_of_name(declaration, "loss", tuple(map(constructor_name, LOSSES)))
    yield from problems_of_head(declaration, "loss", "my_pkg.losses:Focal", PLAIN)
    seen: set[str] = set()
    for item in declaration.section.items:
        if not isinstance(item, ast.Setting):
            advice = "its one key: `tasks = [classification, dense]`"
            yield BadExtern(item.span, name, "a block of an extern loss holds no other block", advice, "loss")
            continue
        key = item.key.id
        if key not in KEYS:
            near = nearest(key, KEYS)
            advice = f"did you mean `{near}`?" if near else "its one key: `tasks = [classification, dense]`"
            yield BadExtern(item.key.span, name, f"`{key}` is nothing that a loss has", advice, "loss")
        elif key in seen:
            yield BadExtern(item.key.span, name, f"`{key}` is given twice", "remove one of them", "loss")
        elif tasks_in(item.value) is None:
            words = ", ".join(f"`{task}`" for task in task_names())
            advice = f"write one of {words}, or several in brackets"
            yield BadExtern(item.value.span, name, "`tasks` names no tasks", advice, "loss")
        seen.add(key)


def task_names() -> tuple[str, ...]:
    """All tasks. Schemas of settings are imported where a text has any of that alone."""
    from ...schemas.tasks.task import TaskName

    return get_args(TaskName)


def tasks_in(value: ast.Expr) -> tuple[str, ...] | None:
    """The tasks that a block names; None where it names something else, or nothing."""
    known = task_names()
    items = value.items if isinstance(value, ast.List) else (value,)
    words = tuple(item.id for item in items if isinstance(item, ast.Name) and item.id in known)
    return words if words and len(words) == len(items) == len(set(words)) else None
