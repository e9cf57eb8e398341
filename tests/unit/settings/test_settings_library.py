"""The library's strategies hold the numbers of their papers."""

from __future__ import annotations

from typing import Any

import pytest

from stdsl.compiler.diagnostics.model import Sink
from stdsl.compiler.families.registry import FAMILIES
from stdsl.compiler.frontend import ast
from stdsl.compiler.schemas.strategy import Strategy
from stdsl.compiler.semantics.modules import Loader
from stdsl.compiler.semantics.settings.resolve import resolve_strategy_declaration


@pytest.fixture(scope="module")
def library() -> dict[str, Strategy | None]:
    sink = Sink()
    module = Loader(sink).from_library("std.strategies")
    assert module is not None
    found = {
        d.name.id: resolve_strategy_declaration(d, module, sink)
        for d in module.of_kind(ast.StrategyDecl)
        if isinstance(d, ast.StrategyDecl)
    }
    assert sink.diagnostics == ()
    return found


def test_all_are_right_and_every_family_has_one(library: dict[str, Any]) -> None:
    assert {name for name, config in library.items() if config is None} == {"parsec_cost"}, "it has required parameters"
    assert {c.family for c in library.values() if c is not None} == set(FAMILIES)
    for config in library.values():
        if config is not None:
            assert type(config).load(config.model_dump(mode="json")) == config


def test_darts(library: dict[str, Any]) -> None:
    darts = library["darts"]
    assert (darts.epochs, darts.batch, darts.weights.clip, darts.reading.score) == (50, 64, 5.0, "alpha")
    assert (darts.decisions.optimizer.betas, darts.decisions.optimizer.weight_decay) == ((0.5, 0.999), 1e-3)
    assert library["darts_second"].decisions.order == 2
    assert library["darts_second"].weights == darts.weights


def test_schedules_of_sdas_end_with_all_decisions(library: dict[str, Any]) -> None:
    for name, half in (("sdas", 18), ("sdas_a", 18), ("sdas_b", 2.25), ("sdas_c", 33.75)):
        count = library[name].discretize.count
        assert count.at(M=36, t=50, T=100) == half
        assert count.at(M=36, t=100, T=100) == 36
    assert library["das"].discretize is None
    assert library["das"].relax == library["sdas"].relax


def test_pc_darts(library: dict[str, Any]) -> None:
    for name, warmup in (("pc_darts", 15), ("autodeepfuse", 5)):
        assert library[name].relax.choose.channels == 0.25
        assert library[name].relax.keep.kind == "softmax"
        assert (library[name].reading.score, library[name].decisions.warmup) == ("product", warmup)


def test_evanet_anneals_its_mutations(library: dict[str, Any]) -> None:
    evanet = library["evanet"]
    assert [evanet.mutations.at(i=i) for i in range(2000)] == [max(7 - i // 100, 1) for i in range(2000)]
    assert (evanet.population, evanet.rounds, evanet.tournament, evanet.remove) == (100, 2000, 25, "worst")
    assert (evanet.fitness.steps, evanet.fitness.batch, evanet.fitness.samples) == (1000, 144, 1000)
    assert [m.kind for m in evanet.mutate] == ["resample", "resample", "one_of", "resample"]
    assert [m.kind for m in evanet.mutate[2].mutations] == ["grow", "shrink"]


def test_parsec_and_bohb(library: dict[str, Any]) -> None:
    parsec = library["parsec"]
    assert (parsec.samples, parsec.batch, parsec.warmup_steps(per_epoch=10)) == (13, 256, 2000)
    assert len(library["bohb"].open) == 8
    assert (library["bohb"].budget.least, library["bohb"].budget.most, library["bohb"].budget.eta) == (2, 70, 3)
