"""What is read of a search that learnt a distribution over architectures, or drew some and measured them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stdsl.compiler.analysis.architecture import Architecture, architecture, values_of
from stdsl.compiler.analysis.derivation.front import POINTS, FrontPoint, Metric, front
from stdsl.compiler.analysis.policies.policy import Policy
from stdsl.compiler.analysis.policies.rows import log_rows
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.sibling import Sibling

from ..tasks.best_first import best_first


def distribution(graph: SpaceGraph, facts: Mapping[str, Any]) -> Policy:
    """By its `probabilities`, what phases `fixed`, and its `logits`, which older runs do not have."""
    return weighted(graph, facts["probabilities"], _fixed(facts), facts.get("logits"))


def front_of_distribution(
    graph: SpaceGraph, facts: Mapping[str, Any], metric: Metric, budgets: Sequence[int], sibling: Sibling | None
) -> list[FrontPoint]:
    """The most probable architecture for each budget."""
    weights, logits = facts["probabilities"], facts.get("logits")
    rows = log_rows(graph, weights, logits)
    return front(graph, weights, metric, budgets or POINTS, "beta", _fixed(facts), "allowed", sibling, logits, rows)


def found_by(graph: SpaceGraph, facts: Mapping[str, Any]) -> list[Architecture]:
    """What was drawn, the best first; where nothing was, the likeliest architecture alone."""
    drawn = facts.get("drawn")
    if drawn:
        return [architecture(graph, one["architecture"]) for one in best_first(drawn, facts["metric"])]
    return [distribution(graph, facts).likeliest()]


def _fixed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What parts of the search settled."""
    return values_of(facts.get("fixed", {}))
