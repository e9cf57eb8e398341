"""Networks of several budgets as rows, as a table and as a plot."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from stdsl.runtime.elastic import ElasticFront, Point
from stdsl.runtime.report.elastic_plot import front_plot, plotted
from stdsl.runtime.report.front_table import elastic_rows, render_elastic
from stdsl.runtime.result import RunResult


def result(name: str, flops: int, valid: float, test: float) -> RunResult:
    document: dict[str, Any] = {
        "metric": "accuracy",
        "derived": {"hash": name * 12},
        "networks": [{"params": flops // 100, "flops": flops, "test": {"accuracy": test, "loss": 1.0}}],
        "search_facts": {
            "metric": "accuracy",
            "drawn": [{"hash": "other", "value": 0.1}, {"hash": name * 12, "value": valid}],
        },
    }
    return RunResult(Path("front") / name, document)


def front(chosen_by: str = "accuracy") -> ElasticFront:
    points = (
        Point(100, None),
        Point(2_000, result("a", 1_500, 0.5, 0.25), 1_500),
        Point(5_000, result("b", 4_000, 0.75, 0.5), 4_000),
    )
    return ElasticFront(Path("front"), "paths", "nets", "flops", "accuracy", chosen_by, points)


def test_rows_have_each_cost_once() -> None:
    titles, none, first, _ = elastic_rows(front())
    assert titles == ["budget", "flops", "params", "valid accuracy", "test accuracy", "architecture", "run"]
    assert none == [100, None, None, None, None, None, None]
    assert first == [2_000, 1_500, 15, 0.5, 0.25, "a" * 12, "front/a"]


def test_the_table_says_what_networks_were_chosen_by() -> None:
    text = io.StringIO()
    render_elastic(front("loss"), Console(file=text, width=100))
    shown = text.getvalue()
    assert "valid loss" in shown
    assert "test accuracy" in shown
    assert "none" in shown
    assert "bbbbbbbbbbbb" in shown


def test_a_plot_has_values_of_one_metric() -> None:
    assert [(p["cost"], p["split"], p["value"]) for p in plotted(front())] == [
        (1_500, "test", 0.25),
        (1_500, "valid", 0.5),
        (4_000, "test", 0.5),
        (4_000, "valid", 0.75),
    ]
    assert {p["split"] for p in plotted(front("loss"))} == {"test"}


def test_the_plot_is_a_picture() -> None:
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    drawn = front_plot(front(), "svg").decode()
    assert drawn.startswith("<svg")
    assert "paths: nets from shared weights" in drawn
    assert "FLOPs" in drawn
