"""Ctrl-C and SIGTERM: finish the step at hand, keep a checkpoint, then stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(Exception):
    """The user or the system asked the run to stop; its state is kept."""


class Interruption:
    """``asked`` turns true at the first SIGINT or SIGTERM; a second SIGINT is Python's ordinary KeyboardInterrupt."""

    def __init__(self) -> None:
        self.asked = False

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Handle the signals inside the block (only in the main thread; elsewhere this does nothing)."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def ask(number: int, frame: FrameType | None) -> None:
            if self.asked and number == signal.SIGINT:
                raise KeyboardInterrupt
            self.asked = True

        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
