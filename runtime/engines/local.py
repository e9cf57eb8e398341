"""Helpers on this machine: further processes that train comparisons beside the main one.

Who trains a network does not change it: trainings are pure functions of the run directory. A helper that is lost, or
that fails, gives its network back, and the main process trains it.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Final

from stdsl.compiler.backends.python_process import environment, module_command
from stdsl.compiler.diagnostics.run import HelperLost
from stdsl.compiler.text.commands import leave

from ..report.reporter import Reporter, warned
from .endings import ending, last_words

_HELPER: Final = "stdsl.runtime.helper"
"""The module that such a process runs."""

_LOOKS = 0.5
"""Seconds after which whoever waits for helpers looks whether it was asked to stop."""


class Helpers:
    """Up to ``count`` processes that work off the names of comparisons in the run at ``folder``.

    Use as a context manager: leaving it by an exception stops them (their state is kept).
    """

    def __init__(self, folder: Path, count: int, reporter: Reporter, allow_extern: bool = False) -> None:
        self._folder, self._reporter, self._allow_extern = folder, reporter, allow_extern
        self._names: deque[str] = deque()
        self._changed = threading.Condition()
        self._processes: list[subprocess.Popen[str]] = []
        self._closed = self._stopping = False
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(count)]

    def __enter__(self) -> Helpers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._changed:
            if exception[0] is not None:
                self._names.clear()
                self._stopping = True
                for process in self._processes:
                    process.terminate()
        self.wait()

    def add(self, names: Iterable[str]) -> None:
        """More to do."""
        with self._changed:
            self._names.extend(names)
            self._changed.notify_all()

    def take(self, over: Callable[[], bool] | None = None) -> str | None:
        """A name that no helper has begun, for the caller to work on; None when there is none. With ``over``: waits for
        one that a helper gives back, until ``over`` says that nothing is left to do."""
        with self._changed:
            while not self._names and over is not None and not over():
                self._changed.wait(_LOOKS)
            return self._names.popleft() if self._names else None

    def wait(self) -> None:
        """Until all helpers are done; nothing more may be added. Names that they gave back can be taken afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _next(self) -> str | None:
        """The next name, waiting for one; None when there will be none."""
        with self._changed:
            self._changed.wait_for(lambda: self._names or self._closed)
            return self._names.popleft() if self._names else None

    def _serve(self) -> None:
        name = self._next()
        if name is None:
            return
        with tempfile.TemporaryFile() as errors:
            with self._changed:
                process = self._started(errors)
                self._processes.append(process)
            with process:
                try:
                    while name is not None and self._do(process, name):
                        with self._changed:
                            self._changed.notify_all()
                        name = self._next()
                except (OSError, ValueError):
                    pass  # the process was lost, perhaps in the middle of a line
                if name is not None:
                    with self._changed:
                        self._names.appendleft(name)
                        self._changed.notify_all()
            if process.returncode and not self._stopping:
                self._reporter.say(warned(HelperLost(None, ending(process.returncode), last_words(errors))))

    def _started(self, errors: IO[bytes]) -> subprocess.Popen[str]:
        words = (str(self._folder.absolute()), *leave(self._allow_extern))
        command = module_command(_HELPER, *words, with_current=self._allow_extern)
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True, env=environment())

    def _do(self, process: subprocess.Popen[str], name: str) -> bool:
        """Have one network trained; whether it was."""
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(name + "\n")
        process.stdin.flush()
        title: str | None = None
        for line in process.stdout:
            message = json.loads(line)
            match message.pop("event"):
                case "begin":
                    title = message["title"]
                    self._reporter.begin(**message)
                case "step":
                    self._reporter.advance(**message)
                case "end":
                    title = None
                    self._reporter.end(**message)
                case "say":
                    self._reporter.say(**message)
                case "done":
                    return True
                case _:
                    break
        if title is not None:
            self._reporter.end(title, "given back by a helper")
        return False
