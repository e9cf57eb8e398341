"""Times for people."""

from __future__ import annotations

_UNITS = (("s", 1, 120), ("min", 60, 7_200), ("h", 3_600, 172_800))
"""Each with its seconds, and up to how many of these it is the unit."""


def duration(seconds: float) -> str:
    """In the unit in which it has few digits: `96 s`, `12 min`, `7.3 h`, `116 days`."""
    for unit, size, most in _UNITS:
        if seconds < most:
            return f"{seconds / size:.1f} h" if unit == "h" else f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:,.0f} days"
