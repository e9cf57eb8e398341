"""What every engine does around a piece of work, in the process that does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from ..training.interruption import Interrupted, Interruption
from .contract import Doing, Done, Fault, Plain, Tell, name_of, words_of

STOPPED: Final = Fault("stopped", "it was asked to stop")
_OFTEN = 0.25
"""Seconds between messages of one piece of work that tell of its progress."""


def said_seldom(send: Tell) -> Tell:
    """The same, but for progress, which is told every so often."""
    last = [0.0]

    def tell(message: Plain) -> None:
        if message.get("event") == "step":
            if time.monotonic() - last[0] < _OFTEN:
                return
            last[0] = time.monotonic()
        send(message)

    return tell


def last_message(doing: Callable[[], Doing], payload: Plain, tell: Tell, interruption: Interruption) -> Plain:
    """Do a piece of work by what ``doing`` makes: its last message, which :func:`done_of` reads. Raises what ``tell``
    does where nobody hears it any more."""
    heard = True

    def telling(message: Plain) -> None:
        nonlocal heard
        try:
            tell(message)
        except OSError:
            heard = False
            raise

    try:
        return {"value": doing()(payload, telling, interruption)}
    except Interrupted:
        return {"stopped": True}
    except Exception as error:
        if not heard:
            raise
        return {"raised": words_of(error), "error": name_of(error)}


def done_of(id: str, message: Mapping[str, Any]) -> Done:
    """The end of a piece of work by its last message."""
    if "value" in message:
        return Done(id, message["value"])
    if "stopped" in message:
        return Done(id, fault=STOPPED)
    return Done(id, fault=Fault("raised", message["raised"], message["error"]))


def late(id: str, timeout: float | None) -> Done:
    """The end of a piece of work that took longer than ``timeout`` seconds."""
    return Done(id, fault=Fault("late", f"it took longer than {timeout:g} seconds"))
