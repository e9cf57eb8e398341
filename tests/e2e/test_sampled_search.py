"""Searches along sampled paths, from a text to a network: a learnt distribution, its warm-up, costs, shared slices, and
what is derived without a final training."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from kills.outcome import differences, outcome

from stdsl.compiler.analysis.costs.of_many import costs_of
from stdsl.compiler.analysis.enumerate import architectures
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.backends.networks.weights import read_weights
from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.strategies.runner import runner
from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
meta net on video: clip(1, 8, 16, 16) {{
  c = choose {{narrow: 4, wide: 8}} as width
  y = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn -> relu
  z = y -> repeat choose 1..2 as times {{ conv(same, choose {{frame: 1x3x3, time: 3x1x1}} as kind) -> bn -> relu }}
  return z -> global_avg_pool -> linear(4)
}}
space small = net
search tiny {{
  space = small
  strategy = sampling {{ steps = 8  batch = 16  samples = 3  {strategy} }}
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  {rest}
}}
"""
Order = Callable[..., int]
LEARNT = """relax { sharing = slice }  likelihood = mean
    decisions { optimizer = adam(lr = 0.1)  split = valid  warmup = 4 }
    objectives = [cost(params, weight = 2, high = 400)]"""


def write(folder: Path, strategy: str, rest: str = "") -> Path:
    path = folder / "tiny.space"
    path.write_text(TEXT.format(strategy=strategy, rest=rest), encoding="utf-8")
    return path


def events(folder: Path, event: str) -> list[Any]:
    return [e for e in read_journal(folder / "journal.jsonl") if e["event"] == event and e.get("phase") == "search"]


@pytest.fixture(scope="module")
def learnt(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    """A run that exports without a final training."""
    folder = tmp_path_factory.mktemp("learnt")
    assert stdsl("run", str(write(folder, LEARNT, "export { }")), "--out", str(folder / "run")) == 0
    return folder


def test_the_distribution_stays_still_during_warm_up(learnt: Path) -> None:
    rows = [note["probabilities"] for note in events(learnt / "run", "notes")]
    assert len(rows) == 8
    for probabilities in rows[:4]:
        assert all(p == pytest.approx(1 / len(row)) for row in probabilities.values() for p in row)
    assert rows[4] != rows[3]
    assert rows[7] != rows[4]


def test_steps_tell_of_costs_and_of_how_many_samples_count(learnt: Path) -> None:
    steps = events(learnt / "run", "step")
    assert all(1 <= step["effective"] <= 3 for step in steps)
    assert [step["step"] for step in steps if "params" in step] == [4, 5, 6, 7]


def test_what_is_derived_has_its_part_of_the_shared_weights(learnt: Path) -> None:
    """The network that is left computes what the path does, once its norms are measured."""
    job = load_job(str(learnt / "tiny.space"), None)
    arch = json.loads((learnt / "run" / "architectures" / "derived.arch.json").read_text())["values"]
    shared = build_path_network(job.graph, "slice")
    shared.load_state_dict(read_weights(learnt / "run" / "weights" / "search.safetensors"))
    shared.hold_architecture(arch)
    derived = build_module(job.graph, arch)
    derived.load_state_dict(read_weights(learnt / "run" / "weights" / "derived.safetensors"))
    x = torch.randn(4, 1, 8, 16, 16)
    torch.testing.assert_close(derived.train()(x), shared.train()(x))


def test_what_was_learnt_is_shown(learnt: Path, stdsl: Order) -> None:
    assert stdsl("show", str(learnt / "run"), "--marginals") == 0


def test_killed_while_it_learns_it_goes_on_to_the_same_bits(learnt: Path, tmp_path: Path, stdsl: Order) -> None:
    broken = tmp_path / "broken"
    assert stdsl("run", str(learnt / "tiny.space"), "--out", str(broken), moment="step", number=6) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(learnt / "run")) == []


REWARDED = """samples = 1  estimator = reinforce  reward = metric
    decisions { optimizer = adam(lr = 0.1)  warmup = 3  SPLIT }
    objectives = [cost(params, weight = 2, high = 400), entropy(weight = 0.1)]"""


