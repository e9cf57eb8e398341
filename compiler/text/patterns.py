"""Patterns over decision paths: `*` is one segment with any index, `**` any number of segments."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The regular expression that matches the whole of a path."""
    parts = []
    segments = pattern.split(".")
    for i, segment in enumerate(segments):
        last = i == len(segments) - 1
        if segment == "**":
            parts.append(r"(?:[^.]+(?:\.[^.]+)*)?" if last else r"(?:[^.]+\.)*")
            continue
        text = "".join(r"[^.]*" if c == "*" else re.escape(c) for c in segment)
        # A segment without an index stands for itself alone; `*` takes its index with it.
        parts.append(text + ("" if last else r"\."))
    return re.compile("".join(parts))


def matches(pattern: str, path: str) -> bool:
    """Whether the whole ``path`` fits ``pattern``."""
    return compile_pattern(pattern).fullmatch(path) is not None


def wider(pattern: str, paths: Iterable[str]) -> str | None:
    """What was meant by a pattern that fits none of some paths, where it is the end of one: itself, anywhere."""
    anywhere = f"**.{pattern}"
    return anywhere if any(matches(anywhere, path) for path in paths) else None
