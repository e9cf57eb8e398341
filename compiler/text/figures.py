"""Numbers for people. What is not known is not made up."""

from __future__ import annotations


def figure(value: float | None) -> str:
    """`3,349,342`, or `unknown`. Means are rounded."""
    return "unknown" if value is None else f"{round(value):,}"


def counted(value: int | None, what: str) -> str:
    """`3,349,342 parameters`, or `an unknown number of parameters`."""
    return f"an unknown number of {what}" if value is None else f"{value:,} {what}"
