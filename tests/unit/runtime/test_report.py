"""What is shown: progress as lines or bars, the plan and the result as tables."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from stdsl.compiler.text.durations import duration
from stdsl.runtime.prepare.plan import Plan, Stage, plan_text
from stdsl.runtime.report.console import ConsoleReporter
from stdsl.runtime.report.table import _short, render_result


def shown(terminal: bool, quiet: bool = False) -> tuple[ConsoleReporter, io.StringIO]:
    buffer = io.StringIO()
    return ConsoleReporter(Console(file=buffer, force_terminal=terminal, width=100), quiet), buffer


def test_plain_lines_without_a_terminal() -> None:
    reporter, buffer = shown(terminal=False)
    with reporter:
        reporter.begin("search", 10, 4)
        reporter.advance("search", 5, {"loss": 1.5})
        reporter.end("search", "10 steps")
    assert buffer.getvalue().splitlines() == ["search: going on after 4 of 10 steps", "search: done, 10 steps (0:00)"]


def test_a_line_now_and_then_says_how_long_it_takes(monkeypatch: Any) -> None:
    now = [100.0]
    monkeypatch.setattr("stdsl.runtime.report.console.time.monotonic", lambda: now[0])
    reporter, buffer = shown(terminal=False)
    reporter.begin("search", 100)
    for done in range(1, 31):
        now[0] += 1
        reporter.advance("search", done, {"loss": 1.5, "accuracy": 0.25, "lr": 0.1})
    lines = buffer.getvalue().splitlines()[1:]
    assert lines[0] == "search: 10/100  loss 1.500  accuracy 0.250  1:30 left"
    assert len(lines) == 3


def test_bars_on_a_terminal() -> None:
    reporter, buffer = shown(terminal=True)
    with reporter:
        reporter.begin("search", 10)
        reporter.begin("train random-1", 5)
        reporter.advance("search", 5, {"loss": 1.5})
        reporter.advance("train random-1", 5, {})
        reporter.end("train random-1")
        reporter.end("search", "10 steps")
    assert "search: done, 10 steps (0:00)" in buffer.getvalue()
    assert "train random-1: done" in buffer.getvalue()


def test_quiet_says_nothing() -> None:
    reporter, buffer = shown(terminal=True, quiet=True)
    with reporter:
        reporter.begin("search", 10)
        reporter.advance("search", 5, {"loss": 1.5})
        reporter.end("search")
        reporter.say("hello")
    assert buffer.getvalue() == ""


def network(title: str, kind: str, accuracy: float) -> dict[str, Any]:
    test = {"accuracy": accuracy, "top5": 0.9, "loss": 1.0, "samples": 64}
    return {"title": title, "kind": kind, "params": 1234, "flops": 567_890, "test": test, "seconds": 12.3}


RESULT: dict[str, Any] = {
    "search": "small",
    "space": "cells(c = 4)",
    "data": "motion_digits",
    "seed": 3,
    "metric": "accuracy",
    "targets": {"task": "classification", "kind": "classes"},
    "networks": [
        network("derived", "derived", 0.8125),
        network("random-1", "random", 0.5),
        network("[flat]", "space", 0.25),
    ],
    "random": {"mean": 0.4, "sd": 0.1, "best": 0.5, "best_name": "random-1", "values": [0.5, 0.3]},
    "derived": {"values": {"normal.x[1][1].kind": "conv[3]", "normal.x[1].inputs": [1, 3]}, "layers": []},
    "onnx": {
        "difference": {"1": 1e-7, "3": 2.5e-7},
        "relative_difference": {"1": 4e-8},
        "latency_ms": 0.31,
        "bytes": 337_000,
    },
    "files": {"onnx": "model.onnx"},
    "next": ["stdsl show " + "a-very-long-folder-name/" * 8],
}


def test_the_result_table() -> None:
    buffer = io.StringIO()
    render_result(RESULT, Console(file=buffer, width=80))
    text = buffer.getvalue()
    for part in (
        "0.812",
        "0.500",
        "[flat]",
        "conv[3]",
        "1, 3",
        "2.5e-07 (4.0e-08 of the largest output)",
        "0.31 ms",
        "337 KB",
        "mean of 2 random",
        "0.400",
    ):
        assert part in text
    assert "stdsl show " + "a-very-long-folder-name/" * 8 in text  # to be copied in one piece


def test_of_one_random_network_there_is_no_mean() -> None:
    buffer = io.StringIO()
    one = {"mean": 0.5, "sd": 0.0, "best": 0.5, "best_name": "random-1", "values": [0.5]}
    render_result(RESULT | {"random": one}, Console(file=buffer, width=80))
    assert "random-1" in buffer.getvalue()
    assert "mean of" not in buffer.getvalue()
    assert "best random" not in buffer.getvalue()


def test_trials_say_which_one_they_go_on_from_and_what_is_not_known() -> None:
    trials = [
        {"name": f"trial-{i}", "value": i / 4, "params": 9, "flops": None, "seconds": 1.0, **more}
        for i, more in enumerate(({}, {"start": "trial-1"}), 1)
    ]
    told = {"metric": "balanced_accuracy", "trials": trials, "steps": 4, "seconds": 2.0}
    buffer = io.StringIO()
    render_result(RESULT | {"search_facts": told}, Console(file=buffer, width=120))
    lines = [line.split() for line in buffer.getvalue().splitlines()]
    assert ["trial-2", "trial-1", "0.500", "9", "unknown", "1", "s"] in lines
    assert ["trial-1", "0.250", "9", "unknown", "1", "s"] in lines
    assert ["trial", "goes", "on", "from", "balanced", "accuracy", "params", "FLOPs", "trained", "in"] in lines


@pytest.mark.parametrize(("classes", "told"), [(5, False), (6, True), (0, True)])
def test_the_five_likeliest_of_few_classes_are_not_told(classes: int, told: bool) -> None:
    buffer = io.StringIO()
    render_result(RESULT | {"classes": [str(i) for i in range(classes)]}, Console(file=buffer, width=80))
    assert ("top 5" in buffer.getvalue()) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.0, "0 s"),
        (96.4, "96 s"),
        (119.9, "120 s"),
        (120, "2 min"),
        (7199, "120 min"),
        (7200, "2.0 h"),
        (26_100, "7.2 h"),
        (172_800, "2 days"),
        (9_983_351, "116 days"),
        (1e12, "11,574,074 days"),
    ],
)
def test_times_are_told_in_few_digits(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_a_result_without_training_or_export() -> None:
    buffer = io.StringIO()
    bare = RESULT | {"networks": [], "random": None, "onnx": None, "next": [], "derived": {"values": {}}}
    render_result(bare, Console(file=buffer, width=80), layers=True)
    assert "no open decisions" in buffer.getvalue()


@pytest.mark.parametrize(("front", "said"), [(["trial-1"], "front of 1 trial:"), (["trial-2", "trial-1"], "2 trials:")])
def test_the_front_of_several_objectives(front: list[str], said: str) -> None:
    trials = [{"name": f"trial-{i}", "value": 1 / i, "params": 9 - i, "flops": 5, "seconds": 1.0} for i in (1, 2)]
    told = {"metric": "accuracy", "minimize": ["params"], "trials": trials, "steps": 4, "seconds": 2.0, "front": front}
    buffer = io.StringIO()
    render_result(RESULT | {"search_facts": told}, Console(file=buffer, width=120))
    assert f"{said} no other is as good in all objectives and better in one" in buffer.getvalue()


def test_the_plan_as_text() -> None:
    stages = (Stage("search", 320, 32, 1000, 2_000_000, 73_000_000, 76.0), Stage("train derived", 1, 1, 1, 1, 1, 4.0))
    text = plan_text(Plan("small", "cells", "motion_digits", "cpu", stages, 1, 1))
    assert "2,000,000" in text
    assert "73 MB" in text
    assert "80 s" in text


@pytest.mark.parametrize("width", [20, 60, 80])
def test_numbers_of_a_plan_and_a_result_are_not_cut(width: int) -> None:
    stage = Stage("search of something", 20_480, 2, 7_168_059, 50_763_674_624, 4_930_000_000, 9e5)
    text = plan_text(Plan("small", "cells", "motion_digits", "cpu", (stage,), 1, 1), width)
    for number in ("20,480", "7,168,059", "50,763,674,624", "4,930"):
        assert number in text
    buffer = io.StringIO()
    rows = [row | {"flops": 50_763_674_624, "params": 7_168_059} for row in RESULT["networks"]]
    render_result(RESULT | {"networks": rows}, Console(file=buffer, width=width))
    for number in ("0.812", "7,168,059", "50,763,674,624"):
        assert number in buffer.getvalue()


def test_a_line_for_each_event_and_no_line_twice() -> None:
    reporter, buffer = shown(terminal=False)
    with reporter:
        for title in ("search", "train derived"):
            reporter.begin(title, 2)
            reporter.advance(title, 2, {"loss": 1.0})
            reporter.end(title, "2 steps")
    lines = buffer.getvalue().splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        "search: starts",
        "search: done",
        "train derived: starts",
        "train derived: done",
    ]


def test_counts_of_any_size_are_short() -> None:
    found = [_short(text) for text in ("1", "72900", "1076746950455072400", "9" * 400)]
    assert found == ["1", "72,900", "1.0e18", "9.9e399"]
