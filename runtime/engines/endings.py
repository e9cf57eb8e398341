"""How a process ended, told to whoever waited for it."""

from __future__ import annotations

import signal
from typing import IO

from stdsl.compiler.text.quoting import visible

_WORDS = 2000
"""So many bytes of what it said last are looked at."""


def ending(status: int) -> str:
    """How a process ended, in words. ``status``: below 0 the negative number of a signal."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def last_words(printed: IO[bytes]) -> str:
    """The last line that a process wrote, of a traceback that with the error."""
    size = printed.seek(0, 2)
    printed.seek(max(size - _WORDS, 0))
    lines = [line.strip() for line in printed.read().decode("utf-8", "replace").splitlines() if line.strip()]
    return visible(lines[-1]) if lines else "it said nothing"
