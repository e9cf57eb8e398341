"""What was made is kept, up to so many bytes; what was not asked for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

import numpy.typing as npt

K = TypeVar("K", bound=Hashable)


class BoundedCache(Generic[K]):
    """Arrays by key, made by ``make`` where they are not there. For several threads: two may make the same one."""

    def __init__(self, make: Callable[[K], npt.NDArray[Any]], bytes: int) -> None:
        self._make, self._bytes, self._held = make, bytes, 0
        self._arrays: OrderedDict[K, npt.NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes that it holds."""
        return self._held

    def __getitem__(self, key: K) -> npt.NDArray[Any]:
        with self._lock:
            found = self._arrays.get(key)
            if found is not None:
                self._arrays.move_to_end(key)
                return found
        made = self._make(key)
        with self._lock:
            if key not in self._arrays and made.nbytes <= self._bytes:
                self._arrays[key] = made
                self._held += made.nbytes
                while self._held > self._bytes:
                    self._held -= self._arrays.popitem(last=False)[1].nbytes
        return made
