"""What is within budgets in spaces of many parts, held to a plain programme over sums in Python's whole numbers."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

import stdsl
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.policies.uniform import Uniform
from stdsl.compiler.analysis.sampling import sample
from stdsl.compiler.analysis.sums import nearly as nearly_module
from stdsl.compiler.analysis.sums import within as within_module
from stdsl.compiler.analysis.sums.exactly import Sums
from stdsl.compiler.analysis.sums.nearly import Nearly
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import CostConstraint, SpaceGraph

BANDS = ((None, 0.03), (None, 0.5), (0.0, 0.1), (0.3, 0.32), (0.5, None), (0.9, None), (0.97, None), (0.9, 0.92))
"""Parts of what costs range over: both tails, and what is between them."""


class Chain:
    """A space of independent widths, each with its options; ``plain``: how many have each cost."""

    def __init__(self, rows: list[list[int]]) -> None:
        lines = "".join(
            f"  h[{i}] = h[{i - 1}] -> linear((choose {{{', '.join(map(str, row))}}} as w{i})) -> linear(1)\n"
            for i, row in enumerate(rows, 1)
        )
        text = (
            f"stdsl 1\nmeta net on x: features(1) {{\n  h[0] = x\n{lines}  return h[{len(rows)}]\n}}\nspace s = net\n"
        )
        self.rows, self.graph = rows, stdsl.loads(text).graph
        # A part that is w wide multiplies and adds w numbers twice over.
        self.plain: Counter[int] = Counter({0: 1})
        for row in rows:
            more: Counter[int] = Counter()
            for cost, n in self.plain.items():
                for width in row:
                    more[cost + 2 * width] += n
            self.plain = more

    def band(self, low: float | None, high: float | None) -> CostConstraint:
        least, most = min(self.plain), max(self.plain)
        ends = (None if part is None else least + int((most - least) * part) for part in (low, high))
        return CostConstraint("flops", *ends, self.graph.span)

    def within(self, band: CostConstraint) -> dict[int, int]:
        return {
            cost: n
            for cost, n in self.plain.items()
            if (band.low is None or cost >= band.low) and (band.high is None or cost <= band.high)
        }

    def bounded(self, band: CostConstraint) -> SpaceGraph:
        return replace(self.graph, constraints=(band,))


@pytest.fixture(scope="module", params=[(25, 5, 60), (45, 5, 60)], ids=["58 bits", "104 bits"])
def chain(request: pytest.FixtureRequest) -> Chain:
    parts, options, widest = request.param
    rng = random.Random(parts)
    return Chain([sorted(rng.sample(range(1, widest), options)) for _ in range(parts)])


@pytest.mark.parametrize("ends", BANDS)
def test_exact_sums_are_those_of_the_plain_programme(chain: Chain, ends: tuple[float | None, float | None]) -> None:
    band = chain.band(*ends)
    wanted = chain.within(band)
    total = sum(wanted.values())
    sums = within_module.within(chain.graph, [band])
    assert isinstance(sums, Sums)
    assert sums.count == total
    assert sums.mean(0) == Fraction(sum(cost * n for cost, n in wanted.items()), total)
    for place in (0, total // 3, total - 1):
        answers = sums.unrank(place)
        assert sums.rank(answers) == place
        assert sums.states.costs(answers)[0] in wanted


@pytest.mark.parametrize("cells", [2_000, 10_000_000])
@pytest.mark.parametrize("ends", BANDS)
def test_what_is_nearly_known_holds_the_true_count_and_is_drawn(
    chain: Chain, ends: tuple[float | None, float | None], cells: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where what is within a range is far less than a floating-point number tells apart of what is below it."""
    monkeypatch.setattr(within_module, "_exactly", lambda *_: None)
    monkeypatch.setattr(nearly_module, "CELLS", cells)
    band = chain.band(*ends)
    total = sum(chain.within(band).values())
    found = within_module.within(chain.graph, [band])
    assert isinstance(found, Nearly)
    assert found.low < total < found.high, "never said to be exact"
    if found.places.exact:
        assert found.high - found.low <= max(4, total // 10**8)
    generator = random.Random(0)
    drawn = [answers for _ in range(30) if (answers := found.draw(generator)) is not None]
    assert all(found.admits(answers) for answers in drawn)
    assert len(drawn) > 20 or not found.places.exact


def test_nothing_is_drawn_where_nothing_may_be_within(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs come in steps of 2: none is odd."""
    monkeypatch.setattr(within_module, "_exactly", lambda *_: None)
    odd = sorted(chain.plain)[len(chain.plain) // 2] + 1
    band = CostConstraint("flops", odd, odd, chain.graph.span)
    graph = chain.bounded(band)
    found = within_module.within(graph, [band])
    assert isinstance(found, Nearly)
    assert found.draw(random.Random(0)) is None
    assert count(graph).low == count(graph).high == 0
    with pytest.raises(SpaceError, match="E0441"):
        sample(graph, 0)
    with pytest.raises(SpaceError, match="E0441"):
        Uniform(graph).draw(0)


def test_more_architectures_than_a_floating_point_number_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(within_module, "_exactly", lambda *_: None)
    graph = Chain([[*range(1, 17)]] * 260).graph
    band = CostConstraint("flops", None, 260 * 20, graph.span)
    result = count(replace(graph, constraints=(band,)))
    assert result.low <= result.high <= 16**260


@pytest.mark.parametrize("widest", [10**15, 10**18])
def test_costs_about_the_greatest_machine_numbers(widest: int) -> None:
    rng = random.Random(1)
    chain = Chain([[rng.randrange(1, widest) for _ in range(4)] for _ in range(6)])
    costs = sorted(chain.plain)
    # What a budget leaves may be listed; the programme over sums is asked besides.
    band = CostConstraint("flops", costs[1000], costs[3000], chain.graph.span)
    total = sum(chain.within(band).values())
    result = count(chain.bounded(band))
    assert result.low <= total <= result.high
    found = within_module.within(chain.graph, [band])
    if isinstance(found, Sums):
        assert found.count == total
    elif found is not None:
        assert found.low <= total <= found.high
        answers = [found.draw(rng) for _ in range(20)]
        assert all(found.admits(a) for a in answers if a is not None)
