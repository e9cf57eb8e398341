"""A posterior that is learnt in phases: what is held stays, what is uniform is drawn, what was found is kept; killed
and resumed; soft costs and the entropy of the posterior beside its divergence."""

from __future__ import annotations

import json
import math
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from kills.outcome import differences, outcome

from stdsl.cli.main import cli as command
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.analysis.policies.weighted import weighted
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
op unit(k) = bn -> relu -> conv(same, k)
meta net on video: clip(1, 4, 8, 8) {
  x = video -> conv(2, 1x3x3)
  a = [x, x -> unit(1x3x3), x -> unit(3x1x1)] -> keep 1..2 as k -> sum
  b = a + (a -> maybe unit(3x3x3) as wide)
  c = b -> choose {none: identity, narrow: unit(1x1x1), time: unit(3x1x1)} as kind
  d = c + (c -> maybe unit(1x3x3) as last)
  return d -> bn -> relu -> global_avg_pool -> linear(4)
}
space units = net
search fuse {
  space    = units
  strategy = variational {
    steps = 5  batch = 16  tau = max(0.2, 1 - t / T)
    decisions { optimizer = adam(lr = 0.05)  init = 0.4 }
    derive { samples = 6  measure = 32 }
  }
  data     = motion_digits(frames = 4, size = 8, motions = 4, noise = 0.1, train = 64, valid = 64, test = 32)
  PHASES
}
"""
PHASES = """
  phase { hold { "**" = uniform }  steps = 3 }
  phase { free = "a.k"  hold { "b.**" = "off"  "d.**" = uniform  "c.kind" = uniform } }
  phase { free = ["b.**", "d.**"]  hold { "c.kind" = "time" }  steps = 4 }
