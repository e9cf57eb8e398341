"""The engine of several machines: pieces of work as tasks of a Ray cluster (extra `ray`).

Ray starts processes and moves what they are given and what they come to; which piece is tried again is nobody's
decision here. What pieces say on their way, and whether they are to stop, goes through an actor, the mailbox: where
that is lost with its machine, a new one is made, and nothing but words has gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from ..training.interruption import Interruption
from .contract import Doing, Done, Fault, Hear, Plain, Work, words_of
from .working import done_of, last_message, late, said_seldom

_LOOKS = 0.5
"""Seconds between looks whether a piece of work is to stop."""


class Mailbox:
    """What pieces of work said, and which of them are to stop. An actor of the cluster."""

    def __init__(self) -> None:
        self._messages: list[tuple[str, Plain]] = []
        self._stopping: set[str] = set()

    def put(self, id: str, message: Plain) -> None:
        self._messages.append((id, message))

    def take(self) -> list[tuple[str, Plain]]:
        found, self._messages = self._messages, []
        return found

    def stop(self, ids: list[str]) -> None:
        self._stopping = set(ids)

    def stopping(self, id: str) -> bool:
        return id in self._stopping


@dataclass
class _Piece:
    id: str
    attempt: str
    timeout: float | None
    deadline: float | None = None
    late: bool = False


class RayEngine:
    """See :class:`.contract.Engine`. ``address``: of a cluster (`auto`: the one that this machine belongs to); None:
    one of this machine alone, which ends with this process. ``hands``: pieces at a time; None: as many as the cluster
    has room for. ``cpus``, ``gpus``: what each piece takes of it.

    Raises ImportError where Ray is not installed, and ConnectionError where there is no such cluster.
    """

    def __init__(
        self,
        work: Work,
        hear: Hear,
        address: str | None = None,
        hands: int | None = None,
        cpus: float = 1.0,
        gpus: float = 0.0,
    ) -> None:
        ray: Any = import_module("ray")
        self._ray, self._hear = ray, hear
        self._own = not ray.is_initialized()
        if self._own:
            quietly = {"include_dashboard": False, "num_cpus": hands} if address is None else {}
            with _own_signals():
                ray.init(address=address, log_to_driver=False, logging_level="error", **quietly)
        self._work = ray.put(work)
        # A process that may not be shared does one piece of work, and ends.
        calls = {} if work.shared else {"max_calls": 1}
        self._task = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0, **calls)(_piece)
        self._mailbox = ray.remote(num_cpus=0, max_restarts=-1, max_task_retries=0)(Mailbox).remote()
        self._hands, self._cpus, self._gpus = hands, cpus, gpus
        self._pieces: dict[Any, _Piece] = {}
        self._ready: deque[Done] = deque()
        self._number = 0

    @property
    def slots(self) -> int:
        if self._hands is not None:
            return self._hands
        found: Mapping[str, float] = self._ray.cluster_resources()
        room = found.get("CPU", 0.0) / self._cpus if self._cpus else float("inf")
        if self._gpus:
            room = min(room, found.get("GPU", 0.0) / self._gpus)
        return max(1, int(room))

    def submit(self, id: str, payload: Plain, timeout: float | None = None) -> None:
        self._number += 1
        attempt = f"{id}/{self._number}"
        task = self._task.remote(self._work, attempt, payload, self._mailbox)
        self._pieces[task] = _Piece(id, attempt, timeout)

    def wait(self, seconds: float) -> Done | None:
        end = time.monotonic() + seconds
        while not self._ready:
            self._listen()
            left = end - time.monotonic()
            if left < 0 or not self._pieces:
                return None
            ended, _ = self._ray.wait(list(self._pieces), num_returns=1, timeout=min(left, _LOOKS))
            for task in ended:
                self._listen()
                piece = self._pieces.pop(task)
                self._ready.append(self._done(task, piece))
            for task, piece in self._pieces.items():
                if piece.deadline is not None and time.monotonic() >= piece.deadline and not piece.late:
                    piece.late = True
                    self._ray.cancel(task, force=True)
        return self._ready.popleft()

    def cancel(self, id: str) -> None:
        self._ready = deque(done for done in self._ready if done.id != id)
        for task in [task for task, piece in self._pieces.items() if piece.id == id]:
            del self._pieces[task]
            self._ray.cancel(task, force=True)

    def stop(self) -> None:
        for piece in self._pieces.values():
            piece.deadline, piece.timeout = None, None  # they end by themselves
        with self._tolerant():
            self._ray.get(self._mailbox.stop.remote([piece.attempt for piece in self._pieces.values()]))

    def __enter__(self) -> RayEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        for task in self._pieces:
            with self._tolerant():
                self._ray.cancel(task, force=True)
        self._pieces.clear()
        with self._tolerant():
            self._ray.kill(self._mailbox)
        if self._own:
            self._ray.shutdown()

    def _listen(self) -> None:
        """Take what pieces of work said. A mailbox that is being made anew says nothing."""
        with self._tolerant():
            messages = self._ray.get(self._mailbox.take.remote(), timeout=_LOOKS)
            attempts = {piece.attempt: piece for piece in self._pieces.values()}
            for attempt, message in messages:
                piece = attempts.get(attempt)
                if piece is None:
                    continue
                if "begun" in message:
                    piece.deadline = None if piece.timeout is None else time.monotonic() + piece.timeout
                elif not piece.late:
                    self._hear(piece.id, message["said"])

    def _done(self, task: Any, piece: _Piece) -> Done:
        """How a piece of work ended."""
        errors = self._ray.exceptions
        try:
            end = self._ray.get(task)
        except errors.RayError as error:
            if piece.late:
                return late(piece.id, piece.timeout)
            return Done(piece.id, fault=Fault("lost", words_of(error)))
        return done_of(piece.id, end)

    def _tolerant(self) -> contextlib.suppress:
        """What is lost with the mailbox is no loss."""
        return contextlib.suppress(self._ray.exceptions.RayError)


@contextlib.contextmanager
def _own_signals() -> Iterator[None]:
    """Ray would have SIGTERM end this process at once; what the process does with it stays as it was."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _piece(work: Work, attempt: str, payload: Plain, mailbox: Any) -> dict[str, Any]:
    """What a process of the cluster does: one piece of work, to its last message."""
    import torch

    ray: Any = import_module("ray")
    torch.set_num_threads(1)
    interruption, over = Interruption(), threading.Event()

    def put(message: Plain) -> None:
        with contextlib.suppress(ray.exceptions.RayError):
            ray.get(mailbox.put.remote(attempt, message), timeout=10.0)

    def look() -> None:
        while not over.wait(_LOOKS):
            interruption.asked = interruption.asked or _asked(mailbox, attempt)

    if _asked(mailbox, attempt):
        return {"stopped": True}
    put({"begun": os.getpid()})
    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    try:
        tell = said_seldom(lambda message: put({"said": message}))
        return last_message(lambda: _prepared(work), payload, tell, interruption)
    finally:
        over.set()
        watching.join()


def _asked(mailbox: Any, attempt: str) -> bool:
    """Whether a piece of work is to stop."""
    ray: Any = import_module("ray")
    try:
        return bool(ray.get(mailbox.stopping.remote(attempt), timeout=10.0))
    except ray.exceptions.RayError:
        return False


def _prepared(work: Work) -> Doing:
    """What does the work; a process keeps it for the next piece."""
    facts = tuple(sorted(work.facts.items()))
    return _remembered(work.prepare, facts)


@cache
def _remembered(prepare: str, facts: tuple[tuple[str, Any], ...]) -> Doing:
    return Work(prepare, dict(facts)).doing()
