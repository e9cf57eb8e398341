"""Settings of searches for a posterior that run, and do not do what they seem to."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdsl.compiler.checks.warnings import warnings
from stdsl.runtime.prepare.preparation import load_job

SPACE = str(Path(__file__).parents[2] / "golden" / "commands" / "w0766_posterior" / "learnt.space")
HELD = "strategy.objectives=[kl_drop_path, cost(flops, high = 100K)]"


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        ([], ["W0766", "W0767"]),
        (["strategy.objectives=[]"], ["W0766", "W0767"]),
        (["strategy.objectives=[kl_drop_path(weight = 0)]"], ["W0766", "W0767"]),
        ([HELD], ["W0767"]),
        ([HELD, "strategy.derive.measure=16"], []),
        ([HELD, "strategy.derive.samples=0"], []),
        # Of which nothing is learnt.
        (["strategy.decisions.warmup=2", "strategy.derive.measure=none"], []),
    ],
)
def test_what_is_warned_of(settings: list[str], codes: list[str]) -> None:
    job = load_job(SPACE, None, settings)
    assert [found.code for found in warnings(job.config, job.graph)] == codes
