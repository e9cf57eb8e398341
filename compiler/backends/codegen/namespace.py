"""The names of generated code. Attributes, which name weights, are given by ``compiler/ir/names.py``; all else here:
classes, parameters and variables never hide what Python or the module needs."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Collection, Iterable, Iterator
from itertools import chain, count
from typing import Final

from .kernel_table import KERNELS

PYTHON: Final = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins))) - {"_"}  # the last value of a prompt
_TORCH: Final = frozenset({"annotations", "torch", "nn", "F"})
NETWORK: Final = _TORCH | {"Network", "frozen", "model", "outputs"}
"""What the file of one network defines besides its classes."""
SUPERNET: Final = _TORCH | {"SearchNetwork", "ROWS", *KERNELS}
"""The same for a supernet's."""
INSIDE: Final = frozenset({"self", "weights"})
"""Variables that methods have anyway."""


class Namespace:
    """Hands out the names of one scope. ``reserved``: what it must not hide, besides what is Python's."""

    def __init__(self, reserved: Collection[str]) -> None:
        self._reserved = PYTHON | set(reserved)
        self._taken: set[str] = set()

    def take(self, names: Iterable[str]) -> None:
        """These names are somebody else's."""
        self._taken.update(names)

    def inner(self, reserved: Collection[str]) -> Namespace:
        """That of a scope inside, which hides nothing of this one."""
        return Namespace((*self._reserved, *self._taken, *reserved))

    def variable(self, wanted: str) -> str:
        """``conv``, then ``conv_2``; ``max_`` where the name is reserved."""
        first, base = f"{wanted}_" if wanted in self._reserved else wanted, wanted.rstrip("_")
        return self._first(chain([first], (f"{base}_{n}" for n in count(2))))

    def type(self, wanted: str) -> str:
        """``Block``, then ``Block2``."""
        joint = "_" if wanted[-1].isdigit() else ""
        return self._first(chain([wanted], (f"{wanted}{joint}{n}" for n in count(2))))

    def imported(self, wanted: str) -> str:
        """``Block``, then ``Block_2``; none with two underscores before it, which Python changes inside classes."""
        base = wanted.lstrip("_") or "extern" if wanted.startswith("__") or wanted == "_" else wanted
        return self._first(chain([base], (f"{base}_{n}" for n in count(2))))

    def _first(self, names: Iterator[str]) -> str:
        name = next(name for name in names if name not in self._reserved and name not in self._taken)
        self._taken.add(name)
        return name
