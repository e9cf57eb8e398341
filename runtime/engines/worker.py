"""A process that trains networks of a run: ``python -m stdsl.runtime.engines.worker RUN_DIRECTORY``.

It reads names of trainings from standard input, one a line, and answers on standard output with JSON lines:
``step`` while it works, ``done`` or ``failed`` at the end of each. It ends when its input does, and when nobody
reads its output any more.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_SECONDS = 0.25
"""Progress is told so often at most."""


class _Pipe:
    """A reporter that writes JSON lines."""

    def __init__(self) -> None:
        self._last = 0.0

    def begin(self, title: str, total: int, done: int = 0) -> None:
        tell("begin", title=title, total=total, done=done)

    def advance(self, title: str, done: int, facts: Mapping[str, float]) -> None:
        now = time.monotonic()
        if now - self._last > _SECONDS:
            self._last = now
            tell("step", title=title, done=done, facts=dict(facts))

    def end(self, title: str, summary: str = "") -> None:
        tell("end", title=title, summary=summary)

    def say(self, text: str) -> None:
        tell("say", text=text)


def tell(event: str, **facts: Any) -> None:
    """One line to the process that started this one."""
    print(json.dumps({"event": event, **facts}), flush=True)


def main(folder: Path) -> None:
    # Before torch is loaded: its thread pools take their size from here.
    os.environ["OMP_NUM_THREADS"] = "1"
    from ..phases.compare import train_one
    from ..run import reopened
    from ..training.interruption import Interrupted, Interruption

    interruption = Interruption()
    with interruption.watch():
        shop, assignment_named = reopened(folder, _Pipe(), interruption)
        for line in sys.stdin:
            try:
                train_one(assignment_named(line.strip()), shop)
            except Interrupted:
                return
            except Exception as error:  # whatever it is, the starting process does this one itself and meets it again
                tell("failed", reason=f"{type(error).__name__}: {error}")
            else:
                tell("done")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except BrokenPipeError:
        os._exit(1)  # the starting process is gone; do not complain into its closed pipe