@pytest.mark.parametrize("split", ["train", "valid"])
def test_reinforce_learns_from_one_path_a_step_and_goes_on_to_the_same_bits(
    tmp_path: Path, stdsl: Order, split: str
) -> None:
    """With a moving average of rewards and of costs, which a checkpoint keeps."""
    path = write(tmp_path, REWARDED.replace("SPLIT", f"split = {split}"), "export { }")
    path.write_text(path.read_text().replace("samples = 3  ", ""), encoding="utf-8")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert stdsl("run", str(path), "--out", str(whole)) == 0
    steps = events(whole, "step")
    assert [step["step"] for step in steps if "reward" in step] == [3, 4, 5, 6, 7]
    assert all(0 <= step["reward"] <= 1 for step in steps[3:])
    rows = [note["probabilities"] for note in events(whole, "notes")]
    assert rows[3] == rows[0]  # the first step has nothing to compare with
    assert rows[7] != rows[3]
    assert stdsl("run", str(path), "--out", str(broken), moment="step", number=6) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(whole)) == []


PHASES = """
  phase { free = "z[*].kind"  hold { "c.width" = "narrow"  "z.times" = uniform }  steps = 4 }
  phase {
    free = "z.times"
    hold { "c.width" = "narrow" }
    steps = 3
    strategy { samples = 1  estimator = reinforce  objectives = [cost(params, weight = 2, high = 400)] }
  }
  phase {
    free = "c.width"
    steps = 3
    strategy {
      samples = 2
      weights { optimizer = sgd(lr = 0) }
      decisions { optimizer = adam(lr = 0.5)  warmup = 1 }
    }
  }"""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, stdsl: Order) -> Path:
    """A run in three stages, of which the last two have settings of their own."""
    folder = tmp_path_factory.mktemp("staged")
    path = write(folder, "decisions { optimizer = adam(lr = 0.1) }", PHASES)
    assert stdsl("run", str(path), "--out", str(folder / "run")) == 0
    return folder


def test_phases_learn_their_own_decisions(staged: Path) -> None:
    first, second = [e["found"] for e in events(staged / "run", "part")]
    assert (set(first), set(second)) == ({"z[1].kind", "z[2].kind"}, {"z.times"})
    rows = [set(note["probabilities"]) for note in events(staged / "run", "notes")]
    assert rows == [set(first)] * 4 + [{"z.times"}] * 3 + [{"c.width"}] * 3
    arch = json.loads((staged / "run" / "architectures" / "derived.arch.json").read_text())["values"]
    assert all((first | second)[name] == value for name, value in arch.items() if name in first | second)


def test_a_phase_has_the_settings_that_it_says_and_the_others_of_the_search(staged: Path) -> None:
    steps = events(staged / "run", "step")
    assert [("effective" in step, "reward" in step) for step in steps[4:7]] == [(False, True)] * 3
    assert max(step["effective"] for step in steps[:4]) > 2  # three of them, all alike at first
    assert all(step["effective"] <= 2 for step in steps[7:])
    assert ["params" in step for step in steps] == [False] * 4 + [True] * 3 + [False] * 3
    rows = [note["probabilities"]["c.width"] for note in events(staged / "run", "notes")[7:]]
    assert rows[0] == [0.5, 0.5]  # warm-up of one step
    assert abs(rows[1][0] - 0.5) > 0.1  # a step of 0.5


@pytest.mark.parametrize("step", [2, 5, 8])
def test_killed_in_a_stage_it_goes_on_to_the_same_bits(staged: Path, tmp_path: Path, stdsl: Order, step: int) -> None:
    path, broken = staged / "tiny.space", tmp_path / "broken"
    assert stdsl("run", str(path), "--out", str(broken), moment="step", number=step) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(staged / "run")) == []


