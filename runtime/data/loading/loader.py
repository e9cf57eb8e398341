"""Batches made ahead of time by worker threads; what they hold does not depend on how many there are."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

from ..batch import Batch
from .order import Order


class Loader:
    """The batches of an order up to step ``last`` (exclusive).

    With ``workers`` threads up to two batches each are made ahead; with none every batch is made when it is asked
    for. Each batch is a pure function of its step, so all give the same bits. Asking for a step out of turn starts
    again from there.
    """

    def __init__(self, order: Order, last: int, workers: int = 0) -> None:
        self.order, self.last, self.workers = order, last, workers
        self.waited = 0.0
        """Seconds that those who asked have waited."""
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="stdsl-data") if workers > 0 else None
        self._ahead: deque[tuple[int, Future[Batch]]] = deque()

    def at(self, step: int) -> Batch:
        started = time.monotonic()
        try:
            return self._at(step)
        finally:
            self.waited += time.monotonic() - started

    def _at(self, step: int) -> Batch:
        if self._pool is None:
            return self.order.at(step)
        if not self._ahead or self._ahead[0][0] != step:
            self.forget()
        upcoming = self._ahead[-1][0] + 1 if self._ahead else step
        while len(self._ahead) < 2 * self.workers and upcoming < max(self.last, step + 1):
            self._ahead.append((upcoming, self._pool.submit(self.order.at, upcoming)))
            upcoming += 1
        return self._ahead.popleft()[1].result()

    def close(self) -> None:
        self.forget()
        if self._pool is not None:
            self._pool.shutdown()

    def forget(self) -> None:
        """Drop what was made ahead; afterwards no thread is at work."""
        for _, future in self._ahead:
            if not future.cancel():
                future.exception()  # waits
        self._ahead.clear()
