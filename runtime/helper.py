"""A process that trains networks of a run: ``python -m stdsl.runtime.helper RUN_DIRECTORY``, with
``--allow-extern`` behind it where the code of extern operators may be loaded.

It reads names of trainings from standard input, one a line, and answers on standard output with JSON lines:
``step`` while it works, ``done`` or ``failed`` at the end of each. Whatever else is printed goes to standard error. It
ends when its input does, and when nobody reads its output any more.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from stdsl.compiler.text.commands import ALLOW_EXTERN

_SECONDS = 0.25
"""Progress is told so often at most."""


class _Pipe:
    """A reporter that writes JSON lines."""

    def __init__(self, output: IO[str]) -> None:
        self._output = output
        self._last = 0.0

    def tell(self, event: str, **facts: Any) -> None:
        """One line to the process that started this one."""
        print(json.dumps({"event": event, **facts}), file=self._output, flush=True)

    def begin(self, title: str, total: int, done: int = 0) -> None:
        self.tell("begin", title=title, total=total, done=done)

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        now = time.monotonic()
        if now - self._last > _SECONDS:
            self._last = now
            self.tell("step", title=title, done=done, facts=dict(facts))

    def end(self, title: str, summary: str = "") -> None:
        self.tell("end", title=title, summary=summary)

    def say(self, text: str) -> None:
        self.tell("say", text=text)


def main(folder: Path, allow_extern: bool) -> None:
    # What operators of the user's print must not stand among the answers.
    pipe = _Pipe(os.fdopen(os.dup(sys.stdout.fileno()), "w"))
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Before torch is loaded: its thread pools take their size from here.
    os.environ["OMP_NUM_THREADS"] = "1"
    from .phases.compare import assignment_named, train_one
    from .run import reopened
    from .training.interruption import Interrupted, Interruption

    interruption = Interruption()
    with interruption.watch():
        shop, job = reopened(folder, pipe, interruption, allow_extern)
        for line in sys.stdin:
            try:
                train_one(assignment_named(job, shop.directory, line.strip()), shop)
            except Interrupted:
                return
            except Exception as error:  # whatever it is, the starting process does this one itself and meets it again
                pipe.tell("failed", reason=f"{type(error).__name__}: {error}")
            else:
                pipe.tell("done")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), ALLOW_EXTERN in sys.argv[2:])
    except BrokenPipeError:
        os._exit(1)  # the starting process is gone; do not complain into its closed pipe
