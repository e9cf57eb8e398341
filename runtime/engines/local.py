"""Helpers on this machine: further processes that train comparisons beside the main one.

Who trains a network does not change it: trainings are pure functions of the run directory. A helper that is lost,
or that fails, gives its network back, and the main process trains it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable
from pathlib import Path

from ..report.reporter import Reporter


class Helpers:
    """``count`` processes that work off ``names``. Use as a context manager: leaving it early stops them (their
    state is kept)."""

    def __init__(self, folder: Path, names: Iterable[str], count: int, reporter: Reporter) -> None:
        self._folder, self._reporter = folder, reporter
        self._names = deque(names)
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[str]] = []
        self._threads = [threading.Thread(target=self._serve, daemon=True) for _ in range(min(count, len(self._names)))]

    def __enter__(self) -> Helpers:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._names.clear()
            for process in self._processes:
                if exception[0] is not None:
                    process.terminate()
        for thread in self._threads:
            thread.join()

    def take(self) -> str | None:
        """A name that no helper has begun, for the caller to work on; None when there is none."""
        with self._lock:
            return self._names.popleft() if self._names else None

    def wait(self) -> None:
        """Until all helpers are done with what they took. Names that they gave back can be taken afterwards."""
        for thread in self._threads:
            thread.join()

    def _serve(self) -> None:
        command = [sys.executable, "-m", "stdsl.runtime.engines.worker", str(self._folder.absolute())]
        with self._lock:
            if not self._names:
                return
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            self._processes.append(process)
        assert process.stdin is not None
        assert process.stdout is not None
        task: str | None = None
        shown: str | None = None
        finished = False
        try:
            for line in process.stdout:
                message = json.loads(line)
                event = message.pop("event")
                if event == "begin":
                    shown = message["title"]
                    self._reporter.begin(**message)
                elif event == "step":
                    self._reporter.advance(**message)
                elif event == "end":
                    shown = None
                    self._reporter.end(**message)
                elif event == "say":
                    self._reporter.say(**message)
                elif event == "failed":
                    break
                else:  # ready or done
                    task = self.take()
                    if task is None:
                        finished = True
                        break
                    process.stdin.write(task + "\n")
                    process.stdin.flush()
        except (OSError, ValueError):
            pass  # the process was lost in the middle of a line
        finally:
            if task is not None and not finished:
                with self._lock:
                    self._names.appendleft(task)
                if shown is not None:
                    self._reporter.end(shown, "given back")
            process.stdin.close()
            process.stdout.close()
            process.wait()
