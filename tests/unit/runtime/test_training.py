"""Searches and trainings: they learn, they can be killed anywhere, and each side leaves the other alone."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parent))
from standin import SMOKE, TinySupernet, tiny_search, tiny_training

from stdsl.compiler.schemas.optimizers import SGD, AdamW
from stdsl.compiler.schemas.schedules import Cosine
from stdsl.runtime.data.batch import Part
from stdsl.runtime.data.motion_digits import MotionDigitsDataset
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.strategies.statistics import mean_entropy
from stdsl.runtime.tracking.journal import read_journal
from stdsl.runtime.tracking.tracker import Tracker
from stdsl.runtime.training.evaluate import evaluate
from stdsl.runtime.training.interruption import Interrupted, Interruption
from stdsl.runtime.training.loop import Diverged, drive
from stdsl.runtime.training.optimizers import build_descent
from stdsl.runtime.training.placement import place


def tensors(state: object) -> list[torch.Tensor]:
    if isinstance(state, torch.Tensor):
        return [state]
    values = state.values() if isinstance(state, dict) else state if isinstance(state, list | tuple) else ()
    return [tensor for value in values for tensor in tensors(value)]


def bit_equal(a: object, b: object) -> bool:
    pairs = list(zip(tensors(a), tensors(b), strict=True))
    assert pairs
    return all(torch.equal(x, y) for x, y in pairs)


def test_a_training_learns_the_task(tmp_path: Path) -> None:
    work = tiny_training(steps=60)
    tracker = Tracker(tmp_path)
    drive("retrain", work, tracker, Silent(), Interruption())
    tracker.close()
    metrics = evaluate(work.model, Part(MotionDigitsDataset(SMOKE, 0), ("test",)), place("cpu"))
    assert metrics["accuracy"] > 0.8
    assert metrics["top5"] == 1.0
    assert metrics.samples == 128


def test_warm_up_leaves_decisions_alone_and_then_they_move() -> None:
    work = tiny_search(steps=12, warmup=6)
    start = [p.detach().clone() for p in work.supernet.decisions()]
    for t in range(6):
        facts = work.step(t)
        assert "decision_loss" not in facts
    assert bit_equal(start, work.supernet.decisions())
    facts = work.step(6)
    assert "decision_loss" in facts
    assert not bit_equal(start, work.supernet.decisions())


def test_each_step_moves_one_side_alone() -> None:
    work = tiny_search(warmup=0)
    weights = [p.detach().clone() for p in work.supernet.weights()]
    decisions = [p.detach().clone() for p in work.supernet.decisions()]
    work._descend(
        work.learners.decisions, work.learners.weights.parameters, work.batches.decisions.at(0), "decisions", 0
    )
    assert bit_equal(weights, work.supernet.weights())
    assert not bit_equal(decisions, work.supernet.decisions())
    decisions = [p.detach().clone() for p in work.supernet.decisions()]
    work._descend(work.learners.weights, work.learners.decisions.parameters, work.batches.weights.at(0), "weights", 0)
    assert not bit_equal(weights, work.supernet.weights())
    assert bit_equal(decisions, work.supernet.decisions())
    assert all(p.requires_grad for p in work.supernet.parameters())


def test_the_decision_step_follows_the_gradient_of_the_other_half() -> None:
    """First order: exactly the gradient of the loss on the decisions' batch at the current weights."""
    work, reference = tiny_search(warmup=0), tiny_search(warmup=0)
    work._descend(
        work.learners.decisions, work.learners.weights.parameters, work.batches.decisions.at(0), "decisions", 0
    )
    batch = reference.batches.decisions.at(0)
    from stdsl.runtime.randomness import seed_torch

    seed_torch(0, "search", "decisions", 0)
    torch.nn.functional.cross_entropy(reference.supernet(*batch.inputs), batch.targets).backward()
    optimizer = torch.optim.Adam(reference.supernet.decisions(), 0.02, (0.5, 0.999), weight_decay=1e-3)
    optimizer.step()
    for ours, theirs in zip(work.supernet.decisions(), reference.supernet.decisions(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_workers_do_not_change_a_search() -> None:
    states = []
    for workers in (0, 2):
        work = tiny_search(steps=5, warmup=1, workers=workers)
        for t in range(5):
            work.step(t)
        states.append(work.state())
    assert bit_equal(*states)


def test_the_journal_records_steps_probabilities_and_entropy(tmp_path: Path) -> None:
    tracker = Tracker(tmp_path)
    drive("search", tiny_search(steps=10, warmup=2), tracker, Silent(), Interruption())
    tracker.close()
    lines = list(read_journal(tmp_path / "journal.jsonl"))
    steps = [line for line in lines if line["event"] == "step"]
    assert [line["step"] for line in steps] == list(range(10))
    assert all(math.isfinite(line["loss"]) for line in steps)
    notes = [line for line in lines if line["event"] == "notes"]
    assert [line["step"] for line in notes] == [3, 7, 9]
    assert set(notes[-1]["probabilities"]) == {"a.kind", "b.kind"}
    assert 0 < notes[-1]["entropy"] <= 1


def test_mean_entropy() -> None:
    assert mean_entropy([[0.25] * 4]) == pytest.approx(1)
    assert mean_entropy([[1.0, 0.0]]) == 0
    assert mean_entropy([[0.5, 0.5], [1.0, 0.0]]) == pytest.approx(0.5)


def test_an_interrupted_run_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    class StopAt(Silent):
        def __init__(self, interruption: Interruption, step: int) -> None:
            self.interruption, self.at = interruption, step

        def advance(self, title: str, done: int, facts: object) -> None:
            self.interruption.asked |= done == self.at

    undisturbed = tiny_search(steps=12, warmup=3)
    for t in range(12):
        undisturbed.step(t)
    for stop in (2, 5, 9):  # each session goes on where the last one stopped
        interruption, tracker = Interruption(), Tracker(tmp_path)
        with pytest.raises(Interrupted):
            drive("search", tiny_search(steps=12, warmup=3), tracker, StopAt(interruption, stop), interruption)
        tracker.close()
    work, tracker = tiny_search(steps=12, warmup=3), Tracker(tmp_path)
    drive("search", work, tracker, Silent(), Interruption())
    tracker.close()
    assert bit_equal(undisturbed.state(), work.state())
    steps = [line["step"] for line in read_journal(tmp_path / "journal.jsonl") if line["event"] == "step"]
    assert steps == list(range(12))


SCRIPT = """
import sys, torch
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from standin import tiny_search, tiny_training
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.tracking.tracker import Tracker
from stdsl.runtime.tracking.weights import save_weights
from stdsl.runtime.training.interruption import Interruption
from stdsl.runtime.training.loop import drive
folder = Path(sys.argv[1])
work = tiny_search(40, 10) if sys.argv[3] == "search" else tiny_training(60, batch=16)
tracker = Tracker(folder, checkpoint_steps=3)
drive(sys.argv[3], work, tracker, Silent(), Interruption())
save_weights(work.supernet if sys.argv[3] == "search" else work.model, folder / "final.safetensors")
"""


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["search", "retrain"])
def test_kill_nine_at_a_random_step_and_resume(tmp_path: Path, phase: str) -> None:
    here = str(Path(__file__).parent)
    root = str(Path(__file__).parents[3])

    def start(folder: Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SCRIPT, str(folder), here, phase]
        return subprocess.Popen(command, env=os.environ | {"PYTHONPATH": root})

    assert start(tmp_path / "undisturbed").wait() == 0
    killed = start(tmp_path / "killed")
    journal = tmp_path / "killed" / "journal.jsonl"
    wanted = 7 + os.getpid() % 20
    while sum(1 for line in read_journal(journal) if line["event"] == "step") < wanted:
        assert killed.poll() is None
        time.sleep(0.002)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert not (tmp_path / "killed" / "final.safetensors").exists()
    assert start(tmp_path / "killed").wait() == 0
    ours = (tmp_path / "killed" / "final.safetensors").read_bytes()
    assert ours == (tmp_path / "undisturbed" / "final.safetensors").read_bytes()
    steps = [line["step"] for line in read_journal(journal) if line["event"] == "step"]
    assert steps == list(range(len(steps)))


def test_a_loss_that_is_no_number_stops_the_run(tmp_path: Path) -> None:
    work = tiny_training(steps=5)
    with torch.no_grad():
        work.model.head.bias.fill_(float("nan"))
    tracker = Tracker(tmp_path)
    with pytest.raises(Diverged):
        drive("retrain", work, tracker, Silent(), Interruption())
    tracker.close()


def test_learning_rate_ramp_and_clip() -> None:
    net = TinySupernet()
    descent = build_descent(SGD(lr=Cosine(start=1.0, ramp=4), momentum=0.0), net.weights(), 100, 10, clip=1e-3)
    assert descent.rate(0) == pytest.approx(0.25)
    assert descent.rate(50) == pytest.approx(0.5)
    before = torch.cat([p.detach().flatten().clone() for p in net.weights()])
    loss = net(torch.randn(4, 1, 8, 16, 16)).square().sum() * 100
    descent.descend(loss, 0)
    after = torch.cat([p.detach().flatten() for p in net.weights()])
    assert (after - before).norm() <= 0.25 * 1e-3 * 1.01
    assert all(p.grad is None for p in net.parameters())


def test_adamw_decays_weights_apart_from_the_gradient() -> None:
    parameter = torch.nn.Parameter(torch.ones(1))
    build_descent(AdamW(lr=0.1, weight_decay=0.5), [parameter], 10, 1).descend((parameter * 0).sum(), 0)
    assert parameter.item() == pytest.approx(0.95)
