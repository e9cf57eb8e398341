"""Imports generated text as a module, so that debuggers, tracebacks and ``inspect.getsource`` show it."""

from __future__ import annotations

import hashlib
import linecache
import sys
from types import ModuleType


def load_text(text: str, kind: str) -> ModuleType:
    """The module that ``text`` defines. Equal texts are one module; ``kind`` is part of its name."""
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
    return module
