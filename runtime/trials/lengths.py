"""How long a trial is predicted to take, from what is known of it exactly."""

from __future__ import annotations

_PASSES = 3
"""A step goes forward, and backward at about twice the cost."""
_STEP = 5_000_000
"""Multiply-adds that one core does in the time that a step takes beside its arithmetic (some 1.5 ms)."""
_TRIAL = 300_000_000
"""Multiply-adds that it does in the time that a trial takes beside its steps (some .1 s)."""


def predicted_length(flops: int | None, batch: int, steps: int) -> int:
    """The predicted length of a trial, in multiply-adds. ``flops``: multiply-adds of a sample's forward pass; None
    where operators of the user's have unknown ones, which then weigh nothing."""
    return (_PASSES * (flops or 0) * batch + _STEP) * steps + _TRIAL
