"""The engine without processes: work is done in this one, piece by piece. For debugging, and where the data is in this
process alone."""

from __future__ import annotations

from collections import deque
from functools import partial

from ..training.interruption import Interrupted, Interruption
from .contract import Doing, Done, Fault, Hear, Plain, Work, name_of, words_of
from .working import STOPPED


class HereEngine:
    """See :class:`.contract.Engine`. A crash of its work is one of this process, and a time-out cannot be held.

    ``doing``: in place of what ``work`` would prepare; ``interruption``: of this process.
    """

    def __init__(
        self, work: Work | None, hear: Hear, interruption: Interruption | None = None, doing: Doing | None = None
    ) -> None:
        self._work, self._hear, self._doing = work, hear, doing
        self._interruption = interruption or Interruption()
        self._waiting: deque[tuple[str, Plain]] = deque()

    @property
    def slots(self) -> int:
        return 1

    def submit(self, id: str, payload: Plain, timeout: float | None = None) -> None:
        self._waiting.append((id, payload))

    def wait(self, seconds: float) -> Done | None:
        if not self._waiting:
            return None
        id, payload = self._waiting.popleft()
        if self._interruption.asked:
            return Done(id, fault=STOPPED)
        try:
            if self._doing is None:
                assert self._work is not None
                self._doing = self._work.doing()
            return Done(id, self._doing(payload, partial(self._hear, id), self._interruption))
        except Interrupted:
            return Done(id, fault=STOPPED)
        except Exception as error:
            return Done(id, fault=Fault("raised", words_of(error), name_of(error), error))

    def cancel(self, id: str) -> None:
        self._waiting = deque(piece for piece in self._waiting if piece[0] != id)

    def stop(self) -> None:
        self._interruption.asked = True

    def __enter__(self) -> HereEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        self._waiting.clear()
