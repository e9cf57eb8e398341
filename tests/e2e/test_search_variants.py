"""Every kind of gradient search, stopped and taken up again, ends at the same bits; scheduled ones really shrink."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from kills.outcome import without_times
from rich.console import Console

from stdsl.compiler.analysis.count import count
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.report.table import render_result
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
use std.video (relu_conv_bn)

ops candidates(stride = 1) = {
  skip: skip(stride),
  pool: max_pool(3x3x3, stride) -> bn,
  flat: relu_conv_bn(same, 1x3x3, stride),
}

tied cell motif(c) on s0, s1 {
  a = s0 -> relu_conv_bn(c)
  b = s1 -> relu_conv_bn(c)
  for i in 1..2 {
    halved = [a, b] -> each choose candidates(stride = 2) as kind
    x[i] = [*halved, *(x[<i] -> each choose candidates as kind)] -> keep 2 as inputs -> sum
  }
  return x -> concat -> dropout(0.1)
}

meta tiny(c = 4) on video: clip(1, 8, 16, 16) {
  stem = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn
  h = [stem, stem] -> motif(2 * c)
  return h -> global_avg_pool -> linear(4)
}
space cells(c = 4) = tiny(c)

search small {
  space = cells
  data = motion_digits(
    frames = 8, size = 16, motions = 4, noise = 0.1, background = 0, jitter = 0,
    train = 64, valid = 64, test = 64,
  )
  strategy = gradient {
    steps = 16  batch = 16  measure = 32
    relax { keep = sigmoid }
    weights { optimizer = sgd(lr = 0.05, momentum = 0.9)  clip = 5 }
    decisions { optimizer = adam(lr = 0.05)  clip = 1  warmup = 2 }
  }
}
"""

VARIANTS = {
    "scheduled": ["strategy.discretize.count=M * (1 - (1 - t / T) ** 4)"],
    "by entropy": ["strategy.discretize.count=M * t / T", "strategy.discretize.priority=entropy"],
    "second order": ["strategy.decisions.order=2", "strategy.decisions.unrolled_lr=0.1"],
    "gumbel": ["strategy.relax.choose=gumbel(tau = 5 - 4 * t / T, hard = true)"],
    "best epoch": ["strategy.derive.snapshot=best", "strategy.derive.metric=accuracy", "strategy.relax.keep=softmax"],
    "entropy": ["strategy.objectives=[entropy(0.1)]", "strategy.relax.choose=softmax(tau = 2 - t / T)"],
    "partial": ["strategy.relax.choose=partial(softmax, channels = 1 / 4)", "strategy.derive.score=product"],
    "soft cost": ["strategy.objectives=[cost(flops, weight = 5, high = 100K), cost(params, low = 1K)]"],
    "bfloat16": ["precision=bfloat16", "strategy.relax.statistics=running"],
}
RECOMPUTED = {
    "first order": [],
    "scheduled": ["strategy.discretize.count=M * t / T"],
    "second order": ["strategy.decisions.order=2"],
    "gumbel": ["strategy.relax.choose=gumbel(tau = 2, hard = true)"],
}


class StopAt(Silent):
    """Asks the run to stop once so many steps are done."""

    def __init__(self, step: int) -> None:
        self.step = step

    def advance(self, title: str, done: int, facts: object) -> None:
        if done == self.step:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("variants") / "tiny.space"
    path.write_text(TEXT)
    return path


def outcome(folder: Path) -> tuple[dict[str, Any], str]:
    """The facts of the search without times, and the digest of its weights."""
    finished = [e for e in read_journal(folder / "journal.jsonl") if e["event"] == "phase_finished"]
    facts = next(e["facts"] for e in finished if e["phase"] == "search")
    digest = hashlib.sha256((folder / "weights" / "search.safetensors").read_bytes()).hexdigest()
    return without_times(facts), digest


def told(folder: Path, event: str) -> list[dict[str, Any]]:
    lines = [line for line in read_journal(folder / "journal.jsonl") if line["event"] == event]
    return [{k: v for k, v in line.items() if k != "time"} for line in lines]


