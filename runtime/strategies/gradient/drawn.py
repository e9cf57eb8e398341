"""What a step takes that computes what is drawn alone, for the plan."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from stdsl.compiler.analysis.costs.of_many import costs_of_each
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.ir.graph import SpaceGraph

from ...randomness import key

TYPICAL: Final = 100
"""So many draws are looked at."""


def typical_draws(graph: SpaceGraph) -> tuple[Mapping[str, Any], float]:
    """Of some draws, as they come at the start, the values of that which keeps most, and the share of its multiply-adds
    that one has on average. A search draws without regard to `where`. All elements of keeps are computed, of which an
    architecture leaves some out: what these ask for has the values of other draws."""
    chance = policy(replace(graph, constraints=()), "even")
    archs = [chance.draw(key(0, "typical draw", number)) for number in range(TYPICAL)]
    costs = costs_of_each(graph, archs)
    work = [each.flops or 0 for each in costs]  # unknown costs of operators of the user's weigh nothing here
    ranked = sorted(range(TYPICAL), key=lambda i: (costs[i].activations or 0, work[i]))
    keeps = {decision.path for decision in graph.open if decision.kind == "keep"}
    values = {path: value for i in ranked for path, value in archs[i].items() if path not in keeps}
    return values, statistics.fmean(work) / max(1, work[ranked[-1]]) or 1.0
