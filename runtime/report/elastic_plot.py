"""Networks of several budgets as a plot: what each reaches against what it costs."""

from __future__ import annotations

from typing import Any

from stdsl.compiler.text.figures import cost_title

from ..elastic import ElasticFront
from .plots import Format, altair, saved


def plotted(front: ElasticFront) -> list[dict[str, Any]]:
    """A point for each network and split (`valid` where networks were chosen by what they are told by): `cost`,
    `value`, `split`, `architecture`."""
    points = []
    for row in front.document()["points"]:
        if row["architecture"] is not None:
            values = {"test": row["test"][front.told_by]}
            if front.chosen_by == front.told_by:
                values["valid"] = row["valid"]
            own = {"cost": row[front.metric], "architecture": row["architecture"]}
            points += [own | {"split": split, "value": value} for split, value in values.items()]
    return points


def front_plot(front: ElasticFront, format: Format) -> bytes:
    """A line for each split. Raises RunError where Altair, or what makes pictures of its plots, is not installed."""
    alt = altair()
    cost, told = cost_title(front.metric), front.measured_by.title
    chart = (
        alt.Chart(alt.Data(values=plotted(front)))
        .mark_line(point=True)
        .encode(
            x=alt.X("cost:Q", title=cost, axis=alt.Axis(format="~s")),
            y=alt.Y("value:Q", title=told, scale=alt.Scale(zero=False)),
            color=alt.Color("split:N", title=None, sort=["valid", "test"]),
            tooltip=["architecture:N", "split:N", "cost:Q", alt.Tooltip("value:Q", format=".4f")],
        )
        .properties(title=f"{front.search}: {front.space} from shared weights", width=420, height=260)
    )
    return saved(chart, format)
