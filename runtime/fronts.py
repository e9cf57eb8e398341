"""All trials of a search of separate trainings by their objectives, and which of them nothing dominates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.analysis.derivation.front import Metric
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.diagnostics.run_directories import NoFront
from stdsl.compiler.schemas.objectives import CostName
from stdsl.compiler.schemas.tasks.metrics import METRICS

from .learnt import learnt
from .strategies.evolution.objectives import best


@dataclass(frozen=True)
class TriedFront:
    """``metric``: what trials were judged by. ``costs``: the other objectives, the one that was asked for first.
    ``trials``: of each with a result its name, hash, metric and costs, and whether it is on the ``front``; the cheapest
    first."""

    search: str
    space: str
    metric: str
    costs: Sequence[CostName]
    trials: Sequence[dict[str, Any]]


def tried_by(path: Path, cost: Metric) -> TriedFront:
    """Those of a run whose search is over. The objectives are the metric and the costs that the search minimized, or
    ``cost`` where that is none of them. Raises RunError where there is no such run, or it has no trials."""
    job, strategy, facts = learnt(path, lambda reason: NoFront(None, str(path), reason))
    if facts.get("trials") is None:
        reason = f"a search of the family `{strategy.family}` tries no architectures, so there is nothing to plot"
        raise RunError([NoFront(None, str(path), reason)])
    minimized: list[CostName] = facts.get("minimize") or []
    costs = [cost, *(name for name in minimized if name != cost)] if cost in minimized else [cost]
    metric: str = facts["metric"]
    rows: list[dict[str, Any]] = []
    scores = []
    for trial in facts["trials"]:
        own = costs_of(job.graph, architecture(job.graph, trial["architecture"]))
        known: dict[str, int | None] = {name: getattr(own, name) for name in costs}
        rows.append({"trial": trial["name"], "hash": trial["hash"], metric: trial["value"], **known})
        lost = (-math.inf if figure is None else -float(figure) for figure in known.values())
        scores.append((METRICS[metric].score(trial["value"]), *lost))
    front = set(best(scores))
    for place, row in enumerate(rows):
        row["front"] = place in front
    rows.sort(key=lambda row: (row[cost] is None, row[cost] or 0))
    return TriedFront(job.config.name, job.graph.name, metric, costs, rows)
