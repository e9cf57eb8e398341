"""A process beside this one that answers requests, one line of JSON for each line it is sent."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from measuring import Seconds


class EndedError(Exception):
    """The process has ended, and why."""


class Process:
    """``command``: what to start. Every question raises EndedError where the process has ended."""

    def __init__(self, command: Sequence[str]) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, t: TracebackType | None) -> None:
        with suppress(BrokenPipeError):
            self.process.communicate()
        self.errors.close()

    def ask(self, request: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            print(request, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            last = [text for text in self.errors.read().splitlines() if text.strip()][-1:]
            raise EndedError(f"it ended: {last[0] if last else 'no message'}")
        return json.loads(line)

    def seconds(self, step: str) -> Seconds:
        """One step, `forward_backward` or `bilevel`."""
        return Seconds(**self.ask(step))
