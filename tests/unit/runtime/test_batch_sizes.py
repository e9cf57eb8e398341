"""What a plan says of batches is what a run does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stdsl.compiler.checks.warnings import batch_warnings
from stdsl.compiler.schemas.retraining import retraining_samples
from stdsl.runtime.data.registry import open_dataset
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.prepare.samples import stage_sizes
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run

SPACE = Path(__file__).parents[2] / "golden" / "commands" / "e0651_no_such_search" / "short.space"


class Heard(Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


def test_samples_are_those_of_the_data() -> None:
    config = load_job(str(SPACE), None, ["data.train=24", "retrain.holdout=0.3"]).config
    dataset = open_dataset(config.data, 0, Path())
    assert config.data.samples(("train",)) == dataset.size("train") == 24
    assert config.data.samples(("train", "valid")) == 40
    assert retraining_samples(config) == 28


@pytest.mark.parametrize(
    ("samples", "batch", "expected"), [(100, 32, (3, 32)), (16, 16, (1, 16)), (16, 17, (1, 16)), (None, 32, (312, 32))]
)
def test_stage_sizes(samples: int | None, batch: int, expected: tuple[int, int]) -> None:
    assert stage_sizes(samples, batch) == expected


def test_a_batch_larger_than_the_data_is_planned_and_run_as_all_of_it(tmp_path: Path) -> None:
    settings = ["strategy.batch=1000", "strategy.epochs=2", "retrain.batch=1000", "retrain.epochs=3"]
    job = load_job(str(SPACE), None, settings)
    stages = {stage.name: stage for stage in plan(job, "cpu").stages}
    assert (stages["search"].batch, stages["search"].steps) == (16, 2)
    assert (stages["train derived"].batch, stages["train derived"].steps) == (32, 3)
    said = [d.message for d in batch_warnings(job.config)]
    assert said == [
        "weights and decisions of the search learn from 16 samples, so batches of 1,000 become as small",
        "the final training learns from 32 samples, so batches of 1,000 become as small",
    ]
    heard = Heard()
    run(RunRequest(str(SPACE), None, tuple(settings), tmp_path / "run", device="cpu"), heard)
    assert sum("W0711" in line for line in heard.lines) == 2
    lines: list[dict[str, Any]] = [json.loads(line) for line in (tmp_path / "run" / "journal.jsonl").open()]
    facts = {line["phase"]: line["facts"] for line in lines if line["event"] == "phase_finished"}
    assert (facts["search"]["steps"], facts["retrain"]["steps"]) == (2, 3)


def test_no_warning_where_all_fits() -> None:
    assert list(batch_warnings(load_job(str(SPACE), None, ["strategy.batch=16", "retrain.batch=32"]).config)) == []
