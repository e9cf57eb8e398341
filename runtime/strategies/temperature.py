"""Temperatures of a relaxation from step to step."""

from __future__ import annotations

from stdsl.compiler.schemas.over import Over

from ..training.formulas import value_of

_COLD = 1e-3
"""They do not fall below this: a softmax, or a gate, at 0 has no gradient."""


def temperature(tau: Over, t: int, steps: int) -> float:
    """That of step ``t`` (from 0) of ``steps``, by a setting over `t` (from 1) and `T`. Raises RunError where
    that has no value."""
    return max(float(value_of("tau", tau, t=t + 1, T=steps)), _COLD)
