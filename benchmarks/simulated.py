"""An engine whose trials take no time: they end by a simulated clock, on which what this process does is charged."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from stdsl.runtime.engines.contract import Done, Fault, Plain


@dataclass
class SimulatedEngine:
    """``seconds``: how long a piece of work takes by its payload, ``value`` what it comes to; of those that are
    ``lost`` the first attempt comes to nothing. ``charged``: the seconds between two calls, in which this process
    proposes, stores and dispatches, pass on the simulated clock too."""

    slots: int
    seconds: Callable[[Plain], float]
    value: Callable[[Plain], Plain]
    lost: Callable[[Plain], bool]
    charged: bool = True
    now: float = 0.0
    own: float = 0.0
    intervals: list[tuple[float, float]] = field(default_factory=list)
    _ends: list[tuple[float, str]] = field(default_factory=list)
    _pieces: dict[str, Plain] = field(default_factory=dict)
    _attempts: dict[str, int] = field(default_factory=dict)
    _left: float | None = None

    def submit(self, id: str, payload: Plain, timeout: float | None = None) -> None:
        self._enter()
        end = self.now + self.seconds(payload)
        self.intervals.append((self.now, end))
        heapq.heappush(self._ends, (end, id))
        self._pieces[id] = payload
        self._attempts[id] = self._attempts.get(id, 0) + 1
        self._leave()

    def wait(self, seconds: float) -> Done | None:
        self._enter()
        end, id = heapq.heappop(self._ends)
        self.now = max(self.now, end)
        payload = self._pieces.pop(id)
        if self._attempts[id] == 1 and self.lost(payload):
            done = Done(id, fault=Fault("lost", "signal SIGKILL: it said nothing"))
        else:
            done = Done(id, self.value(payload))
        self._leave()
        return done

    def cancel(self, id: str) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> SimulatedEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def busy(self, share: float = 0.9) -> float:
        """The share of the hands' time in which they trained, while the middle ``share`` of all pieces were begun:
        before that, and behind it, there is not enough to begin."""
        starts = sorted(start for start, _ in self.intervals)
        first = starts[int(len(starts) * (1 - share) / 2)]
        last = starts[int(len(starts) * (1 + share) / 2)]
        trained = sum(max(0.0, min(end, last) - max(start, first)) for start, end in self.intervals)
        return trained / (self.slots * (last - first))

    def _enter(self) -> None:
        if self._left is not None:
            passed = time.perf_counter() - self._left
            self.own += passed
            if self.charged:
                self.now += passed

    def _leave(self) -> None:
        self._left = time.perf_counter()
