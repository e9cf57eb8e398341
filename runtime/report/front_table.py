"""Networks of several budgets as text, and as rows for a CSV file."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from stdsl.compiler.analysis.derivation.front import FrontPoint
from stdsl.compiler.schemas.tasks.metrics import METRICS
from stdsl.compiler.text.figures import cost_title, figure, rounded

from ..elastic import ElasticFront
from ..front import Front
from ..tracking.rows import Table as Rows
from .plain import plain
from .whole import print_whole

_HASH = 12


def render_elastic(front: ElasticFront, console: Console) -> None:
    """Print a row for each budget, the smallest first."""
    told, cost = front.measured_by, cost_title(front.metric)
    head = f"{front.search}: networks of {front.space} from its shared weights, by their {cost}"
    console.print(plain(head, "bold"), highlight=False, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("budget", cost, f"valid {METRICS[front.chosen_by].title}", f"test {told.title}"):
        table.add_column(title, justify="right")
    table.add_column("architecture", no_wrap=True)
    for row in front.document()["points"]:
        if row["architecture"] is None:
            table.add_row(figure(row["budget"]), "", "", "", "none")
            continue
        table.add_row(
            figure(row["budget"]),
            figure(row[front.metric]),
            METRICS[front.chosen_by].written(row["valid"]),
            told.written(row["test"][front.told_by]),
            plain(row["architecture"][:_HASH]),
        )
    print_whole(table, console)


def elastic_rows(front: ElasticFront) -> Rows:
    """A row for each budget; numbers in full."""
    titles = [*dict.fromkeys(("budget", front.metric, "params", "flops"))]
    rows: list[list[str | int | float | None]] = []
    for row in front.document()["points"]:
        values: list[Any] = [row.get(title) for title in titles]
        test = row.get("test", {}).get(front.told_by)
        rows.append([*values, row.get("valid"), test, row["architecture"], row.get("run")])
    return [[*titles, f"valid {front.chosen_by}", f"test {front.told_by}", "architecture", "run"], *rows]


def front_lines(front: Front) -> list[tuple[str, ...]]:
    """A table as rows of text, with its titles: of each budget the best architecture; of trials whose budgets are what
    they cost, these alone."""
    score = "score" if front.metric is None else METRICS[front.metric].title
    titles = ("budget", cost_title(front.cost), score, "", "architecture")
    rows = [titles, *(_line(point, front.metric) for point in front.points)]
    return rows if front.named or front.metric is None else [(*row[1:3], row[4]) for row in rows]


def _line(point: FrontPoint, metric: str | None) -> tuple[str, ...]:
    if point.architecture is None:
        return figure(point.budget), "", "", "", "none" if point.best else "none found; there may be one"
    zeros = f"{point.zeros} kept edge{'s' if point.zeros > 1 else ''} zero" if point.zeros else ""
    known = ", ".join(filter(None, ("" if point.best else "at least", zeros)))
    score = _score(point.score or 0.0, metric)
    return figure(point.budget), figure(point.cost), score, known, point.architecture.hash[:_HASH]


def _score(score: float, metric: str | None) -> str:
    """Of a trial the value of its metric."""
    if metric is None:
        return rounded(score, 3)
    return METRICS[metric].written(METRICS[metric].score(score))  # which is its own inverse
