"""The front of a search of separate trainings: rows for a CSV file, and a plot of all its trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.text.figures import cost_title

from ..fronts import TriedFront
from ..tracking.rows import Table
from .plots import Format, altair, saved


def front_rows(found: TriedFront) -> Table:
    """A row for each trial with a result: its objectives, numbers in full, and whether no other is better in one of
    them and no worse in all."""
    head = ["trial", "hash", found.metric, *found.costs, "front"]
    return [head, *([row[name] for name in head[:-1]] + [str(row["front"]).lower()] for row in found.trials)]


def front_plot(found: TriedFront, format: Format) -> bytes:
    """Each trial by its first cost and its metric; those of the front darker, and joined where there are two
    objectives. Raises RunError where Altair, or what makes pictures of its plots, is not installed."""
    return saved(_chart(found), format)


def _chart(found: TriedFront) -> Any:
    alt = altair()
    cost, metric = found.costs[0], found.metric
    x = alt.X(f"{cost}:Q", title=cost_title(cost), scale=alt.Scale(zero=False))
    y = alt.Y(f"{metric}:Q", title=METRICS[metric].title, scale=alt.Scale(zero=False))
    told = ["trial:N", f"{metric}:Q", *(f"{name}:Q" for name in found.costs), "hash:N"]
    points = (
        alt.Chart(alt.Data(values=_plotted(found.trials)))
        .mark_point(filled=True, size=50)
        .encode(x=x, y=y, tooltip=told, opacity=alt.condition("datum.front", alt.value(1), alt.value(0.3)))
    )
    layers = [points]
    if len(found.costs) == 1:
        best = [row for row in found.trials if row["front"]]
        layers.append(alt.Chart(alt.Data(values=_plotted(best))).mark_line(interpolate="step-after").encode(x=x, y=y))
    title = f"{found.search}: {len(found.trials)} trials of {found.space}"
    return alt.layer(*layers, title=alt.TitleParams(title, anchor="start")).properties(width=480, height=320)


def _plotted(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "hash": row["hash"][:12]} for row in rows]
