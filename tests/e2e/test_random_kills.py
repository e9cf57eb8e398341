"""A few runs of each kind, killed at random moments; `python -m kills --help` (with `PYTHONPATH=tests`) kills more."""

from __future__ import annotations

from pathlib import Path

import pytest
from kills.driver import Driver
from kills.outcome import differences, outcome
from kills.process import Zygote
from kills.texts import KINDS


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
    journal = out / "journal.jsonl"
    journal.write_text(journal.read_text().replace('"step": 3', '"step": 4', 1))
    (out / "more.txt").touch()
    assert differences(whole, outcome(out)) == ["journal.jsonl", "more.txt", "weights/search.safetensors"]