"""
COSTS = ("--set", "strategy.objectives=[kl_drop_path, cost(params, weight = 0.01, high = 1K)]")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, stdsl: Callable[..., int]) -> Path:
    folder = tmp_path_factory.mktemp("posterior")
    (folder / "fuse.space").write_text(TEXT.replace("PHASES", PHASES))
    assert stdsl("run", str(folder / "fuse.space"), "--out", str(folder / "run"), *COSTS) == 0
    return folder


def lines(run: Path, event: str) -> list[dict[str, Any]]:
    return [e for e in read_journal(run / "journal.jsonl") if e["event"] == event and e.get("phase") == "search"]


def facts_of(run: Path) -> dict[str, Any]:
    (line,) = lines(run, "phase_finished")
    return dict(line["facts"])


def test_each_phase_learns_its_own_decisions(done: Path) -> None:
    assert [line["step"] for line in lines(done / "run", "step")] == list(range(12 + 6))
    assert facts_of(done / "run")["steps"] == 12
    assert plan(load_job(str(done / "fuse.space"), None)).stages[0].steps == 12
    rows = {line["step"]: line["probabilities"] for line in lines(done / "run", "notes")}
    start = pytest.approx(0.6, abs=1e-4)
    assert rows[2]["a.k"] == [start] * 3, "nothing is learnt of what is drawn evenly"
    assert rows[7]["a.k"] != [start] * 3
    assert rows[7]["d.last"][1] == start
    assert "b.wide" not in rows[7], "held: the network does not have it"
    assert "a.k" not in rows[11], "kept: the network has what was found alone"
    assert rows[11]["d.last"][1] != start


def test_what_phases_settled_counts_as_decided(done: Path) -> None:
    """a.k has three elements; c.kind, b.wide and d.last count once each."""
    told = {line["step"]: line["entropy"] for line in lines(done / "run", "notes")}
    assert told[0] == told[2] == 1, "all is drawn evenly"
    assert 2 / 6 < told[7] < 5 / 6, "the gate that is held off is decided, the others are not, a.k is learnt"
    assert told[11] < 2 / 6, "but the two gates all is decided"
    assert facts_of(done / "run")["entropy"] == pytest.approx(told[11], abs=1e-4)


def test_the_mean_cost_of_what_is_drawn_evenly_is_that_of_what_was_drawn(done: Path) -> None:
    noted = {line["step"]: line["costs"]["params"] for line in lines(done / "run", "notes")}
    graph = load_job(str(done / "fuse.space"), None).graph
    of_each = {costs(graph, arch).params for arch in architectures(graph)}
    assert {noted[0], noted[1], noted[2]} <= of_each
    assert len({noted[0], noted[1], noted[2]}) > 1
    assert noted[11] not in of_each, "a mean"


def test_what_phases_settled_is_certain(done: Path) -> None:
    facts = facts_of(done / "run")
    found = [line["found"] for line in lines(done / "run", "part")]
    assert found[0] == {}
    assert list(found[1]) == ["a.k"]
    assert facts["fixed"] == {"a.k": found[1]["a.k"], "c.kind": "time"}
    assert facts["probabilities"]["c.kind"] == [0, 0, 1]
    assert facts["probabilities"]["a.k"] == [float(place in found[1]["a.k"]) for place in (1, 2, 3)]
    for one in facts["drawn"]:
        assert one["architecture"]["a.k"] == found[1]["a.k"]
        assert one["architecture"]["c.kind"] == "time"
        chances = [facts["probabilities"][path][int(one["architecture"][path])] for path in ("b.wide", "d.last")]
        assert one["log_prob"] == pytest.approx(sum(math.log(chance) for chance in chances), abs=1e-6)
    values = json.loads((done / "run" / "result.json").read_text())["derived"]["values"]
    assert values["a.k"] == found[1]["a.k"]


@pytest.mark.parametrize("step", [7, 10, 15])
def test_killed_in_any_phase_it_goes_on_to_the_same_bits(
    done: Path, tmp_path: Path, stdsl: Callable[..., int], step: int
) -> None:
    broken = tmp_path / "run"
    order = ("run", str(done / "fuse.space"), "--out", str(broken), *COSTS)
    assert stdsl(*order, moment="step", number=step) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(done / "run")) == []


def test_soft_costs_that_are_not_known_are_refused(tmp_path: Path) -> None:
    text = TEXT.replace("PHASES", "")
    own = text.replace("op unit", 'extern op own on x from "my_ops:Own" { params = 0 }\nop unit').replace(
        "bn -> relu", "own"
    )
    wish = "objectives = [cost(flops, high = 10K)]  derive {"
    for name, changed, code in (
        ("deep", text.replace("derive {", "objectives = [cost(depth, high = 3)]  derive {"), "E0701"),
        ("unstated", own.replace("derive {", wish), "E0413"),
    ):
        path = tmp_path / f"{name}.space"
        path.write_text(changed)
        said = CliRunner().invoke(command, ["run", str(path), "--out", str(tmp_path / name)])
        assert said.exit_code in (1, 2)
        assert set(re.findall(r"error\[(E\d{4})\]", said.stderr)) == {code}
        assert not (tmp_path / name).exists()


@pytest.mark.parametrize("update", ["together", "alternately"])
def test_a_soft_cost_makes_what_is_drawn_cheaper(tmp_path: Path, stdsl: Callable[..., int], update: str) -> None:
    text = TEXT.replace("PHASES", "").replace("steps = 5", f"steps = 30  update = {update}").replace("init = 0.4", "")
    (tmp_path / "fuse.space").write_text(text)
    graph = load_job(str(tmp_path / "fuse.space"), None).graph
    means = {}
    for name, terms in (("free", "[]"), ("cheap", "[cost(params, weight = 50, high = 10)]"), ("sure", "[entropy(5)]")):
        run = tmp_path / name
        options = ("--set", f"strategy.objectives={terms}", "--set", "strategy.derive.samples=0")
        assert stdsl("run", str(tmp_path / "fuse.space"), "--out", str(run), *options) == 0
        facts = facts_of(run)
        posterior = weighted(graph, facts["probabilities"])
        chances = [(arch, posterior.log_prob(arch)) for arch in architectures(graph)]
        means[name] = sum(math.exp(log) * (costs(graph, arch).params or 0) for arch, log in chances if log is not None)
        means[f"{name}, entropy"] = facts["entropy"]
        if name == "cheap":
            noted = lines(run, "notes")[-1]["costs"]["params"]
            assert noted == pytest.approx(means[name], abs=0.1)
    assert means["cheap"] < 0.85 * means["free"]
    assert means["sure, entropy"] < 0.9 * means["free, entropy"]
