"""Strategies on the table of our own: a few seeds of what `benchmarks/evanet_strategies.py` runs a thousand of."""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable
from types import ModuleType
from typing import Final

import pytest

SEEDS: Final = range(10)


@pytest.fixture(scope="module")
def own(imported: Callable[[str], ModuleType]) -> ModuleType:
    return imported("evanet_strategies")


def test_the_table_has_three_trainings_of_every_architecture(own: ModuleType) -> None:
    table = own.rows()
    assert len(table) == 252
    assert len(own.distinct(table)) == 6 * (6 + 6 * 7 // 2)  # pairs of streams without an order, six second modules
    for row in table.values():
        assert [len(each) for each in row.accuracy] == [3, 3, 3]
        assert all(0 <= value <= 1 for each in row.accuracy for value in each)


def test_recipe_of_the_table_is_that_of_the_space(imported: Callable[[str], ModuleType]) -> None:
    table = imported("evanet_table")
    kept = json.loads(table.FAST.kept.read_text(encoding="utf-8"))
    config = table.job(0).config
    fitness = config.strategy.fitness
    # A setting that came after the table is what it was trained with by its default.
    assert type(fitness).model_validate(kept["fitness"]) == fitness
    assert kept["data"] == config.data.model_dump(mode="json")


def test_searches(own: ModuleType) -> None:
    table = own.rows()
    runs = own.searches(table, SEEDS, (1, 4, 16))
    for (name, workers), found in runs.items():
        for seed, search in zip(SEEDS, found, strict=True):
            assert len({spec.architecture for spec in search.specs}) == own.LIVE, (name, workers, seed)
            best = max(range(own.LIVE), key=search.fitness.__getitem__)
            ends = sorted(table[search.specs[best].architecture.hash].ends)
            ends.remove(search.fitness[best])
            assert search.found[own.LIVE] == pytest.approx(statistics.fmean(ends))
            if name != "random, uniform":
                assert search.specs[: own.POPULATION] == runs[own.BASE, 1][seed].specs[: own.POPULATION]
    for seed in SEEDS:
        assert runs["constant 1", 16][seed].specs != runs["constant 1", 1][seed].specs
        # with sixteen workers, nothing can be seen before the seventeenth
        assert not any(spec.parents for spec in runs["constant 1", 16][seed].specs[:17])
    upper = statistics.quantiles([statistics.fmean(row.ends) for row in own.distinct(table)], n=4)[-1]
    for found in runs.values():
        assert statistics.fmean(search.found[own.LIVE] for search in found) > upper


def test_random_search_finds_what_draws_by_hand_find(own: ModuleType) -> None:
    """Without stdsl: sixty architectures drawn at once, each with one of its trainings."""
    table, generator = own.rows(), random.Random(4)
    everything, scores = list(table.values()), list[float]()
    for _ in range(1500):
        drawn = [(row, generator.randrange(3)) for row in generator.sample(everything, own.LIVE)]
        row, training = max(drawn, key=lambda pair: pair[0].ends[pair[1]])
        scores.append(statistics.fmean(end for place, end in enumerate(row.ends) if place != training))
    config = own.strategies()["random, uniform"]
    runs = [own.search(config, seed, 1, table, own.LIVE).found[own.LIVE] for seed in range(150)]
    error = statistics.stdev(scores) * (1 / len(runs) + 1 / len(scores)) ** 0.5
    assert abs(statistics.fmean(runs) - statistics.fmean(scores)) < 3.5 * error
