"""What was made is kept, up to so many bytes; what was not asked for longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedCache(Generic[K, V]):
    """Values by key, at most ``bytes`` of them; ``weigh`` says how many one has. For several threads."""

    def __init__(self, bytes: int, weigh: Callable[[V], int]) -> None:
        self._bytes, self._weigh, self._held = bytes, weigh, 0
        self._values: OrderedDict[K, V] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """Bytes that it holds."""
        return self._held

    def found(self, key: K) -> V | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def keep(self, key: K, value: V) -> None:
        weight = self._weigh(value)
        with self._lock:
            if key not in self._values and weight <= self._bytes:
                self._values[key] = value
                self._held += weight
                while self._held > self._bytes:
                    self._held -= self._weigh(self._values.popitem(last=False)[1])

    def made(self, key: K, make: Callable[[K], V]) -> V:
        """That of ``key``, made where it is not there; two threads may make the same one."""
        value = self.found(key)
        if value is None:
            value = make(key)
            self.keep(key, value)
        return value
