"""A run that a program started with arrays of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import stdsl


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    stdsl.run("mine.space", data=(np.random.default_rng(0).normal(size=(40, 4)), np.arange(40) % 3), out="run")
    Path("run/result.json").unlink()  # as of a run that is not over
