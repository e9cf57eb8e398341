"""The file becomes another one between a run and its resumption."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from stdsl.runtime import run


def write(classes: int) -> None:
    rng = np.random.default_rng(0)
    np.savez("digits.npz", x=rng.normal(size=(60, 8, 8)), y=np.arange(60) % classes)


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    write(3)
    resume = run.resume

    def changed(*args: object, **kwargs: object) -> object:
        write(4)
        Path("run/result.json").unlink()  # as of a run that is not over
        return resume(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(run, "resume", changed)
