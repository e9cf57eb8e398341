"""The process that others are forked from: ``python -m stdsl.runtime.engines.nursery SOCKET``, the number of an open
socket to the engine that started it.

It imports what work takes, and prepares it where processes may share that; then each piece of work is a fresh process,
which begins in no time: it was forked while the one before was at work. It computes nothing itself, so no thread of a
library is there to be lost by forking. Python's own fork server would import the main program of the user, and modules
of the folder at hand, in every process.

The engine sends the work, and then orders: `fork`, with the socket of a new process and the file for what it prints, or
`signal`. Back come the ends of processes. At the end of the connection all of them are killed. Where the system begins
no further process, it is asked again for a while.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, Final, NoReturn, TypeAlias

from .wire import receive, send

PATIENCE = 10.0
"""Seconds that a piece of work waits for a process where the system refuses one: others may have ended by then."""
_LOOKS: Final = 0.1
"""Seconds between looks whether it gives one now."""

Order: TypeAlias = Mapping[str, Any]
Begin: TypeAlias = Callable[[Order, list[int]], NoReturn]


class Spare:
    """A process that was forked ahead of its work, which then begins at once."""

    def __init__(self, begin: Begin) -> None:
        self._begin = begin
        self._process: int | None = None
        self._own: socket.socket | None = None

    def make(self) -> None:
        """Fork one, where there is none, and the system gives one."""
        if self._process is not None:
            return
        own, other = socket.socketpair()
        try:
            self._process = os.fork()
        except OSError:  # then work begins by a fork of its own
            own.close()
            other.close()
            return
        if not self._process:
            own.close()
            _wait(other, self._begin)
        other.close()
        self._own = own

    def take(self, order: Order, files: list[int]) -> int | None:
        """Have it do a piece of work; its number, or None where there is none."""
        process, own = self._process, self._own
        self._process = self._own = None
        if process is None or own is None:
            return None
        with own:
            try:
                send(own, order, tuple(files))
            except OSError:  # it was killed
                return None
        return process

    def gone(self, process: int) -> bool:
        """Whether the process that ended was the spare one; then there is none."""
        if process != self._process:
            return False
        assert self._own is not None
        self._own.close()
        self._process = self._own = None
        return True


class Brood:
    """The processes that are at work, and what waits for one."""

    def __init__(self, engine: socket.socket, begin: Begin) -> None:
        self._engine, self._begin = engine, begin
        self._spare = Spare(begin)
        self._processes: dict[int, str] = {}
        self._waiting: list[tuple[Order, list[int], float]] = []
        self._spare.make()

    @property
    def looks(self) -> float | None:
        """Seconds after which there is something to do, whatever is heard."""
        return _LOOKS if self._waiting else None

    def obey(self, order: Order, files: list[int]) -> None:
        if order["order"] == "signal":
            self._signal(order["id"], order["signal"])
            return
        self._fork(order, files, time.monotonic() + PATIENCE)

    def look(self) -> None:
        """Tell of processes that ended; begin what waits for one."""
        self._tell_of_ends()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            self._fork(*each)

    def end(self) -> None:
        for process in self._processes:
            _signal(process, signal.SIGKILL)

    def _fork(self, order: Order, files: list[int], until: float) -> None:
        try:
            process = self._spare.take(order, files) or os.fork()
        except OSError as error:  # too many processes, or no memory for one
            if time.monotonic() < until:
                self._waiting.append((order, files, until))
                return
            self._over(order["id"], files, 1, f"{type(error).__name__}: {error}")
            return
        if not process:
            self._begin(order, files)
        self._processes[process] = order["id"]
        for file in files:
            os.close(file)
        self._spare.make()

    def _signal(self, id: str, number: int) -> None:
        for process, own in self._processes.items():
            if own == id:
                _signal(process, number)
        for order, files, _ in [each for each in self._waiting if each[0]["id"] == id]:
            self._over(id, files, -number)
            self._waiting = [each for each in self._waiting if each[0] is not order]

    def _over(self, id: str, files: list[int], status: int, refused: str = "") -> None:
        """There will be no process for a piece of work."""
        for file in files:
            os.close(file)
        send(self._engine, {"id": id, "status": status, "refused": refused})

    def _tell_of_ends(self) -> None:
        while True:
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None:
                return
            _end_others_of(ended.si_pid)
            process, status = os.waitpid(ended.si_pid, 0)
            if not self._spare.gone(process) and process in self._processes:
                id = self._processes.pop(process)
                send(self._engine, {"id": id, "status": os.waitstatus_to_exitcode(status)})


def _wait(connection: socket.socket, begin: Begin) -> NoReturn:
    """What a spare process does: wait for its work, or for the end of the one that it was forked from."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # it may be asked to stop before it has begun
    try:
        found = receive(connection, files=2)
        connection.close()
        if found is not None:
            begin(*found)
    finally:
        os._exit(1)


