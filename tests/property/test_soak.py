"""What the check accepts builds and runs as predicted, in every form: a few of the pairs that `make soak` runs."""

from __future__ import annotations

import math
import os
import random
import signal
from pathlib import Path

import pytest
import torch
from laws import LAWS
from pairs import Growth, loaded
from soak import Plan, Result, Soak, results, run
from space_texts import space_text
from torch import Tensor, nn

import stdsl

PAIRS = 300
FAST = tuple(part for part in LAWS if part != "onnx")


pytestmark = pytest.mark.usefixtures("one_thread")


def test_some_pairs(tmp_path: Path) -> None:
    said: list[str] = []
    assert run(Plan(FAST, reference=30), range(10_000, 10_010), tmp_path, echo=said.append) == 0, "\n".join(said)


def test_a_soak_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    plan = Plan(("load",))
    run(plan, range(3), tmp_path, echo=str)
    with (tmp_path / "results.jsonl").open("a") as stream:
        stream.write('{"seed": 3, "constru')
    before = (tmp_path / "results.jsonl").read_text()
    said: list[str] = []
    run(plan, range(5), tmp_path, echo=said.append)
    assert (tmp_path / "results.jsonl").read_text().startswith(before)
    assert said[0] == "5 pairs, seeds 0 to 4"
    (tmp_path / "generator.txt").write_text("another\n")
    with pytest.raises(SystemExit, match="another generator"):
        run(plan, range(5), tmp_path, echo=str)


class Dying(Soak):
    """Ends its process at one of the pairs."""

    def pair(self, seed: int) -> Result:
        if seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().pair(seed)


def test_a_pair_that_ends_its_process_has_failed_and_the_others_go_on() -> None:
    found = {result.seed: result for result in results(Plan(("load",)), list(range(5)), [], 2, Dying)}
    assert sorted(found) == [0, 1, 2, 3, 4]
    assert {seed: result.failures for seed, result in found.items() if result.failures} == {
        1: {"process": "FAILED the process ended with -9"}
    }
    assert found[1].constructs == sorted(space_text(random.Random(1), outside_files=True).constructs)


def test_a_tied_cell_is_handed_no_operator_that_each_call_writes_anew() -> None:
    """Its decisions would be made once for each call, and have one path."""
    for seed in (61_198,):  # found by a soak
        loaded(space_text(random.Random(seed)))


def test_count_equals_enumeration_on_generated_texts() -> None:
    compared = 0
    for seed in range(20_000, 20_080):
        space = loaded(space_text(random.Random(seed)))
        count = space.count()
        if not isinstance(count, int) or count > 300:
            continue
        found = list(space.architectures())
        exact = [a for a in found if all(space.costs(a).within(c) for c in cost_limits(space))]
        assert len(set(found)) == len(found)
        assert len(exact) == count
        assert set(found) == set(listed(space.graph))
        assert [space.rank(a) for a in found] == list(range(len(found)))
        compared += 1
    assert compared >= 20


def cost_limits(space: stdsl.Space):
    from stdsl.compiler.analysis.costs.of_architecture import cost_constraints

    return cost_constraints(space.graph)


def listed(graph):
    from stdsl.compiler.analysis.enumerate import architectures

    return list(architectures(graph))


@pytest.mark.slow
def test_many_pairs_in_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        assert run(Plan(tuple(LAWS), onnx_every=30), range(PAIRS), tmp_path, least=1) == 0


def test_values_that_grow_beyond_the_range_are_told_from_what_is_not_finite_at_once() -> None:
    class Times(nn.Module):
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor

        def forward(self, x: Tensor) -> Tensor:
            return x * self.factor

    def grown(*factors: float) -> Growth:
        network = nn.Sequential(*(Times(factor) for factor in factors))
        with Growth(network) as growth:
            network(torch.ones(2))
        return growth

    assert grown(1e20, 1e20).overflowed
    assert not grown(1e20, 1e10).overflowed
    assert grown(1.0, math.nan).ended
    assert not grown(1.0, math.nan, 1e20).overflowed
    assert not grown(1.0, math.inf).overflowed
