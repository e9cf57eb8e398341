"""Loading the user's own classes, by leave alone."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any


class NotThere(Exception):
    """A class cannot be loaded; the text says why."""


class CodeFails(NotThere):
    """It is there, and its own code raised something."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {error}".rstrip(": "))


def own_class(target: str, folder: str | None, functions: bool = False) -> Any:
    """What ``target`` (`my_pkg.ops:Correlation`) names: a class, or with ``functions`` anything that can be called. Its
    module is looked for in ``folder`` after all usual places. Raises NotThere, CodeFails where the module raises."""
    module_name, _, name = target.partition(":")
    if folder is not None and folder not in sys.path:
        sys.path.append(folder)
    try:
        module = import_module(module_name)
    except Exception as error:  # the code of the user's may raise anything
        absent = isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}.")
        raise (NotThere(f"{type(error).__name__}: {error}") if absent else CodeFails(error)) from error
    found = getattr(module, name, None)
    if not isinstance(found, type) and not (functions and callable(found)):
        raise NotThere(f"{module_name} has {'no class' if found is None else 'something else'} of that name")
    return found
