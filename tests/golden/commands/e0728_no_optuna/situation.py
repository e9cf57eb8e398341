"""A search by a model, and nothing that makes one."""

from __future__ import annotations

import pytest

from stdsl.compiler.families import bayes


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bayes, "find_spec", lambda name: None)
