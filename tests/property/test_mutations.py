"""Children in random spaces: architectures within `where`, as near to their parents as their mutations say."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from space_texts import space_text

import stdsl
from stdsl.compiler.analysis.architecture import Architecture, answers_of, architecture
from stdsl.compiler.analysis.costs.limits import Limits
from stdsl.compiler.analysis.costs.of_architecture import cost_constraints
from stdsl.compiler.analysis.mutations.crossing import crossed
from stdsl.compiler.analysis.mutations.mutating import Mutations, Operator
from stdsl.compiler.analysis.policies.completing import policy
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import SpaceGraph


def graph_of(seed: int) -> SpaceGraph | None:
    written = space_text(random.Random(seed))
    if written.files or written.extern:
        return None
    graph = stdsl.loads(written.text).graph
    return graph if graph.open else None


def is_right(graph: SpaceGraph, arch: Architecture) -> None:
    assert architecture(graph, dict(arch)) == arch
    assert list(architecture(graph, dict(arch))) == list(arch), "paths stand in the order of all architectures"
    assert Limits(graph, cost_constraints(graph)).admit(answers_of(graph, arch))


def check(seed: int) -> Counter[str]:
    """Raises where a child is wrong; what came up otherwise."""
    graph, generator, seen = graph_of(seed), random.Random(seed), Counter[str]()
    if graph is None:
        return seen
    try:
        parents = [policy(graph, "even").draw(key) for key in range(3)]
    except SpaceError:
        return seen
    for parent in parents:
        for change in ("resample", "grow", "shrink"):
            for decision in graph.open:
                mutations = Mutations(graph, [Operator(change, (decision,))])
                child = mutations.child(parent, 1, generator)
                if child is None:
                    continue
                seen[change] += 1
                is_right(graph, child)
                assert decision.path in parent
                assert child.get(decision.path) != parent[decision.path]
                if change == "resample":
                    both = child.keys() & parent.keys() - {decision.path}
                    assert all(child[path] == parent[path] for path in both)
    mutations = Mutations(graph, [Operator(change, graph.open) for change in ("resample", "grow", "shrink")])
    for parent in parents:
        child = mutations.child(parent, 3, generator)
        if child is not None:
            is_right(graph, child)
            both = crossed(mutations.completion, parent, child, generator)
            if both is not None:
                seen["crossed"] += 1
                is_right(graph, both)
    return seen


@settings(max_examples=25)
@given(st.integers(0, 2**32))
def test_children_are_architectures(seed: int) -> None:
    check(seed)


def test_all_kinds_of_children_come_up() -> None:
    seen = sum((check(seed) for seed in range(12)), Counter[str]())
    assert min(seen[name] for name in ("resample", "grow", "shrink", "crossed")) >= 5, seen


@pytest.mark.slow
def test_children_in_many_spaces() -> None:
    for seed in range(1000, 1300):
        check(seed)
