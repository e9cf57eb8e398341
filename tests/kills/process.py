"""Commands of the command line in processes that can be killed at any moment, without the cost of imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

ROOT = Path(__file__).parents[2]


class Zygote:
    """Use as a context manager. ``output``: a file that takes what the commands print."""

    def __init__(self, output: Path) -> None:
        self.output = output
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(Path(__file__).with_name("zygote.py"))]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment)

    def run(self, *argv: str, **how: Any) -> int:
        """Run one command and wait for its end; its exit code, negative for a signal. ``how``: see ``zygote.py``."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"argv": argv, "out": str(self.output), **how}
        print(json.dumps(order), file=self._process.stdin, flush=True)
        return os.waitstatus_to_exitcode(int(self._process.stdout.readline()))

    def __enter__(self) -> Zygote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
