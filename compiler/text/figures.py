"""Numbers for people. What is not known is not made up."""

from __future__ import annotations

from fractions import Fraction


def figure(value: float | None) -> str:
    """`3,349,342`, or `unknown`. Means are rounded."""
    return "unknown" if value is None else f"{round(value):,}"


def cost_title(metric: str) -> str:
    """How the cost `flops`, `params`, `activations` or `depth` is called above a column."""
    return "FLOPs" if metric == "flops" else metric


def counted(value: int | None, what: str) -> str:
    """`3,349,342 parameters`, or `an unknown number of parameters`."""
    return f"an unknown number of {what}" if value is None else f"{value:,} {what}"


def times(number: int, what: str) -> str:
    """`1 step`, `1,200 steps`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def apart(absolute: float, relative: float | None) -> str:
    """How far numbers are from others at most: `1.9e-06 (4.1e-07 of the largest output)`; the size of the outputs is
    left away where ``relative`` to that is not known, and where they are equal."""
    size = "" if relative is None or not absolute else f" ({relative:.1e} of the largest output)"
    return f"{absolute:.1e}{size}"


def percent(share: Fraction) -> str:
    """`33.3%`. Only what is exactly none or all is `0%` or `100%`: what would be rounded to that is `<0.1%` or
    `>99.9%`."""
    if share in (0, 1):
        return f"{int(share) * 100}%"
    tenths = round(share * 1000)
    return "<0.1%" if tenths < 1 else ">99.9%" if tenths > 999 else f"{tenths / 10:.1f}%"


def rounded(value: float, places: int) -> str:
    """With so many places; what is rounded to nothing has no sign."""
    return f"{round(value, places) + 0.0:.{places}f}"
