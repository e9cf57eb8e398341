"""A package is installed that announces a family, and cannot be imported."""

from importlib.metadata import EntryPoint

import pytest

from stdsl.compiler.families import registry

FOUND = {"annealing": EntryPoint("annealing", "golden_annealing.settings:FAMILY", registry.GROUP)}


def prepare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stdsl.compiler.families.registry.announced", lambda: FOUND)
    monkeypatch.setattr("stdsl.compiler.semantics.settings.strategy.announced", lambda: FOUND)
