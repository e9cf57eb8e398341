"""Counting, ranks, uniform sampling, marginals and extremes through the Python API and the command line."""

from __future__ import annotations

import json
import re
from collections import Counter
from fractions import Fraction

import click.testing
import pytest

import stdsl
from stdsl import space as space_module
from stdsl.cli.main import cli
from stdsl.compiler.analysis.circuits import compilation
from stdsl.compiler.analysis.circuits.of_space import CountResult
from stdsl.compiler.diagnostics.model import ArchitectureError, SpaceError

HIDING = """stdsl 1
meta m on x: image(4, 8, 8) {
  return x -> choose {plain: relu, deep: choose {o1: conv(4, 1x1), o2: conv(4, 1x3), o3: conv(4, 3x1), o4: conv(4, 3x3),
    o5: conv(4, 5x5), o6: conv(4, 5x3), o7: conv(4, 3x5), o8: conv(4, 1x5), o9: conv(4, 5x1)} as inner} as outer
}
space s = m
"""
SHARED = """stdsl 1
meta m on x: image(4, 8, 8) {
  f = choose {relu, gelu, conv: conv(4, 3x3)} as shared
  a = x -> f
  b = [a -> f, x -> choose {sigmoid, again: f} as own, a] -> keep 1..2 as inputs -> sum
  k = choose {1, 3} as length
  c = [x -> conv(4, k), b -> maybe conv(4, k) as gate] -> keep any as last -> sum
  return choose {both: b + c, one: c, none: x} as side
}
space s = m
"""
QUANTILE = 27.88
"""The 0.999 quantile of chi-square at 9 degrees of freedom."""


def chi_square(seen: Counter, every: list, n: int) -> float:
    return sum((seen[a] - n / len(every)) ** 2 / (n / len(every)) for a in every)


def test_sampling_is_uniform_over_architectures_and_not_decision_by_decision():
    space = stdsl.loads(HIDING)
    every = list(space.architectures())
    n = 4_000
    drawn = Counter(space.samples(n, seed=5))
    assert space.count() == len(every) == 10
    assert chi_square(drawn, every, n) < QUANTILE
    plain = space.architecture({"outer": "plain"})
    # Each decision answered evenly would take the plain alternative half of the time.
    assert drawn[plain] / n == pytest.approx(0.1, abs=0.02)
    decision_by_decision = Counter({a: n // 2 if a == plain else n // 18 for a in every})
    assert chi_square(decision_by_decision, every, n) > 100 * QUANTILE


@pytest.mark.parametrize("text", [HIDING, SHARED])
def test_ranks_are_the_places_in_a_stable_order(text):
    space = stdsl.loads(text)
    every = list(space.architectures())
    assert [space.rank(a) for a in every] == list(range(space.count()))
    assert [space.unrank(i) for i in range(len(every))] == every
    assert list(stdsl.loads(text).architectures()) == every
    # The order follows the decisions of the text, not what else stands in the file.
    assert list(stdsl.loads(text + "let OTHER = 3\n").architectures()) == every
    with pytest.raises(IndexError):
        space.unrank(len(every))
    with pytest.raises(ArchitectureError):
        space.rank({"outer": "shallow"})


def test_a_shared_decision_is_counted_exactly():
    space = stdsl.loads(SHARED)
    every = set()
    stack = [{}]
    while stack:  # every mapping that the space accepts: what it misses is tried in full
        mapping = stack.pop()
        try:
            every.add(space.architecture(mapping))
            continue
        except ArchitectureError as error:
            missing = [d for d in error.diagnostics if d.code == "E0601"]
        decision = next(d for d in space.decisions if d.path == missing[0].path)
        stack += [{**mapping, decision.path: value} for value in values(decision)]
    assert space.count() == len(every)
    assert {d.path for d in space.decisions if d.label == "shared"} == {"f.shared"}


def values(decision):
    if decision.kind == "gate":
        return [False, True]
    if decision.kind == "keep":
        low, high = decision.sizes
        n = len(decision.options)
        subsets = [tuple(i + 1 for i in range(n) if mask >> i & 1) for mask in range(2**n)]
        return [s for s in subsets if low <= len(s) <= high]
    return list(decision.options)


def takes(decision, value, option: int) -> bool:
    if decision.kind == "keep":
        return option + 1 in value
    return value == (bool(option) if decision.kind == "gate" else decision.options[option])


def test_marginals_are_those_of_the_list():
    space = stdsl.loads(SHARED)
    every = list(space.architectures())
    for path, marginal in space.marginals().items():
        decision = next(d for d in space.decisions if d.path == path)
        rows = [a[path] for a in every if path in a]
        assert marginal.active == Fraction(len(rows), len(every))
        for i in range(len(decision.options)):
            taken = sum(takes(decision, row, i) for row in rows)
            assert marginal.options[i] == Fraction(taken, len(every))


def test_without_an_exact_count_there_are_no_ranks(monkeypatch):
    monkeypatch.setattr(compilation, "STATE_LIMIT", 1)
    space = stdsl.loads(SHARED)
    for ask in (space.marginals, lambda: space.unrank(0)):
        with pytest.raises(SpaceError, match="E0444"):
            ask()
    assert space.sample(0) == space.sample(0)


@pytest.mark.parametrize(
    ("found", "said"),
    [((7, 7), "the 7 architectures of `s` are counted"), ((2, 7), "2..7 architectures"), ((0, 0), "no architecture")],
)
def test_what_is_said_where_there_are_no_ranks(monkeypatch, found, said):
    """An exact count alone, that of halves, gives no places: then it is not said to be missing."""
    space = stdsl.loads(SHARED)
    monkeypatch.setattr(space_module, "feasible", lambda graph: None)
    monkeypatch.setattr(space_module, "count", lambda graph: CountResult(*found))
    with pytest.raises(SpaceError, match=re.escape(said)):
        space.unrank(0)


def test_the_extremes_of_evanet_are_those_of_their_architectures(tmp_path):
    call = click.testing.CliRunner().invoke
    space = stdsl.load("evanet", "resnet")
    ranges = space.costs()
    facts = json.loads(call(cli, ["info", "evanet::resnet", "--json"]).stdout)
    stream = 1 + 18 + 18**2 + 6
    assert facts["count"]["min"] == facts["count"]["max"] == str((6 * sum(stream**n for n in range(1, 7))) ** 4)
    for metric in ("flops", "params"):
        found = getattr(ranges, metric)
        assert found.exact
        assert facts[metric]["min"] == found.min < facts[metric]["mean"] < facts[metric]["max"] == found.max
        for bound, arch in ((found.min, found.cheapest), (found.max, found.dearest)):
            assert getattr(space.costs(arch), metric) == bound
    ranges.flops.dearest.save(tmp_path / "a.arch.json")
    shown = json.loads(call(cli, ["info", "evanet::resnet", "--json", "--arch", str(tmp_path / "a.arch.json")]).stdout)
    assert shown["architecture"]["flops"] == ranges.flops.max
