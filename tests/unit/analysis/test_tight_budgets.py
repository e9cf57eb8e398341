"""Budgets that hardly any architecture is within: something is found, and says how."""

from __future__ import annotations

from pathlib import Path

import pytest

import stdsl
from stdsl.compiler.analysis.costs import measures
from stdsl.compiler.analysis.costs.depth import depth_bounds_under
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.count import count
from stdsl.compiler.analysis.derivation.derive import derived
from stdsl.compiler.analysis.policies.completing import complete, policy
from stdsl.compiler.analysis.sampling import draw
from stdsl.compiler.checks.where.satisfiable import satisfiable
from stdsl.compiler.diagnostics.model import SpaceError

TIGHT = """stdsl 1
op mb(c, e, s) on x = x -> pointwise(e * x.channels) -> bn -> relu
  -> depthwise((choose {1, 3, 5} as kt, choose {3, 5, 7} as k, 3), stride = s) -> bn -> relu -> pointwise(c) -> bn
op block(c, s) = choose {e3: mb(c, 3, s), e4: mb(c, 4, s), e6: mb(c, 6, s)} as expansion
meta net(c = 8) on video: clip(1, 8, 24, 24) {
  h[0] = video -> conv(c, 3x3x3) -> bn
  for i in 1..5 {
    a[i] = h[i - 1] -> block(8 + 5 * i, if i % 2 == 1 then 1x2x2 else 1)
    h[i] = a[i] -> repeat choose 1..3 as blocks { block(same, 1) }
  }
  return h[5] -> global_avg_pool -> linear(13)
}
space tight = net where """


@pytest.fixture(scope="module")
def tight():
    return stdsl.loads(TIGHT + "flops <= 25M").graph


def test_architectures_are_drawn_where_hardly_any_is_within(tight):
    drawn = draw(tight, seed=1, n=3)
    assert len(set(drawn.architectures)) == 3
    assert all(costs(tight, arch).flops <= 25_000_000 for arch in drawn.architectures)
    assert drawn.uniform
    assert drawn.within == count(tight).low == count(tight).high
    assert drawn == draw(tight, seed=1, n=3)


def test_a_depth_that_is_a_sum_is_drawn_within_evenly():
    graph = stdsl.loads(TIGHT + "flops <= 25M, depth <= 60").graph
    drawn = draw(graph, seed=1, n=3)
    assert drawn.uniform
    assert len(drawn.architectures) == 3
    found = [costs(graph, arch) for arch in drawn.architectures]
    assert all(own.flops <= 25_000_000 and own.depth <= 60 for own in found)


def test_architectures_are_found_where_none_is_drawn(monkeypatch):
    monkeypatch.setattr(measures, "depth_sum", lambda _: None)  # as in cells of which any path may be the longest
    graph = stdsl.loads(TIGHT + "flops <= 25M, depth <= 60").graph
    drawn = draw(graph, seed=1, n=3)
    assert len(drawn.architectures) == drawn.searched == len(set(drawn.architectures)) == 3
    assert all(costs(graph, arch).flops <= 25_000_000 for arch in drawn.architectures)
    assert not drawn.uniform
    assert drawn.acceptance == 0
    assert drawn == draw(graph, seed=1, n=3)


def test_the_cheapest_one_is_found_and_nothing_below_it(tight):
    least = 15_598_869
    only = stdsl.loads(TIGHT + f"flops <= {least}")
    assert only.costs(only.sample(seed=0)).flops == least
    with pytest.raises(SpaceError) as caught:
        stdsl.loads(TIGHT + f"flops <= {least - 1}")
    (error,) = caught.value.diagnostics
    assert error.code == "E0441"
    assert f"the cheapest has {least:,} flops" in error.message


@pytest.mark.parametrize(
    "where",
    [
        "flops in 24740000..24750000",
        "flops <= 25M, params <= 60K",
        "flops <= 25M, params <= 60K, activations <= 1100K",
        "flops <= 25M, depth >= 40",
        "depth <= 34",
        "flops <= 25M, params >= 90K",
    ],
)
def test_several_budgets_at_once(where):
    space = stdsl.loads(TIGHT + where)
    arch = satisfiable(space.graph).architecture
    assert space.architecture(dict(arch)) == arch
    assert draw(space.graph, seed=2, n=1).architectures


@pytest.mark.parametrize("how", ["even", "uniform"])
def test_policies_draw_within_the_budget(tight, how):
    distribution = policy(tight, how)
    drawn = [distribution.draw(key) for key in range(3)]
    assert all(costs(tight, arch).flops <= 25_000_000 for arch in drawn)
    assert drawn[2] == policy(tight, how).draw(2), "whatever was drawn before"
    held = {"h[5].blocks": 2, "a[1].expansion": "e6"}
    assert held.items() <= complete(tight, held, key=5, how=how).items()


def test_a_search_that_gave_up_says_so(tight):
    even = {d.path: [1 / len(d.options)] * len(d.options) for d in tight.open}
    found = derived(tight, even, limit=10)
    assert costs(tight, found.architecture).flops <= 25_000_000
    wide = stdsl.loads(TIGHT + "flops <= 300M").graph
    assert derived(wide, {}).best


def test_depths_under_answers(tight):
    drawn = draw(tight, seed=3, n=2)
    for answers, arch in zip(drawn.answers, drawn.architectures, strict=True):
        depth = costs(tight, arch).depth
        assert depth_bounds_under(tight, answers) == (depth, depth)
        some = dict(list(answers.items())[::2])
        low, high = depth_bounds_under(tight, some)
        assert low <= depth <= high


@pytest.mark.slow
def test_a_tight_budget_is_planned_and_searched(tmp_path: Path):
    small = (
        TIGHT.replace("clip(1, 8, 24, 24)", "clip(1, 4, 12, 12)").replace("c = 8", "c = 2").replace("8 + 5 *", "2 +")
    )
    text = f"""{small} flops <= 350K
    search go {{
      space = tight
      strategy = gradient {{ steps = 2  batch = 4 }}
      data = motion_digits(frames = 4, size = 12, train = 64, valid = 64, test = 64)
      retrain {{ steps = 2  batch = 4 }}
      compare {{ random = 2 }}
    }}"""
    (tmp_path / "t.space").write_text(text)
    result = stdsl.run(tmp_path / "t.space", out=tmp_path / "run", device="cpu")
    assert all(row["flops"] <= 350_000 for row in result.document["networks"])
    assert "uniform" not in result.document["random"]  # however few there are, each is as likely


@pytest.mark.parametrize("body", ["{a: conv(16, 3), b: identity}", "{a: conv(4, 3), b: conv(16, 3)}"])
def test_what_many_architectures_are_within_takes_no_search(body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds for a search over twelve entangled decisions take seconds (found by mutants), and half of all
    architectures tell as much."""
    from stdsl.compiler.checks.where import looking

    text = f"meta m on x: image(4, 8, 8) = x -> repeat 12 {{ choose {body} as kind }} -> conv(4, 1)"
    ends = "in 1..6M" if "identity" in body else ">= 600K"
    graph = stdsl.loads(f"stdsl 1\n{text}\nspace s = m\nspace t = m where flops {ends}", "t").graph
    monkeypatch.setattr(looking, "looked_for", None)
    found = satisfiable(graph)
    assert found.diagnostic is None
    assert found.architecture is not None
