"""The process that others are forked from: ``python -m stdsl.runtime.engines.nursery SOCKET``, the number of an open
socket to the engine that started it.

It imports what work takes, and prepares it where processes may share that; then each piece of work is a fresh process,
which begins in no time. It computes nothing itself, so no thread of a library is there to be lost by forking. Python's
own fork server would import the main program of the user, and modules of the folder at hand, in every process.

The engine sends the work, and then orders: `fork`, with the socket of a new process and the file for what it prints, or
`signal`. Back come the ends of processes. At the end of the connection all of them are killed.
"""

from __future__ import annotations

import gc
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from types import FrameType
from typing import Any, NoReturn

from .wire import receive, send

_OFTEN = 0.25
"""Seconds between messages of one piece of work that tell of its progress."""


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
    with selectors.DefaultSelector() as selector:
        selector.register(engine, selectors.EVENT_READ)
        selector.register(ended, selectors.EVENT_READ)
        processes: dict[int, str] = {}
        try:
            while True:
                for key, _ in selector.select():
                    if key.fileobj is engine:
                        order = receive(engine, files=2)
                        if order is None:
                            return
                        _obey(*order, work, doing, processes, (engine.fileno(), ended, wake))
                    else:
                        os.read(ended, 4096)
                _tell_of_ends(engine, processes)
        except OSError:
            return  # the engine is gone
        finally:
            for process in processes:
                os.kill(process, signal.SIGKILL)


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
    work: Any,
    doing: Any,
    processes: dict[int, str],
    own: tuple[int, ...],
) -> None:
    if order["order"] == "signal":
        for process, id in processes.items():
            if id == order["id"]:
                os.kill(process, order["signal"])
        return
    process = os.fork()
    if not process:
        _work(order, files, work, doing, own)
    processes[process] = order["id"]
    for file in files:
        os.close(file)


def _tell_of_ends(engine: socket.socket, processes: dict[int, str]) -> None:
    for process in list(processes):
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            send(engine, {"id": processes.pop(process), "status": os.waitstatus_to_exitcode(status)})


def _work(order: Mapping[str, Any], files: list[int], work: Any, doing: Any, own: tuple[int, ...]) -> NoReturn:
    """What a forked process does, to its end."""
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
    os._exit(1)


def _done(payload: dict[str, Any], work: Any, doing: Any, connection: socket.socket) -> dict[str, Any]:
    """The last message of a process: the value of its work, or why there is none."""
    from ..training.interruption import Interrupted, Interruption
    from .contract import name_of, words_of

    interruption = Interruption()
    last = [0.0]

    def tell(message: dict[str, Any]) -> None:
        often = message.get("event") == "step"
        if often and time.monotonic() - last[0] < _OFTEN:
            return
        if often:
            last[0] = time.monotonic()
        send(connection, {"said": message})

    with interruption.watch():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            return {"value": (doing or work.doing())(payload, tell, interruption)}
        except Interrupted:
            return {"stopped": True}
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise
            return {"raised": words_of(error), "error": name_of(error)}
        except Exception as error:
            return {"raised": words_of(error), "error": name_of(error)}


if __name__ == "__main__":
    main(int(sys.argv[1]))