@pytest.mark.parametrize("variant", VARIANTS)
def test_stopped_and_taken_up_again_it_is_the_same(space: Path, tmp_path: Path, variant: str) -> None:
    overrides = VARIANTS[variant]
    whole = run(RunRequest(str(space), out=tmp_path / "whole", overrides=overrides), Silent())
    assert whole.architecture
    broken = tmp_path / "broken"
    with pytest.raises(Interrupted):
        run(RunRequest(str(space), out=broken, overrides=overrides), StopAt(5))
    with pytest.raises(Interrupted):
        resume(broken, StopAt(11))
    again = resume(broken, Silent())
    assert again.architecture == whole.architecture
    assert outcome(broken) == outcome(tmp_path / "whole")
    for event in ("step", "decision", "epoch"):
        assert told(broken, event) == told(tmp_path / "whole", event)


@pytest.mark.parametrize(("variant", "again"), [*((name, "cells") for name in RECOMPUTED), ("scheduled", "operations")])
def test_what_is_computed_again_changes_nothing(space: Path, tmp_path: Path, variant: str, again: str) -> None:
    """Not a bit, random numbers and running statistics included."""
    for name, recompute in (("kept", "none"), ("again", again)):
        overrides = [*RECOMPUTED[variant], f"strategy.relax.recompute={recompute}", "strategy.steps=8"]
        run(RunRequest(str(space), out=tmp_path / name, overrides=overrides), Silent())
    assert outcome(tmp_path / "again") == outcome(tmp_path / "kept")


@pytest.mark.slow
def test_compiled_cells_can_be_computed_again(tmp_path: Path) -> None:
    space = tmp_path / "calm.space"
    space.write_text(TEXT.replace(" -> dropout(0.1)", ""))  # compiled code draws other random numbers
    for name, recompute in (("kept", "none"), ("again", "cells")):
        overrides = ["compile=true", "strategy.measure=0", f"strategy.relax.recompute={recompute}", "strategy.steps=4"]
        run(RunRequest(str(space), out=tmp_path / name, overrides=overrides), Silent())
    kept, again = ([line["loss"] for line in told(tmp_path / name, "step")] for name in ("kept", "again"))
    assert again == pytest.approx(kept, rel=1e-4)


@pytest.mark.slow
def test_plans_know_of_what_is_computed_again() -> None:
    kept, cells, operations = (
        plan(load_job("sdas", "motion_sdas_c", [f"strategy.relax.recompute={what}"]), "cpu").stages[0]
        for what in ("none", "cells", "operations")
    )
    assert cells.bytes < operations.bytes < 0.7 * kept.bytes
    assert cells.params == operations.params == kept.params


