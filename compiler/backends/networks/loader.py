"""Imports generated text as a module, so that debuggers, tracebacks and ``inspect.getsource`` show it. Its classes know
the data that they were printed from."""

from __future__ import annotations

import hashlib
import linecache
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Final

from ..codegen.definitions import Class
from ..codegen.render import Source

if TYPE_CHECKING:
    from torch import nn

_DEFINITION: Final = "_definition"
"""Of a generated class. No attribute of the user's: names of theirs never begin with an underscore."""


def load(source: Source, kind: str) -> ModuleType:
    """The module that a source defines. Equal texts are one module; ``kind`` is part of its name."""
    text = source.text
    name = f"stdsl_generated_{kind}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    known = sys.modules.get(name)
    if known is not None:
        return known
    filename = f"<{name}>"
    # Without a loader and with the modification time None, linecache never drops the lines.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module = ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module
    try:
        exec(compile(text, filename, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    for found in source.classes:
        setattr(getattr(module, found.name), _DEFINITION, found)
    return module


def definition_of(module: nn.Module) -> Class | None:
    """What the class of a module was printed from; None for one that is not generated."""
    found = vars(type(module)).get(_DEFINITION)
    return found if isinstance(found, Class) else None
