"""A process that has imported everything and computed nothing: it forks one command of the command line after the
other, and kills the child with SIGKILL at a given moment.

It reads JSON lines ``{"argv": […], "out": FILE, "moment": …, "number": n}`` from standard input, and answers each with
the child's wait status. Moments: ``step`` (the n-th line of the journal that tells of a step is written; with
``"journal": FOLDER`` the n-th that the journal in a folder of this name has, earlier processes counted), ``over`` (the
same of lines that tell of the end of a phase), ``copied`` (half of the n-th file of a run is copied into another one),
and of the n-th checkpoint ``torn`` (half of its file is written), ``whole`` (all of it, not yet renamed) and
``renamed`` (older ones are not yet dropped). Or ``"after": SECONDS`` kills it then, wherever it is. Without either
nobody is killed.

Checkpoints are taken every third step, or by the clock with ``"checkpoint_seconds": SECONDS``; ``"cores"``: so many.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
import traceback
from functools import partial
from pathlib import Path
from typing import Any

import jinja2
import networkx
import torch
import torch._dynamo

from stdsl.cli.main import cli
from stdsl.compiler.backends.networks import module, supernet
from stdsl.runtime import run
from stdsl.runtime.prepare import preparation
from stdsl.runtime.report import console, table
from stdsl.runtime.tracking import checkpoints, copied, tracker
from stdsl.runtime.tracking.journal import FINISHED, Journal, read_journal

WARM = (jinja2, networkx, torch._dynamo, module, supernet, preparation, run, console, table)
"""Imported late by what the children run, and slow to import."""
EVERY = 3
"""Steps from one checkpoint to the next."""


LINES = {"step": "step", "over": FINISHED}
"""The events of the journal that are moments."""


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(moment: str, number: int, folder: str | None = None) -> None:
    """Lets this process die at the n-th time of a moment."""
    seen, counted = {"lines": 0, "files": 0, "copies": 0}, LINES.get(moment)
    write, save = Journal.write, checkpoints.write_atomically

    def write_line(self: Journal, event: str, **facts: Any) -> None:
        write(self, event, **facts)
        if event != counted:
            return
        seen["lines"] += 1
        if folder not in (None, self.path.parent.name):
            return
        if number == (seen["lines"] if folder is None else _lines(self.path, event)):
            die()

    def save_file(path: Path, fill: Any) -> None:
        seen["files"] += 1
        due = seen["files"] == number

        def filled(temporary: Path) -> None:
            fill(temporary)
            if due and moment == "torn":
                os.truncate(temporary, temporary.stat().st_size // 2)
            if due and moment in ("torn", "whole"):
                die()

        save(path, filled)
        if due and moment == "renamed":
            die()

    def copy_file(own: Any, copy: Any) -> None:
        seen["copies"] += 1
        content = own.read()
        copy.write(content if moment != "copied" or number != seen["copies"] else content[: len(content) // 2])
        if moment == "copied" and number == seen["copies"]:
            copy.flush()
            die()

    copied.shutil.copyfileobj = copy_file
    Journal.write = write_line  # type: ignore[method-assign]
    checkpoints.write_atomically = save_file


def _lines(path: Path, event: str) -> int:
    return sum(line["event"] == event for line in read_journal(path))


def child(order: dict[str, Any]) -> None:
    output = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(output, 1)
    os.dup2(output, 2)
    if "checkpoint_seconds" in order:
        run.RunRequest = partial(run.RunRequest, checkpoint_seconds=order["checkpoint_seconds"])  # type: ignore[misc]
    else:
        tracker.Tracker.due = lambda self, done: done % EVERY == 0  # type: ignore[method-assign]
    if "cores" in order:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: order["cores"]])
    if order.get("moment"):
        arm(order["moment"], order["number"], order.get("journal"))
    code = 3
    try:
        cli.main(order["argv"], prog_name="stdsl")
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def serve() -> None:
    torch.set_num_threads(1)
    for line in sys.stdin:
        sys.stdout.flush()
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            child(order)
        print(status(pid, order.get("after")), flush=True)


def status(pid: int, after: float | None) -> int:
    """The wait status of a child, which is killed when it is still there ``after`` some seconds."""
    end = math.inf if after is None else time.monotonic() + after
    while time.monotonic() < end:
        found, code = os.waitpid(pid, 0 if after is None else os.WNOHANG)
        if found:
            return code
        time.sleep(min(0.002, max(0.0, end - time.monotonic())))
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


if __name__ == "__main__":
    serve()
