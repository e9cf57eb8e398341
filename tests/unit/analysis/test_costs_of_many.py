"""Costs of very many architectures: exact where formulas tell them, and where they do not."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

import stdsl
from stdsl.compiler.analysis import conditions
from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.costs import limits, of_many
from stdsl.compiler.analysis.costs.additive import settled
from stdsl.compiler.analysis.costs.formulas import formulas
from stdsl.compiler.analysis.costs.limits import Limits
from stdsl.compiler.analysis.costs.longest_path import longest_path
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.costs.table import Table
from stdsl.compiler.analysis.diagrams import lookup
from stdsl.compiler.analysis.diagrams.lookup import Lookup
from stdsl.compiler.analysis.membership import membership
from stdsl.compiler.diagnostics.model import ArchitectureError
from stdsl.compiler.ir.diagram import IMPOSSIBLE, Diagrams, evaluate
from stdsl.compiler.ir.graph import CostConstraint

SPACES = Path(__file__).parents[3] / "benchmarks" / "spaces"
SOME = (
    "evanet::resnet",
    "darts::darts_cifar",
    "nasbench201",
    "autodeepfuse::s2_top",
    "fusion3d::fusion3d",
    "sdas::video_o2d",
    "mnasnet",
)
OTHERS = (
    *("darts::darts_small", "pc_darts::pc_darts_cifar", "pc_darts::pc_darts_imagenet"),
    *("autodeepfuse::fusion", "autodeepfuse::s1_all", "autodeepfuse::s1_top", "autodeepfuse::s2_all"),
    *("sdas::cifar", "sdas::cifar_evaluated", "sdas::imagenet", "sdas::video_o3d", "sdas::video", "sdas::kinetics400"),
    *(
        "auto_tsnet::tsnet",
        "autoformer",
        "fbnet::s",
        "micro::mcu",
        "ofa::s",
        "proxyless",
        "evanet::small",
    ),
)

TEXT = """stdsl 1
meta net(c = 4) on image: image(3, 8, 8) {
  y = image -> conv(c, 3x3) -> choose {identity, conv: conv(same, 3x3), two: conv(same, 1x1) -> conv(same, 1x1)} as kind
  z = y -> maybe (conv(same, 1x1))
  w = [y, z, y -> conv(same, 1x1)] -> keep 1..2 as inputs -> sum -> repeat choose 0..2 as times { conv(same, 1x1) }
  return w -> relu -> global_avg_pool -> linear(3)
}
space small(c = 4) = net(c)
"""

INNER = "choose {a: conv(4, 1x1), b: conv(4, 3x3), none: zero} as kind"
NESTED = f"""stdsl 1
meta net on x: image(4, 8, 8) {{
  y = x -> choose {{a: {INNER}, b: repeat choose 1..2 as n {{ {INNER} }}, c: conv(4, 5x5)}} as top
  return [y, y -> {INNER}] -> keep 1..2 as inputs -> sum -> global_avg_pool -> linear(2)
}}
space s = net
"""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Formulas from the first architecture on, and together from the second."""
    monkeypatch.setattr(of_many, "PATIENCE", 0)
    monkeypatch.setattr(of_many, "FEW", 2)


@pytest.fixture
def space() -> stdsl.Space:
    return stdsl.loads(TEXT)