def test_within_where_and_the_best_of_drawn_ones(tmp_path: Path) -> None:
    path = write(tmp_path, "derive { candidates = 3 }", "evaluate { metric = loss }")
    bound = 'space small = net where width != "wide" or times == 1'
    path.write_text(path.read_text().replace("space small = net", bound))
    result = run(RunRequest(str(path), out=tmp_path / "run"), Silent())
    drawn = [e["loss"] for e in events(tmp_path / "run", "drawn")]
    assert len(drawn) == 3
    (facts,) = (
        e["facts"]
        for e in read_journal(tmp_path / "run" / "journal.jsonl")
        if "facts" in e and e.get("phase") == "search"
    )
    best = min(facts["drawn"], key=lambda one: one["value"])
    assert best["value"] == pytest.approx(min(drawn), rel=1e-5)
    assert result.architecture == best["architecture"]
    assert all(math.isfinite(one["log_prob"]) for one in facts["drawn"])


@pytest.mark.parametrize(
    ("strategy", "codes"),
    [
        ("draw = uniform", {"E0510"}),
        ("draw = even  derive { candidates = 2 }  objectives = [cost(flops, high = 1)]", {"E0510"}),
        ("decisions { warmup = 9 }", {"E0510"}),
        ("estimator = reinforce  likelihood = mean", {"E0510"}),
        ("reward = metric", {"E0510"}),
    ],
)
def test_settings_that_contradict_each_other(tmp_path: Path, strategy: str, codes: set[str]) -> None:
    found = {d.code for d in check_file(write(tmp_path, strategy)) if d.severity.name == "ERROR"}
    assert found == codes


def test_what_a_path_network_cannot_be_written_for_is_told_by_the_plan(tmp_path: Path) -> None:
    kept = "ys = [video -> conv(2 ** i, 1) for i in 1..12] -> keep any as kept"
    path = write(tmp_path, "draw = uniform  derive { candidates = 2 }")
    body = f"{kept}\n  return ys -> concat -> conv(4, 3) -> global_avg_pool -> linear(4)"
    many = f"meta many on video: clip(1, 8, 16, 16) {{ {body}"
    text = path.read_text().replace("meta net", f"{many}\n}}\nmeta net").replace("small = net", "small = many")
    path.write_text(text)
    with pytest.raises(SpaceError) as raised:
        plan(load_job(str(path), None), "cpu")
    assert [d.code for d in raised.value.diagnostics] == ["E0823"]


@pytest.mark.parametrize("sandwich", [False, True], ids=["drawn", "sandwich"])
def test_the_plan_is_for_the_heaviest_path_and_the_time_of_an_average_one(tmp_path: Path, sandwich: bool) -> None:
    """A hundred draws meet the heaviest of 12 architectures, and their mean is near that of all."""
    strategy = f"draw = uniform  derive {{ candidates = 2 }}  {'sandwich { }' if sandwich else ''}"
    job = load_job(str(write(tmp_path, strategy)), None)
    assert job.config.strategy is not None
    costs = sorted(costs_of(job.graph, arch).flops or 0 for arch in architectures(job.graph))
    assert len(costs) == 12
    (stage,) = plan(job, "cpu").stages
    assert stage.flops == costs[-1]
    (work,) = runner(job.config.strategy).works(job)
    mean = sum(costs) / len(costs)
    if sandwich:  # three drawn ones and both ends
        mean = (3 * mean + costs[0] + costs[-1]) / 5
    assert work.share * costs[-1] == pytest.approx(mean, rel=0.2)


def test_the_sandwich_rule_in_a_run(tmp_path: Path) -> None:
    """A step computes four paths, and what is derived is among those that are drawn."""
    more = "draw = even  samples = 2  relax { sharing = slice }  sandwich { distill = 1 }  derive { candidates = 3 }"
    text = TEXT.format(strategy=more, rest="export { }").replace("samples = 3 ", "")
    file = tmp_path / "tiny.space"
    file.write_text(text, encoding="utf-8")
    job = load_job(str(file), None)
    assert job.config.strategy is not None
    (work,) = runner(job.config.strategy).works(job)
    strategy = job.config.strategy.model_copy(update={"sandwich": None})
    config = job.config.model_copy(update={"strategy": strategy})
    (without,) = runner(strategy).works(replace(job, search=replace(job.search, config=config)))
    assert work.passes - without.passes == pytest.approx(2)
    result = run(RunRequest(str(file), out=tmp_path / "run", device="cpu"), Silent()).document
    assert result["derived"]["hash"] in {one["hash"] for one in result["search_facts"]["drawn"]}
