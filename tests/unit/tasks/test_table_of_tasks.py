"""The table of tasks: a row for a form of targets, as the page tells it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from stdsl.compiler.schemas.tasks.targets import TargetSignature
from stdsl.compiler.schemas.tasks.task import TASKS, Task, task_of

PAGE = (Path(__file__).parents[3] / "docs" / "your-own-task.md").read_text(encoding="utf-8")
HEAD = "| task | targets | loss | told by |\n|---|---|---|---|\n"
ROWS = [[cell.strip() for cell in row.split("|")[1:-1]] for row in PAGE.split(HEAD)[1].split("\n\n")[0].splitlines()]


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name}-{task.kind}")
def test_targets_of_its_form_are_of_this_task(task: Task) -> None:
    """Of a second row for one form nothing would be taken."""
    assert task_of(TargetSignature(task.kind, 2, None, (4,) if task.dense else ())) is task


@pytest.mark.parametrize("task", TASKS, ids=lambda task: f"{task.name}-{task.kind}")
def test_the_page_tells_what_it_takes(task: Task) -> None:
    told = [(loss, metrics) for name, _, loss, metrics in ROWS if name == f"`{task.name}`"]
    found = [re.findall(r"`(\w+)`", metrics) for loss, metrics in told if loss.startswith(f"`{task.loss().kind}`")]
    assert list(task.shown) in found
