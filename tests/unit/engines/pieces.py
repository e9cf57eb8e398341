"""Pieces of work that engines are tried with: well-behaved ones, and others."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from stdsl.runtime.engines.contract import Doing, Plain, Tell
from stdsl.runtime.training.interruption import Interrupted, Interruption


def prepare(factor: int, fails: bool = False) -> Doing:
    if fails:
        raise RuntimeError("it cannot be prepared")

    def do(payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
        return globals()[f"_{payload['do']}"](payload, tell, interruption, factor)  # type: ignore[no-any-return]

    return do


def _multiply(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    return {"product": payload["by"] * factor}


def _say(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    for number in range(payload["times"]):
        tell({"event": "note", "number": number})
    print("not among the messages", flush=True)
    return {}


def _raise(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    raise ValueError("no such thing\nsecond line")


def _garble(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    raise ValueError("caf\udce9.png\0 \x1b[2J")


def _pipe(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    raise BrokenPipeError("a pipe of its own is closed")


def _exhaust(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    raise MemoryError("the system refused more")


def _die(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    print("last words", flush=True)
    os.kill(os.getpid(), payload.get("signal", signal.SIGKILL))
    time.sleep(60)
    return {}


def _parent(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    """Begins another process, which has all that it has and hangs; then it is killed, or waits to be."""
    other = os.fork()
    if not other:
        time.sleep(600)
        os._exit(0)
    Path(payload["mark"]).write_text(f"{other}")
    return _die(payload, tell, interruption, factor) if payload["dies"] else _hang()


def _hang() -> Plain:
    time.sleep(600)
    return {}


def _leave(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    os._exit(7)


def _once(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    """Dies at its first attempt."""
    mark = Path(payload["mark"])
    if not mark.exists():
        mark.touch()
        _die(payload, tell, interruption, factor)
    return {"attempt": "second"}


def _sleep(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    """Looks whether it is to stop, as trainings do, unless it hangs."""
    Path(payload["mark"]).write_text(str(os.getpid()))
    end = time.monotonic() + payload["seconds"]
    while time.monotonic() < end:
        if interruption.asked and not payload.get("hangs"):
            Path(payload["mark"]).write_text("kept")
            raise Interrupted
        time.sleep(0.01)
    return {"slept": True}


def _process(payload: Plain, tell: Tell, interruption: Interruption, factor: int) -> Plain:
    import torch

    found: dict[str, Any] = {"process": os.getpid(), "threads": torch.get_num_threads(), "devices": None}
    found["devices"] = os.environ.get("CUDA_VISIBLE_DEVICES")
    time.sleep(payload.get("seconds", 0.0))
    return found
