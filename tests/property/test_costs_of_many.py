"""Generated spaces: what formulas say of architectures, one by one and together, is what their networks cost; what is
no architecture is refused in the same words."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pairs import loaded
from space_texts import space_text

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs import of_many
from stdsl.compiler.analysis.costs.formulas import formulas
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.costs.of_many import costs_of, costs_of_each
from stdsl.compiler.analysis.diagrams import lookup
from stdsl.compiler.analysis.membership import membership
from stdsl.compiler.diagnostics.model import ArchitectureError
from stdsl.compiler.ir.graph import SpaceGraph

ODD: tuple[Any, ...] = (True, False, 0, 1, 1.0, None, "x", "", (), (1,), [1], [2, 1], (True,), [1, 1], (1.0,), {}, b"a")
DRAWN = 8


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formulas from the first architecture on, and together from the second."""
    monkeypatch.setattr(of_many, "PATIENCE", 0)
    monkeypatch.setattr(of_many, "FEW", 2)


def changed(rng: random.Random, graph: SpaceGraph, arch: dict[str, Any]) -> dict[str, Any]:
    """An architecture with something else here and there; now and then it still is one."""
    found = dict(arch)
    for _ in range(rng.choice((1, 1, 2))):
        decision = rng.choice(graph.open)
        match rng.randrange(6):
            case 0:
                found.pop(rng.choice(list(arch)), None)
            case 1:
                found[decision.path] = rng.choice((*decision.options, *decision.values))
            case 2:
                found[decision.path] = rng.choice(ODD)
            case 3:
                found[rng.choice(("nothing", "x"))] = 1
            case 4:
                kept = rng.randrange(len(decision.options) + 1)
                found[decision.path] = rng.sample(range(1, len(decision.options) + 1), kept)
            case _:
                found = {path: list(v) if isinstance(v, tuple) else v for path, v in found.items()}
    return found


def outcome(function: Callable[[], Any]) -> Any:
    """What comes out, or what is said of the mapping."""
    try:
        return function()
    except ArchitectureError as error:
        return [str(diagnostic) for diagnostic in error.diagnostics]


@settings(max_examples=50, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.sampled_from((lookup.SPREAD, 0)))
def test_generated_spaces(seed: int, spread: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookup, "SPREAD", spread)  # 0: as functions of very many decisions are looked up
        check(random.Random(seed), seed)


def check(rng: random.Random, seed: int) -> None:
    space = loaded(space_text(rng))
    graph = space.graph
    if not graph.open:
        return
    archs = space.samples(DRAWN, seed)
    exact = [costs(graph, arch) for arch in archs]
    assert formulas(graph) is not None
    members = membership(graph)
    for arch in archs:
        given = members.read(arch)
        assert given is not None, "it would be looked at at length"
        assert members.holds(given, members.settled(given))
    assert [costs_of(graph, dict(arch)) for arch in archs] == exact
    assert costs_of_each(graph, archs) == exact
    for _ in range(6):
        mapping = changed(rng, graph, dict(rng.choice(archs)))
        wanted = outcome(lambda mapping=mapping: costs(graph, architecture(graph, mapping)))
        assert outcome(lambda mapping=mapping: costs_of(graph, mapping)) == wanted
        rows = [*archs[:3], mapping, *archs[3:]]
        together = outcome(lambda rows=rows: costs_of_each(graph, rows))
        assert together == (wanted if isinstance(wanted, list) else [*exact[:3], wanted, *exact[3:]])
