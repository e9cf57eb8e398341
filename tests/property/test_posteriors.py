"""Posteriors over random spaces: gates as they are drawn, the divergence, strategies, how decisions come out."""

from __future__ import annotations

import math
import random
from contextlib import suppress
from typing import Any

import pytest
import torch
from nested_cells import nested_text
from space_texts import space_text

import stdsl
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.policies.rows import certain
from stdsl.compiler.analysis.policies.weighted import Weighted, weighted
from stdsl.compiler.analysis.relaxable import relaxable
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.runtime.strategies.expected_cost import ExpectedCost
from stdsl.runtime.strategies.parts import SearchPart
from stdsl.runtime.strategies.variational.build import template
from stdsl.runtime.strategies.variational.divergence import Divergence, kernels_of


def check(graph: SpaceGraph, seed: int) -> bool:
    if relaxable(graph) or not graph.open:
        return False
    net: Any = template(graph, VariationalConfig(), seed).train()
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in net.decisions():
            parameter.normal_()
    kernels = kernels_of(net, graph)
    assert kernels.keys() == {path for path, row in net.rows.items() if not row.site}
    terms = [Divergence(net, kernels, 0.1, entropy)() for entropy in ("half", "full")]
    assert all(term.isfinite() for term in terms)
    net.sampled, net.temperature, net.keep_temperature = True, 0.3, 0.3
    gates = net.decision_weights()
    for path, gate in gates.items():
        row = net.rows[path]
        assert bool(((gate >= 0) & (gate <= 1)).all())
        if row.sizes is not None and not row.site:
            assert row.sizes[0] <= int((gate > 0.5).sum()) <= row.sizes[1]
    learnt = [parameter for path, parameter in net.named_decisions() if not net.rows[path].site]
    whole = sum(terms) + sum(gate.sum() for gate in gates.values())
    for gradient in torch.autograd.grad(whole, learnt, allow_unused=True) if learnt else ():
        assert gradient is None or gradient.isfinite().all()
    posterior = weighted(graph, {p: row for p, row in net.probabilities().items() if not net.rows[p].site})
    arch = posterior.draw(seed)
    chance = posterior.log_prob(arch)
    assert chance is None or -math.inf < chance <= 1e-9
    paths = [decision.path for decision in graph.open][:3]
    outcomes, marginals = posterior.outcomes(paths), posterior.marginals()
    if outcomes is not None and marginals is not None:
        assert sum(outcomes.values()) == pytest.approx(1)
        for place, path in enumerate(paths):
            active = sum(share for outcome, share in outcomes.items() if outcome[place] is not None)
            assert active == pytest.approx(marginals[path].active, abs=1e-9)
    check_part(graph, net, posterior, seed)
    return True


def check_part(graph: SpaceGraph, net: Any, posterior: Weighted, seed: int) -> None:
    """A part of a search in which some decisions have a value: its network has the other ones, by the same names, and
    what is drawn agrees with what is settled; with all of them settled the mean cost is that of the architecture."""
    arch = posterior.draw(seed)
    rng = random.Random(seed)
    values = {path: value for path, value in arch.items() if rng.random() < 0.5}
    left = SearchPart(1, VariationalConfig(), values=values).network(graph)
    part: Any = template(left, VariationalConfig(), seed)
    assert not part.rows.keys() & values.keys()
    assert part.state_dict().keys() <= net.state_dict().keys()
    assert kernels_of(part, left).keys() == {path for path, row in part.rows.items() if not row.site}
    rows = {path: row for path, row in net.probabilities().items() if not net.rows[path].site}
    settled = weighted(graph, {**rows, **certain(graph, values)}, values)
    for key in range(3):
        drawn = settled.draw(key)
        assert all(drawn[path] == value for path, value in values.items() if path in drawn)
        chance = settled.log_prob(drawn)
        assert chance is None or -math.inf < chance <= 1e-9
    with suppress(ValueError):  # a cost that is known within bounds only has no mean
        mean = ExpectedCost(graph, "params").of({}, dict(arch)).item()
        assert mean == pytest.approx(costs(graph, arch).params)


def soak(spaces: int, first: int) -> int:
    found = 0
    for seed in range(first, first + spaces):
        rng = random.Random(seed)
        text = nested_text(rng) if seed % 2 else space_text(rng).text
        try:
            graph = stdsl.loads(text).graph
        except SpaceError:  # a mistake of the generator's (two decisions of one path) is for tests of texts
            continue
        try:
            found += check(graph, seed)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error}\n{text}") from error
    return found


def test_generated_spaces() -> None:
    assert soak(12, 60_000) >= 4


@pytest.mark.slow
def test_many_generated_spaces() -> None:
    assert soak(400, 61_000) >= 150