def loaded(name: str) -> stdsl.Space:
    file, _, own = name.partition("::")
    published = SPACES / f"{file}.space"
    return stdsl.load(published if published.is_file() else file, own or None)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("name", [*SOME, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_known_spaces(name: str) -> None:
    space = loaded(name)
    archs = space.samples(6)
    exact = [costs(space.graph, arch) for arch in archs]
    assert formulas(space.graph) is not None
    assert [space.costs(arch) for arch in archs] == exact
    assert space.costs(archs) == exact
    assert membership(space.graph).known
    assert len(longest_path(space.graph).places) < len(space.graph.nodes) / 4


@pytest.mark.usefixtures("impatient")
def test_any_list_of_mappings(space: stdsl.Space) -> None:
    every = list(space.architectures())
    exact = [costs(space.graph, arch) for arch in every]
    assert len(set(exact)) > 20
    plain = [{path: list(v) if isinstance(v, tuple) else v for path, v in arch.items()} for arch in every]
    for given in (every, tuple(plain), iter(every), (dict(arch) for arch in every)):
        assert space.costs(given) == exact
    assert space.costs([]) == []


@pytest.mark.parametrize("at_once", [1024, 5])
def test_which_architecture_is_none(space: stdsl.Space, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(of_many, "AT_ONCE", at_once)
    archs: list[dict[str, object]] = [dict(arch) for arch in space.samples(50)]
    archs[40]["z.gate"] = "on"
    with pytest.raises(ArchitectureError) as alone:
        space.costs(archs[40])
    for few in (1, 1000):
        monkeypatch.setattr(of_many, "FEW", few)
        with pytest.raises(ArchitectureError) as caught:
            space.costs(archs)
        assert caught.value.diagnostics == alone.value.diagnostics
        assert caught.value.__notes__ == ["It is the architecture at place 40 of the list, counted from 0."]


def test_no_formulas_are_made_for_a_few(space: stdsl.Space, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(of_many, "formulas", lambda graph: made.append(graph) or formulas(graph))
    arch = space.sample()
    found = [space.costs(arch) for _ in range(of_many.PATIENCE)]
    assert not made
    found.append(space.costs(arch))
    assert made == [space.graph]
    assert set(found) == {costs(space.graph, arch)}


@pytest.mark.usefixtures("impatient")
def test_where_conditions_are_too_large_each_network_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs under conditions that are not known are no exact sums."""
    monkeypatch.setattr(conditions, "SIZE_LIMIT", 0)
    space = stdsl.loads(NESTED)
    archs = space.samples(20)
    exact = [costs(space.graph, arch) for arch in archs]
    assert formulas(space.graph) is None
    assert space.costs(archs) == [space.costs(arch) for arch in archs] == exact
    assert not membership(space.graph).known
    with pytest.raises(ArchitectureError, match="E0604"):
        space.costs([archs[1], {**archs[0], "y.top": "d"}])


@pytest.mark.usefixtures("impatient")
def test_where_it_is_not_known_when_a_decision_is_active_each_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    space = stdsl.loads(NESTED)
    archs = space.samples(20)
    exact = [costs(space.graph, arch) for arch in archs]
    assert formulas(space.graph) is not None
    monkeypatch.setattr(conditions, "SIZE_LIMIT", 0)
    assert not membership(space.graph).known
    assert space.costs(archs) == [space.costs(arch) for arch in archs] == exact
    with pytest.raises(ArchitectureError, match="E0601"):
        space.costs([archs[1], {"y.top": "c"}])


@pytest.mark.usefixtures("impatient")
def test_costs_that_no_64_bits_hold() -> None:
    text = """stdsl 1
meta net(c) on x: features(c) {
  y = x -> choose {narrow: linear(c), wide: linear(10 * c)} as width
  return y -> repeat choose 0..2 as times { linear(3 * c) } -> linear(2)
}
space s(c = 10 ** 15) = net(c)
space huge(c = 10 ** 200) = net(c)
"""
    for name in ("s", "huge"):
        space = stdsl.loads(text, name)
        every = list(space.architectures())
        exact = [costs(space.graph, arch) for arch in every]
        assert max(own.params or 0 for own in exact) > 2**64
        assert space.costs(every) == [space.costs(arch) for arch in every] == exact
        assert all(type(own.params) is int for own in space.costs(every))


@pytest.mark.parametrize("patience", [0, 1000])
def test_budgets_one_by_one_and_in_columns(space: stdsl.Space, patience: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PATIENCE", patience)
    graph = space.graph
    every = [answers_of(graph, arch) for arch in space.architectures()]
    columns = {v.index: np.array([answers.get(v.index, -1) for answers in every]) for v in graph.diagrams.variables}
    exact = [costs(graph, arch) for arch in space.architectures()]
    middle = sorted(own.flops or 0 for own in exact)[len(exact) // 2]
    for bounds in (("depth", 3, 4), ("flops", None, middle), ("depth", None, 3.5), ("params", middle, None)):
        both = [CostConstraint(*bounds, graph.span), CostConstraint("flops", None, middle, graph.span)]
        own = Limits(graph, both)
        wanted = [all(one.within(c) for c in both) for one in exact]
        assert [own.admit(answers) for answers in every] == wanted
        assert own.in_columns
        assert own.admitted(Table(graph, len(every), columns)).tolist() == wanted


def test_longest_paths_by_hand(space: stdsl.Space) -> None:
    arch = {"y.kind": "two", "z.gate": True, "w.inputs": (1, 2), "w.times": 2}
    depths = {}
    for change in ({}, {"z.gate": False}, {"w.inputs": (2, 3), "w.times": 0}, {"y.kind": "identity", "w.times": 0}):
        answers = answers_of(space.graph, space.architecture({**arch, **change}))
        depths[str(change)] = longest_path(space.graph).of(settled(space.graph, answers))
    # The first convolution, two of `two`, one of the gate or of the third element, two of the repeat, the linear layer.
    assert list(depths.values()) == [1 + 2 + 1 + 2 + 1, 1 + 2 + 2 + 1, 1 + 2 + 1 + 1, 1 + 1 + 1]


@pytest.mark.parametrize("spread", [0, 2**12])
@pytest.mark.parametrize("large", [1, 2**70])
def test_lookups(spread: int, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "SPREAD", spread)
    diagrams = Diagrams()
    # Others, wider ones too, stand around those that it depends on.
    _, a, b, c, _ = (diagrams.variable(n, arity) for n, arity in enumerate((9, 3, 2, 4, 5)))
    inner = diagrams.case(c, [5, -2 * large, 5, IMPOSSIBLE])
    case = diagrams.case(a, [diagrams.case(b, [inner, 7]), inner, True])
    rows = [(8, i, j, k, 0) for i in range(3) for j in range(2) for k in range(4)]
    found = Lookup(case)
    wanted = [0 if v is IMPOSSIBLE else int(v) for v in (evaluate(case, dict(enumerate(row))) for row in rows)]
    assert [found.of(row) for row in rows] == wanted
    assert found.of_columns(np.array(rows).T).tolist() == wanted
    assert found.span == max(7, 2 * large)
    constant = Lookup(3 * large)
    assert (constant.of(rows[0]), constant.of_columns(np.array(rows).T).tolist()) == (
        3 * large,
        [3 * large] * len(rows),
    )


@pytest.mark.parametrize("spread", [0, 20, 2**12])
def test_lookups_of_random_functions(spread: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "SPREAD", spread)
    for seed in range(60):
        rng = random.Random(seed)
        diagrams = Diagrams()
        variables = [diagrams.variable(n, rng.randrange(2, 9)) for n in range(rng.randrange(1, 7))]
        below: list[object] = [0, 1, -3, True, 2 ** rng.choice((5, 62, 70))]
        for variable in reversed(variables):
            if rng.random() < 0.7:
                below += [diagrams.case(variable, rng.choices(below, k=variable.arity)) for _ in range(3)]
        rows = [[rng.randrange(v.arity) for v in variables] for _ in range(50)]
        found = Lookup(below[-1])
        wanted = [int(evaluate(below[-1], dict(enumerate(row)))) for row in rows]
        assert [found.of(row) for row in rows] == wanted
        assert found.of_columns(np.array(rows).T).tolist() == wanted
