"""Where NNI cannot run, the benchmark of supernets says why and goes on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from torch import nn


@pytest.fixture(scope="module")
def beside(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("nni.beside")


def test_it_takes_part_only_if_wanted(beside: ModuleType) -> None:
    with beside.beside(False, nn.Module) as (process, *notes):
        assert process is None
        assert notes == []


def test_why_the_environment_is_not_there(beside: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment = sys.modules["nni.environment"]

    def fails(*command: str) -> None:
        raise environment.UnavailableError("setting it up failed: no matching distribution")

    monkeypatch.setattr(environment, "_call", fails)
    monkeypatch.setattr(beside, "python_of", lambda: environment.python_of(tmp_path / "venv"))
    with beside.beside(True, nn.Module) as (process, *notes):
        assert process is None
        assert notes == ["NNI 3.0 did not run: setting it up failed: no matching distribution."]


def test_a_folder_of_something_else_is_left_alone(beside: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    environment = sys.modules["nni.environment"]
    with pytest.raises(environment.UnavailableError, match="is no virtual environment"):
        environment.python_of(tmp_path)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_a_process_that_ends_says_its_last_line(beside: ModuleType) -> None:
    """This environment has no NNI."""
    with (
        beside.Beside(Path(sys.executable)) as process,
        pytest.raises(beside.EndedError, match=r"it ended: ModuleNotFoundError: No module named 'nni.nas'"),
    ):
        process.ask("saved")
