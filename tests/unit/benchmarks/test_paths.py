"""What a step along sampled paths keeps, of small networks: as `benchmarks/paths.py` measures it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import nn


@pytest.fixture(scope="module")
def script(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("paths")


@pytest.mark.parametrize(("alternatives", "samples"), [(8, 13), (64, 1), (64, 13)])
def test_memory_is_that_of_one_path(
    script: ModuleType, monkeypatch: pytest.MonkeyPatch, alternatives: int, samples: int
) -> None:
    """Whatever there is to choose from, and however many paths a step has; within a tenth."""
    monkeypatch.setattr(script, "SIZE", 8)
    monkeypatch.setattr(script, "LAYERS", 3)
    assert script.kept(alternatives, samples) == pytest.approx(script.kept(8, 1), rel=0.1)


def test_what_is_kept_at_once_is_measured(imported: Callable[[str], ModuleType]) -> None:
    """Of two passes behind each other the greater, of two at once both."""
    measure = imported("measuring").peak_saved_bytes
    model = nn.Linear(4, 4)
    parameters = {p.untyped_storage().data_ptr() for p in model.parameters()}

    def one(rows: int) -> torch.Tensor:
        return model(torch.randn(rows, 4)).tanh().sum()  # keeps what enters, and what tanh gives

    def both_at_once() -> None:
        (one(8) + one(6)).backward()

    def one_after_the_other() -> None:
        one(8).backward()
        one(6).backward()

    assert measure(lambda: one(8).backward(), parameters) == 2 * 8 * 4 * 4
    assert measure(one_after_the_other, parameters) == 2 * 8 * 4 * 4
    assert measure(both_at_once, parameters) == 2 * (8 + 6) * 4 * 4
