"""The order of architectures that were measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stdsl.compiler.schemas.tasks.metrics import METRICS


def best_first(measured: Sequence[Mapping[str, Any]], metric: str) -> list[Mapping[str, Any]]:
    """The best ``value`` of the metric first, of equal ones the likelier (`log_prob`, None where that is not known),
    then the earlier."""
    return sorted(measured, key=lambda one: (-METRICS[metric].score(one["value"]), -(one["log_prob"] or 0.0)))
