"""Imports generated text as a module, so that debuggers, tracebacks and ``inspect.getsource`` show it. Its classes know
the data that they were printed from, and its networks are pickled with their text, so that another process has the
classes too."""

from __future__ import annotations

import hashlib
import linecache
import os
import sys
from collections.abc import Iterable
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakValueDictionary, finalize

from ...diagnostics.externs import ExternNotAllowed
from ...diagnostics.model import SpaceError
from ...ir.operation import Extern
from ...record import record
from ..codegen.definitions import Class
from ..codegen.render import Source
from ..lowering.externs import import_externs

if TYPE_CHECKING:
    from torch import nn

_DEFINITION: Final = "_definition"
"""Of a generated class. No attribute of the user's: names of theirs never begin with an underscore."""
_MODULE: Final = "_module"
"""The same: the module that it stands in, which lives as long as one of its classes."""
LEAVE: Final = "STDSL_ALLOW_EXTERN"
"""The variable of the environment that lets networks with extern operators be unpickled: no call could give leave."""


@record
class Origin:
    """What a generated module is made of: its name, its source, and the extern operators that it imports."""

    name: str
    source: Source
    externs: tuple[Extern, ...]

    def __deepcopy__(self, memo: object) -> Origin:
        return self  # nothing in it changes, and each part of a network that is copied would copy it


_LIVE: WeakValueDictionary[str, ModuleType] = WeakValueDictionary()
"""The modules of which a class or a network is in use. Who builds thousands of networks keeps those that they hold."""


class _Named(ModuleType):
    """What ``sys.modules`` has of a generated module, which it does not keep alive."""

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(_LIVE[self.__name__], name)
        except KeyError:
            raise AttributeError(f"{self.__name__} has no {name}") from None


def load(source: Source, kind: str, externs: Iterable[Extern] = ()) -> ModuleType:
    """The module that a source defines. Equal texts are one module; ``kind`` is part of its name. ``externs``: those
    of its operators, which are loaded already."""
    digest = hashlib.sha256(source.text.encode()).hexdigest()[:16]
    return _module(Origin(f"stdsl_generated_{kind}_{digest}", source, tuple(externs)))


def _module(origin: Origin) -> ModuleType:
    name, text = origin.name, origin.source.text
    known = _LIVE.get(name)
    if known is not None:
        return known
    filename = f"<{name}>"
    # Without a loader and with the modification time None, linecache never drops the lines.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
    module, named = ModuleType(name), _Named(name)
    module.__file__ = named.__file__ = filename
    sys.modules[name], _LIVE[name] = named, module
    finalize(module, _forget, name, named).atexit = False
    try:
        exec(compile(text, filename, "exec"), module.__dict__)
    except BaseException:
        del _LIVE[name]
        raise
    for found in origin.source.classes:
        made = getattr(module, found.name)
        setattr(made, _DEFINITION, found)
        setattr(made, _MODULE, module)
        made.__reduce_ex__ = _reducing(made, origin)
    return module


def _forget(name: str, named: ModuleType) -> None:
    if sys.modules.get(name) is named:  # else it was made anew meanwhile
        del sys.modules[name]
        linecache.cache.pop(f"<{name}>", None)


def module_of(network: nn.Module) -> ModuleType:
    """The generated module that the class of a network stands in."""
    found: ModuleType = getattr(type(network), _MODULE)
    return found


def definition_of(module: nn.Module) -> Class | None:
    """What the class of a module was printed from; None for one that is not generated."""
    found = vars(type(module)).get(_DEFINITION)
    return found if isinstance(found, Class) else None


def _reducing(made: type, origin: Origin) -> Any:
    """How modules of a generated class are pickled and copied: the text of the class, then their state as ever."""

    def reduce(module: Any, protocol: Any) -> Any:
        if type(module) is not made:  # a class that a user derived, which pickle finds by its name
            return object.__reduce_ex__(module, protocol)
        return unpickled, (origin, made.__name__), module.__getstate__()

    return reduce


def unpickled(origin: Origin, name: str) -> Any:
    """A module of a generated class, without its state. Raises SpaceError where extern operators are not loaded yet
    in this process, and may not or cannot be."""
    if origin.name not in _LIVE and origin.externs:
        if os.environ.get(LEAVE) != "1":
            raise SpaceError(ExternNotAllowed(None, e.name, e.target, LEAVE) for e in origin.externs)
        import_externs(origin.externs)
    made = getattr(_module(origin), name)
    return made.__new__(made)
