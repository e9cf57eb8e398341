"""The engine of this machine: each piece of work is a fresh process, forked from one that has imported torch.

A process that crashes, hangs or is killed takes its own piece of work with it, and nothing else.
"""

from __future__ import annotations

import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import IO, Any, Final

from stdsl.compiler.backends.python_process import environment, module_command

from .contract import Done, Fault, Hear, Plain, Work, words_of
from .endings import ending, last_words
from .nursery import PATIENCE
from .wire import Inbox, send
from .working import STOPPED, done_of, late

NURSERY: Final = "stdsl.runtime.engines.nursery"
"""The module that processes are forked from."""
_PATIENCE = 10.0
"""Seconds that the nursery has to end its processes."""
_OTHER_FILES = 64
"""Files that this process may want to open beside those of its hands."""
_FILES = 2
"""Files that a hand takes: a socket, and what is printed."""


def most_hands() -> int:
    """How many hands there may be with the files that the system lets this process open."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return sys.maxsize
    return max(1, (allowed - len(os.listdir("/dev/fd")) - _OTHER_FILES) // _FILES)


@dataclass
class _Piece:
    """A piece of work in the process of a hand, ``key`` of all that there were. ``end``: its last message; ``status``:
    how its process ended; ``refused``: why there was none; ``told``: whether the end of the work is known, though its
    process may still be ending."""

    id: str
    key: str
    hand: int
    timeout: float | None
    connection: socket.socket
    inbox: Inbox
    printed: IO[bytes]
    deadline: float | None = None
    end: Mapping[str, Any] | None = None
    status: int | None = None
    refused: str = ""
    closed: bool = False
    killed: str = ""
    told: bool = False


@dataclass
class _Nursery:
    process: subprocess.Popen[bytes]
    connection: socket.socket
    inbox: Inbox
    printed: IO[bytes]
    pieces: dict[str, _Piece] = field(default_factory=dict)


class ProcessEngine:
    """See :class:`.contract.Engine`. ``hands``: processes at a time. ``devices``: of each hand, the one that its
    processes see (a number of a GPU); none: all see what this one does. ``with_current``: processes look for modules in
    the current folder too, behind all others.
    """

    def __init__(
        self, work: Work, hands: int, hear: Hear, devices: Sequence[str] = (), with_current: bool = False
    ) -> None:
        self._work, self._hands, self._hear, self._with_current = work, hands, hear, with_current
        self._devices = tuple(devices)
        self._free = list(reversed(range(hands)))
        self._waiting: deque[tuple[str, Plain, float | None]] = deque()
        self._ready: deque[Done] = deque()
        self._nursery: _Nursery | None = None
        self._number = 0
        self._refused_until: float | None = None
        self._selector = selectors.DefaultSelector()

    @property
    def slots(self) -> int:
        return self._hands

    def submit(self, id: str, payload: Plain, timeout: float | None = None) -> None:
        self._waiting.append((id, payload, timeout))
        self._start()

    def wait(self, seconds: float) -> Done | None:
        end = time.monotonic() + seconds
        while not self._ready:
            left = end - time.monotonic()
            if left < 0 or (self._nursery is None and not self._waiting):
                return None
            self._start()
            deadlines = [d for piece in self._pieces() if (d := piece.deadline) is not None and not piece.killed]
            until = min([left, *(d - time.monotonic() for d in deadlines)])
            for key, _ in self._selector.select(max(0.0, until)):
                key.data()
            for piece in list(self._pieces()):
                if piece.deadline is not None and time.monotonic() >= piece.deadline and not piece.killed:
                    self._kill(piece, "late")
        return self._ready.popleft()

    def cancel(self, id: str) -> None:
        self._waiting = deque(each for each in self._waiting if each[0] != id)
        self._ready = deque(done for done in self._ready if done.id != id)
        for piece in self._pieces():
            if piece.id == id and not piece.told:
                self._kill(piece, "cancelled")

    def stop(self) -> None:
        self._ready.extend(Done(id, fault=STOPPED) for id, _, _ in self._waiting)
        self._waiting.clear()
        for piece in self._pieces():
            self._order({"order": "signal", "id": piece.key, "signal": signal.SIGTERM})

    def __enter__(self) -> ProcessEngine:
        return self

    def __exit__(self, *exception: object) -> None:
        nursery = self._nursery
        if nursery is not None:
            nursery.connection.close()
            try:
                nursery.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                nursery.process.kill()
                nursery.process.wait()
            nursery.printed.close()
            for piece in nursery.pieces.values():
                piece.connection.close()
                piece.printed.close()
        self._nursery = None
        self._selector.close()

    def _pieces(self) -> list[_Piece]:
        return list(self._nursery.pieces.values()) if self._nursery is not None else []

    def _start(self) -> None:
        """Begin what waits, as far as there are hands."""
        while self._waiting and self._free:
            nursery = self._nursery or self._opened()
            if nursery is None:
                return
            id, payload, timeout = self._waiting.popleft()
            hand = self._free.pop()
            own, other = socket.socketpair()
            own.setblocking(False)
            self._number += 1
            key, printed = f"{id}/{self._number}", tempfile.TemporaryFile()  # noqa: SIM115
            piece = _Piece(id, key, hand, timeout, own, Inbox(own), printed)
            nursery.pieces[key] = piece
            self._selector.register(own, selectors.EVENT_READ, lambda piece=piece: self._listen(piece))
            seen = {"CUDA_VISIBLE_DEVICES": self._devices[hand]} if self._devices else {}
            order = {"order": "fork", "id": key, "payload": payload, "environment": seen}
            with other:
                self._order(order, (other.fileno(), piece.printed.fileno()))

    def _opened(self) -> _Nursery | None:
        """A process to fork others from; None where the system gives none now. What waits for one longer than it has
        patience comes to nothing."""
        own, other = socket.socketpair()
        printed = tempfile.TemporaryFile()  # noqa: SIM115
        command = module_command(NURSERY, str(other.fileno()), with_current=self._with_current)
        variables = environment() | {"OMP_NUM_THREADS": "1"}  # thread pools take their size from there
        try:
            with other:
                process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=printed,
                    pass_fds=(other.fileno(),),
                    env=variables,
                )
        except OSError as error:  # too many processes, or no memory for one
            own.close()
            printed.close()
            now = time.monotonic()
            self._refused_until = self._refused_until or now + PATIENCE
            if now >= self._refused_until:
                self._refused_until = None
                self._ready.extend(Done(id, fault=_not_begun(words_of(error))) for id, _, _ in self._waiting)
                self._waiting.clear()
            return None
        self._refused_until = None
        nursery = _Nursery(process, own, Inbox(own), printed)
        self._selector.register(own, selectors.EVENT_READ, lambda: self._hear_of_ends(nursery))
        self._nursery = nursery
        self._order(asdict(self._work))
        return nursery

    def _order(self, order: Mapping[str, Any], files: tuple[int, ...] = ()) -> None:
        """Tell the nursery. That it is gone is heard of where its messages are."""
        assert self._nursery is not None
        with suppress(OSError):
            send(self._nursery.connection, order, files)

    def _listen(self, piece: _Piece) -> None:
        """Take what a process says."""
        if piece.closed:  # just now, by what the nursery told
            return
        messages, over = piece.inbox.read()
        self._take(piece, messages)
        if over:
            self._close(piece)
            self._finish(piece)

    def _take(self, piece: _Piece, messages: Sequence[Mapping[str, Any]]) -> None:
        for message in messages:
            if "begun" in message:
                piece.deadline = None if piece.timeout is None else time.monotonic() + piece.timeout
            elif "said" in message:
                if not piece.killed:
                    self._hear(piece.id, message["said"])
            else:
                piece.end = message
                piece.deadline = None
                if "value" in message and not piece.killed and not self._devices:  # a device is free when it has ended
                    self._tell(piece, done_of(piece.id, message))

    def _close(self, piece: _Piece) -> None:
        self._selector.unregister(piece.connection)
        piece.connection.close()
        piece.closed = True

    def _hear_of_ends(self, nursery: _Nursery) -> None:
        """Take what the nursery tells of ends of processes."""
        messages, over = nursery.inbox.read()
        for message in messages:
            piece = nursery.pieces[message["id"]]
            piece.status, piece.refused = message["status"], message.get("refused", "")
            if not piece.closed:  # what it began may have the connection, and outlive it
                self._take(piece, piece.inbox.rest())
                self._close(piece)
            self._finish(piece)
        if over:
            self._lose(nursery)

    def _lose(self, nursery: _Nursery) -> None:
        """The nursery has ended by itself; what is under way cannot go on without it."""
        self._selector.unregister(nursery.connection)
        nursery.connection.close()
        nursery.process.wait()
        self._nursery = None
        words = f"the process that it was begun by: {ending(nursery.process.returncode)}; {last_words(nursery.printed)}"
        nursery.printed.close()
        for piece in nursery.pieces.values():
            if not piece.closed:
                self._close(piece)  # which ends the process, if it is still there
            self._end(piece, Fault("lost", words))

    def _finish(self, piece: _Piece) -> None:
        """Once all of it is known: the last message, and how the process ended."""
        if piece.closed and piece.status is not None and self._nursery is not None:
            del self._nursery.pieces[piece.key]
            words = f"{ending(piece.status)}: {last_words(piece.printed)}"
            self._end(piece, _not_begun(piece.refused) if piece.refused else Fault("lost", words))

    def _end(self, piece: _Piece, lost: Fault) -> None:
        """Make known how a piece of work ended; ``lost``: the fault of a process that did not say."""
        end = piece.end
        if end is not None and "value" in end:
            done = done_of(piece.id, end)
        elif piece.killed == "late":
            done = late(piece.id, piece.timeout)
        else:
            done = Done(piece.id, fault=lost) if end is None else done_of(piece.id, end)
        piece.printed.close()
        self._tell(piece, done)

    def _tell(self, piece: _Piece, done: Done) -> None:
        """The end of a piece of work is known, and its hand is free."""
        if piece.told:
            return
        piece.told = True
        self._free.append(piece.hand)
        if piece.killed != "cancelled":
            self._ready.append(done)

    def _kill(self, piece: _Piece, why: str) -> None:
        piece.killed = why
        self._order({"order": "signal", "id": piece.key, "signal": signal.SIGKILL})


def _not_begun(reason: str) -> Fault:
    return Fault("lost", f"no process could be begun for it: {reason}")
