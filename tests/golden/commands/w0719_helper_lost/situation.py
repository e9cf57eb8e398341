"""A machine with a core for a helper."""

import pytest


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdsl.runtime.run.cores", lambda: 2)
