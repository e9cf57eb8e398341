"""The process that others are forked from: ``python -m stdsl.runtime.engines.nursery SOCKET``, the number of an open
socket to the engine that started it.

It imports what work takes, and prepares it where processes may share that; then each piece of work is a fresh process,
which begins in no time: it was forked while the one before was at work. It computes nothing itself, so no thread of a
library is there to be lost by forking. Python's own fork server would import the main program of the user, and modules
of the folder at hand, in every process.

The engine sends the work, and then orders: `fork`, with the socket of a new process and the file for what it prints, or
`signal`. Back come the ends of processes. At the end of the connection all of them are killed.
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
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Any, NoReturn

from .wire import receive, send


class Spare:
    """A process that was forked ahead of its work, which then begins at once."""

    def __init__(self, begin: Callable[[Mapping[str, Any], list[int]], NoReturn]) -> None:
        self._begin = begin
        self._process: int | None = None
        self._own: socket.socket | None = None

    def make(self) -> None:
        """Fork one, where there is none."""
        if self._process is not None:
            return
        own, other = socket.socketpair()
        self._process = os.fork()
        if not self._process:
            own.close()
            _wait(other, self._begin)
        other.close()
        self._own = own

    def take(self, order: Mapping[str, Any], files: list[int]) -> int | None:
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


def _wait(connection: socket.socket, begin: Callable[[Mapping[str, Any], list[int]], NoReturn]) -> NoReturn:
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
    spare = Spare(lambda order, files: _work(order, files, work, doing, own))
    with selectors.DefaultSelector() as selector:
        selector.register(engine, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        processes: dict[int, str] = {}
        try:
            spare.make()
            while True:
                for key, _ in selector.select():
                    if key.fileobj is engine:
                        order = receive(engine, files=2)
                        if order is None:
                            return
                        _obey(*order, spare, processes, lambda order, files: _work(order, files, work, doing, own))
                    else:
                        os.read(ended, 4096)
                _tell_of_ends(engine, processes, spare)
        except OSError:
            return  # the engine is gone
        finally:
            for process in processes:
                _signal(process, signal.SIGKILL)


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


def _obey(
    order: Mapping[str, Any],
    files: list[int],
    spare: Spare,
    processes: dict[int, str],
    begin: Callable[[Mapping[str, Any], list[int]], NoReturn],
) -> None:
    if order["order"] == "signal":
        for process, id in processes.items():
            if id == order["id"]:
                _signal(process, order["signal"])
        return
    process = spare.take(order, files) or os.fork()
    if not process:
        begin(order, files)
    processes[process] = order["id"]
    for file in files:
        os.close(file)
    spare.make()


def _tell_of_ends(engine: socket.socket, processes: dict[int, str], spare: Spare) -> None:
    while True:
        try:
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if ended is None:
            return
        _end_others_of(ended.si_pid)
        process, status = os.waitpid(ended.si_pid, 0)
        if not spare.gone(process) and process in processes:
            send(engine, {"id": processes.pop(process), "status": os.waitstatus_to_exitcode(status)})


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


def _work(order: Mapping[str, Any], files: list[int], work: Any, doing: Any, own: tuple[int, ...]) -> NoReturn:
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