def main(number: int) -> None:
    engine = socket.socket(fileno=number)
    os.set_inheritable(number, False)
    for number_of_signal in (signal.SIGINT, signal.SIGTERM):  # which may reach all processes: the engine decides
        signal.signal(number_of_signal, signal.SIG_IGN)
    ended, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _heard)
    first = receive(engine)
    if first is None:
        return
    from .contract import Work

    work = Work(**first[0])
    doing = _prepared(work)
    gc.collect()
    gc.freeze()  # forked processes share what is never written
    own = (engine.fileno(), ended, wake)
    brood = Brood(engine, lambda order, files: _work(order, files, work, doing, own))
    with selectors.DefaultSelector() as selector:
        selector.register(engine, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        try:
            while True:
                for key, _ in selector.select(brood.looks):
                    if key.fileobj is engine:
                        order = receive(engine, files=2)
                        if order is None:
                            return
                        brood.obey(*order)
                    else:
                        os.read(ended, 4096)
                brood.look()
        except OSError:
            return  # the engine is gone
        finally:
            brood.end()


def _heard(number: int, frame: FrameType | None) -> None:
    """A signal that only wakes."""


def _prepared(work: Any) -> Any:
    """What does the work, or the error that it takes each process to meet."""
    import torch

    torch.set_num_threads(1)
    if not work.shared:
        return None
    try:
        return work.doing()
    except Exception:  # each process meets it again, and tells of it
        return None


def _signal(process: int, number: int) -> None:
    """Send a process a signal; one that ends it ends what it began, too."""
    if number == signal.SIGKILL:
        _end_others_of(process)
    os.kill(process, number)


def _end_others_of(process: int) -> None:
    """End all processes of the group of one that has not been waited for: others that it began would keep its files,
    locks and memory."""
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it may have no group of its own yet
        os.killpg(process, signal.SIGKILL)


def _work(order: Order, files: list[int], work: Any, doing: Any, own: tuple[int, ...]) -> NoReturn:
    """What a forked process does, to its end."""
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    for number_of_signal in (signal.SIGTERM, signal.SIGCHLD):
        signal.signal(number_of_signal, signal.SIG_DFL)
    for file in own:
        os.close(file)
    number, printed = files
    os.dup2(printed, sys.stdout.fileno())
    os.dup2(printed, sys.stderr.fileno())
    connection = socket.socket(fileno=number)
    os.environ.update(order["environment"])
    code = 1
    try:
        threading.Thread(target=_end_with, args=(connection,), daemon=True).start()
        send(connection, {"begun": os.getpid()})
        send(connection, _done(order["payload"], work, doing, connection))
        code = 0
    except OSError:
        pass  # nobody reads any more
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        try:
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(code)


def _end_with(connection: socket.socket) -> None:
    """Ends this process when the engine does, or does not want its work any more, even if that hangs."""
    try:
        while connection.recv(1):
            pass
    except OSError:
        pass
    os.killpg(0, signal.SIGKILL)  # and what it began


def _done(payload: dict[str, Any], work: Any, doing: Any, connection: socket.socket) -> dict[str, Any]:
    """The last message of a process: the value of its work, or why there is none."""
    from ..training.interruption import Interruption
    from .working import last_message, said_seldom

    interruption = Interruption()
    tell = said_seldom(lambda message: send(connection, {"said": message}))
    with interruption.watch():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return last_message(lambda: doing or work.doing(), payload, tell, interruption)


if __name__ == "__main__":
    main(int(sys.argv[1]))
