"""A few runs of each kind, killed at random moments; `python -m kills --help` (with `PYTHONPATH=tests`) kills more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from kills.driver import Driver
from kills.outcome import differences, outcome
from kills.process import ROOT, Zygote
from kills.texts import KINDS

from stdsl.runtime.tracking.journal import Journal, read_journal


@pytest.mark.slow
def test_killed_at_random_moments_runs_end_at_the_same_bits(tmp_path: Path, zygote: Zygote) -> None:
    """Stopped and gone on with, as the driver is."""
    for kills in (10, 40):
        driver = Driver(tmp_path / "kills", zygote)
        trials = list(driver.go(kills))
        assert not [trial for trial in trials if trial.wrong]
    again = Driver(tmp_path / "kills", zygote)
    assert again.kills >= 40
    assert len({trial.kind for trial in again.trials}) > len(KINDS) // 2


@pytest.mark.slow
def test_an_evolution_whose_processes_are_killed_ends_with_the_same_population(tmp_path: Path) -> None:
    """A small one; `make kills-evolution` has sixty trials, and other engines."""
    command = [sys.executable, "-m", "kills.evolution", "5", "--trials", "20", "--engines", "2", "--out", str(tmp_path)]
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT)])
    done = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the same trials and population, bit by bit" in done.stdout


def test_what_differs_is_seen(tmp_path: Path, zygote: Zygote) -> None:
    """Of two runs of one text one is changed by hand: at its weights, at a number of its journal."""
    driver = Driver(tmp_path / "kills", zygote, kinds=("first order",))
    whole, _ = driver._undisturbed("first order")
    out = tmp_path / "kills" / "undisturbed"
    assert differences(whole, outcome(out)) == []
    weights = out / "weights" / "search.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(bytes(content))
    lines = [line for line in read_journal(out / "journal.jsonl") if line.pop("time")]
    (out / "journal.jsonl").unlink()
    journal = Journal(out / "journal.jsonl")
    for line in lines:
        journal.write(**line | ({"step": 4} if line.get("step") == 3 else {}))
    journal.close()
    (out / "more.txt").touch()
    assert differences(whole, outcome(out)) == ["journal.jsonl", "more.txt", "weights/search.safetensors"]