def test_plans_know_that_the_second_order_takes_longer(space: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdsl.runtime.prepare.plan._rate", lambda device: (1e9, 1.0))
    first, second = (
        plan(load_job(str(space), None, ["strategy.decisions.warmup=0", f"strategy.decisions.order={order}"]), "cpu")
        for order in (1, 2)
    )
    assert second.stages[0].seconds == pytest.approx(2.5 * first.stages[0].seconds)  # 5 passes a step for 2


def test_a_scheduled_search_fixes_everything_and_shrinks(space: Path, tmp_path: Path) -> None:
    result = run(RunRequest(str(space), out=tmp_path / "run", overrides=VARIANTS["scheduled"]), Silent())
    steps = told(tmp_path / "run", "decision")
    total = count(load_job(str(space), None).graph).high
    assert total == 3**2 * 3 * 3**2
    left = [int(step["remaining"]) for step in steps]
    assert [step["fixed"] for step in steps] == list(range(1, 8))  # five edges, a keep and a site
    assert all(step["of"] == 7 for step in steps)
    assert left[0] < total
    assert left == sorted(left, reverse=True)
    assert left[-1] == 1
    params = [step["params"] for step in steps]
    assert params == sorted(params, reverse=True)
    assert params[-1] < steps[0]["params_before"] / 2
    for node, edges in (("x[1]", ("halved[1][1]", "halved[1][2]")), ("x[2]", ("halved[2][1]", "x[2][1]"))):
        places = {step["path"]: step["fixed"] for step in steps}
        assert all(places[f"motif.{e}.kind"] < places[f"motif.{node}.inputs"] for e in edges)
    values = {step["path"]: step["value"] for step in steps}
    for path, value in result.architecture.items():
        assert values[path] == (list(value) if isinstance(value, tuple) else value)
    assert values["motif.x[1].inputs"] is None  # a site: nothing to decide
    # With everything fixed, the relaxed network is the discrete one.
    finished = outcome(tmp_path / "run")[0]
    assert finished["gap"]["relaxed"] == finished["gap"]["discrete"]
    # What is fixed counts as decided, and `show` says how many architectures were left.
    history = finished["history"]
    undecided = [moment["entropy"] for moment in history]
    assert undecided == sorted(undecided, reverse=True)
    assert undecided[-1] == 0
    for moment in history:
        fixed = [int(step["remaining"]) for step in steps if step["step"] <= moment["step"]]
        assert moment["remaining"] == str(min([total, *fixed]))
    console = Console(record=True, width=120, file=io.StringIO())
    render_result(result.document, console)
    row = next(line for line in console.export_text().splitlines() if "networks left" in line)
    assert row.split()[2:] == [moment["remaining"] for moment in history]


def test_the_best_epoch_is_derived(space: Path, tmp_path: Path) -> None:
    run(RunRequest(str(space), out=tmp_path / "run", overrides=VARIANTS["best epoch"]), Silent())
    epochs = told(tmp_path / "run", "epoch")
    assert len(epochs) == 4
    best = max(epochs, key=lambda e: (e["value"], -e["step"]))
    found = outcome(tmp_path / "run")[0]["best"]
    assert found == {"step": best["step"], "value": best["value"]}


def test_where_holds_while_decisions_are_fixed(space: Path, tmp_path: Path) -> None:
    text = TEXT.replace("tiny(c)\n", "tiny(c) where flops <= 160K\n")
    path = tmp_path / "bound.space"
    path.write_text(text)
    overrides = [*VARIANTS["scheduled"], "strategy.decisions.warmup=0", "strategy.measure=0"]
    result = run(RunRequest(str(path), out=tmp_path / "run", overrides=overrides), Silent())
    assert result.document["derived"]["flops"] <= 160_000
    assert len(told(tmp_path / "run", "decision")) == 7
    assert json.loads((tmp_path / "run" / "result.json").read_text())["search_facts"]["fixed"]


def test_a_soft_cost_leads_to_cheaper_networks(space: Path, tmp_path: Path) -> None:
    def means(name: str, *overrides: str) -> list[float]:
        fast = ["strategy.decisions.optimizer=adam(lr = 0.3)", "strategy.measure=0", *overrides]
        run(RunRequest(str(space), out=tmp_path / name, overrides=fast), Silent())
        return [line["costs"]["flops"] for line in told(tmp_path / name, "notes")]

    cheap = means("cheap", "strategy.objectives=[cost(flops, weight = 20, high = 10K)]")
    dear = means("dear", "strategy.objectives=[cost(flops, weight = 20, low = 300K)]")
    assert cheap[0] == pytest.approx(dear[0])
    assert cheap[-1] < 0.8 * cheap[0]
    assert dear[-1] > 1.1 * dear[0]


def test_other_metrics_choose_and_are_reported(space: Path, tmp_path: Path) -> None:
    path = tmp_path / "metrics.space"
    recipe = "retrain { steps = 6  batch = 16  holdout = 0.25  snapshot = best  metric = mean_ap }"
    path.write_text(f"{TEXT.rstrip()[:-1]}  {recipe}\n  evaluate {{ metric = balanced_accuracy }}\n}}\n")
    overrides = ["strategy.derive.snapshot=best", "strategy.derive.metric=balanced_accuracy", "strategy.steps=8"]
    result = run(RunRequest(str(path), out=tmp_path / "run", overrides=overrides), Silent())
    test = result.document["networks"][0]["test"]
    assert 0 < test["mean_ap"] <= 1
    assert 0 < test["balanced_accuracy"] <= 1
    assert {line["metric"] for line in told(tmp_path / "run", "epoch")} == {"balanced_accuracy"}
    held = told(tmp_path / "run", "held_out")
    best = next(e["facts"] for e in told(tmp_path / "run", "phase_finished") if e["phase"] == "retrain")["held_out"]
    assert best["mean_ap"] == max(line["mean_ap"] for line in held)
    console = Console(record=True, width=120, file=io.StringIO())
    render_result(result.document, console)
    assert f"{test['balanced_accuracy']:.3f}" in console.export_text().split("balanced accuracy")[1]
