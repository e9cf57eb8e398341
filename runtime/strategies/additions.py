"""What a gradient search does beyond its plain form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .expected_cost import SoftCosts
from .gap import Gauge
from .shrinking import Shrinking


@dataclass(frozen=True)
class Additions:
    """What a search does beyond alternating descent of the first order.

    ``unrolled``: the rate ξ of the unrolled step by step (second order). ``temperatures``: of alternatives and of
    elements by step. ``sampled``: Gumbel-softmax weights are samples during training, ``hard`` ones if so.
    ``entropy``: the factor of the decision weights' entropy in the decisions' loss. ``shrinking``: decisions are fixed
    on the way. ``gauge``: measures the relaxed and the discrete network. ``best``: the metric by which the decision
    weights of the best epoch, of ``epoch`` steps, are kept. ``weightless``: by path, the options without weights.
    ``held``: decisions that have a value from the start, which the network does not hold any more; ``drawn``: values by
    step of decisions that are held at another one at each. ``costs``: soft costs in the decisions' loss.
    """

    unrolled: Callable[[int], float] | None = None
    temperatures: Callable[[int], tuple[float, float]] | None = None
    sampled: bool = False
    hard: bool = False
    entropy: float = 0.0
    shrinking: Shrinking | None = None
    gauge: Gauge | None = None
    best: str | None = None
    epoch: int = 1
    weightless: Mapping[str, frozenset[int]] = field(default_factory=dict)
    held: Mapping[str, Any] = field(default_factory=dict)
    drawn: Callable[[int], Mapping[str, Any]] | None = None
    costs: SoftCosts | None = None
