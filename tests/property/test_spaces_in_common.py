"""Generated pairs of small spaces, of which one is trained in the other: what they have in common is what looking at
all architectures in both finds."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import stdsl
from stdsl.compiler.analysis.architecture import of_answers
from stdsl.compiler.analysis.costs import listing
from stdsl.compiler.analysis.costs.additive import ADDITIVE
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.derivation.carry import differences
from stdsl.compiler.analysis.derivation.derive import derive
from stdsl.compiler.analysis.derivation.walk import Walk
from stdsl.compiler.analysis.joint.common import common
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

OPERATIONS = {
    "small": "conv(same, 1x1)",
    "large": "conv(same, 3x3)",
    "two": "conv(same, 3x3) -> conv(same, 1x1)",
    "same": "skip",
}
CONDITIONS = (
    'kind != "{0}"',
    'kind == "{0}" or edge != "{1}"',
    'pin("r[1].edge", "{1}")',
    'size("**.inputs") >= 2',
    "deep > 1",
    'k == "u"',
)
"""Of the first two operations."""
METRICS = (*ADDITIVE, "depth")


def alternatives(rng: random.Random, names: list[str]) -> str:
    rng.shuffle(names)
    return ", ".join(f"{name}: {OPERATIONS[name]}" for name in names)


def space_text(rng: random.Random, some: list[str], larger: bool) -> str:
    """A network whose decisions have ``some`` of the operations; ``larger``: perhaps with others beside them, and with
    longer loops, which are asked for in another order."""
    names = [*some, *(n for n in OPERATIONS if n not in some and larger and rng.random() < 0.4)]
    spare = larger and rng.random() < 0.4
    through = "m -> " if larger and rng.random() < 0.2 else ""
    statements = [
        f"p = s -> choose {{{alternatives(rng, names)}}} as kind",
        f"q = s -> repeat choose 1..{3 if spare else 2} as deep {{ conv(same, 1x1) }}",
        f"t = s -> {through}choose {{through: m, past: conv(same, 1x1)}} as way",
    ]
    if larger:
        rng.shuffle(statements)
    body = "\n  ".join(statements)
    sizes = "1..2" if spare else "2"
    conditions = [c.format(*some) for c in rng.sample(CONDITIONS, rng.choice((0, 0, 1, 1, 2)))]
    return f"""stdsl 1
tied cell m on x = x -> choose {{u: conv(same, 1x1), v: conv(same, 3x3)}} as k
meta net(c) on im: image(3, 4, 4) {{
  s = im -> conv(c, 1x1)
  {body}
  r = [p, q, t] -> each choose {{{alternatives(rng, list(names))}}} as edge -> keep {sizes} as inputs -> sum
  return r + (r -> maybe conv(same, 1x1)) -> global_avg_pool -> linear(2)
}}
space one(c = {rng.choice((2, 3))}) = net(c){" where " + ", ".join(conditions) if conditions else ""}
"""


def bounded(rng: random.Random, graph: SpaceGraph, figures) -> SpaceGraph:
    """With constraints over costs between costs that occur."""
    found = []
    for metric in rng.sample(METRICS, rng.choice((0, 1, 1, 2))):
        low, high = sorted(getattr(rng.choice(figures), metric) for _ in range(2))
        sides = rng.choice(((low, None), (None, high), (low, high), (low + 0.5, high + 0.5)))
        found.append(CostConstraint(metric, *sides, graph.span))
    return replace(graph, constraints=(*graph.constraints, *found))


def in_both(own: stdsl.Space, other: stdsl.Space) -> list[stdsl.Architecture]:
    """The architectures of one space that the other one takes, within all constraints of both."""
    budgets = [c for c in other.graph.constraints if isinstance(c, CostConstraint)]
    found = []
    for arch in own.architectures():
        try:
            there = other.costs(dict(arch))
        except stdsl.ArchitectureError:
            continue
        if all(there.within(c) for c in budgets):
            found.append(arch)
    return found


def pair(seed: int) -> tuple[SpaceGraph, SpaceGraph] | None:
    """A space and one that it may be trained in; None where constraints over decisions leave nothing of one of them."""
    rng = random.Random(seed)
    some = rng.sample(list(OPERATIONS), 2)
    graphs = []
    for larger in (False, True):
        try:
            graph = stdsl.loads(space_text(rng, some, larger)).graph
        except SpaceError:
            return None
        figures = [costs(graph, arch) for arch in stdsl.Space(graph).samples(4, seed)]
        graphs.append(bounded(rng, graph, figures))
    assert differences(*graphs) == ()
    return graphs[0], graphs[1]


@settings(max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.booleans())
def test_pairs_of_generated_spaces(seed: int, small: bool) -> None:
    both = pair(seed)
    if both is None:
        return
    wanted = in_both(*map(stdsl.Space, both))
    with pytest.MonkeyPatch.context() as patch:
        if not small:
            patch.setattr(listing, "LISTED", 0)  # as large spaces are counted
        check(random.Random(seed), common(*both), wanted)


def check(rng: random.Random, graph: SpaceGraph, wanted: list[stdsl.Architecture]) -> None:
    space = stdsl.Space(graph)
    count = space.count()
    if isinstance(count, int):
        assert count == len(wanted)
        assert set(space.architectures()) == set(wanted)
    else:
        assert count.low <= len(wanted) <= count.high
    found = satisfiable(graph)
    assert (found.architecture in wanted) if wanted else found.diagnostic is not None
    scores = {d.path: [rng.random() for _ in d.options] for d in graph.open}
    if wanted:
        assert {*space.samples(3, seed=1), derive(graph, scores)} <= set(wanted)
        landed = Walk(graph).find(rng)
        assert landed.answers is not None
        assert of_answers(graph, landed.answers) in wanted
    else:
        with pytest.raises(SpaceError):
            space.sample()
        with pytest.raises(SpaceError):
            derive(graph, scores)
