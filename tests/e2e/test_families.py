"""What every family that runs must do. A family without a case here fails by name."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kills.outcome import differences, outcome
from torch.autograd.graph import saved_tensors_hooks

from stdsl.compiler.analysis.architecture import architecture
from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.checks.check import check_file
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.families.registry import FAMILIES, family
from stdsl.compiler.schemas.base import Settings
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.run import RunRequest, run
from stdsl.runtime.strategies.runner import runner
from stdsl.runtime.tracking.journal import read_journal

TEXT = """stdsl 1
use std.video (relu_conv_bn)
ops candidates = {{ skip, frame: relu_conv_bn(same, 1x3x3), time: relu_conv_bn(same, 3x1x1) }}
meta net(c = 4, classes = 4) on video: clip(1, 8, 16, 16) {{
  stem = video -> conv(c, 1x3x3, stride = 1x2x2) -> bn
  y = [stem, stem -> relu] -> each choose candidates as kind -> keep 1..2 as inputs -> sum
  return y -> dropout(0.1) -> relu -> global_avg_pool -> linear(classes)
}}
space small(c = 4) = net(c) where flops <= {budget}, kind != "skip"
meta unlike on video: clip(1, 8, 16, 16) {{
  return video -> choose {{few: conv(2, 1x3x3), many: conv(4, 1x3x3)}} as width -> global_avg_pool -> linear(4)
}}
space widths = unlike
search tiny {{
  space = {space}
  strategy = {strategy}
  data = motion_digits(frames = 8, size = 16, motions = 4, noise = 0.1, train = 64, valid = 64, test = 64)
  retrain {{ steps = 6  batch = 16 }}
}}
"""


@dataclass(frozen=True)
class Case:
    """``strategy``: settings of a short search. ``mixes``: whether it needs alternatives of one shape."""

    strategy: str
    mixes: bool


CASES = {
    "gradient": Case("gradient { steps = 9  batch = 16  measure = 32 }", True),
    "variational": Case(
        "variational { steps = 9  batch = 16  decisions { optimizer = adam(lr = 0.05) }  derive { samples = 4 } }", True
    ),
    "sampling": Case(
        "sampling { steps = 9  samples = 2  batch = 16  draw = uniform  relax { sharing = slice }"
        "  derive { candidates = 4 } }",
        False,
    ),
    "evolution": Case(
        "evolution { population = 3  tournament = 2  rounds = 3  workers = 2  halving { eta = 3 }  minimize = [params]"
        "  fitness { steps = 4  batch = 16  samples = 32 } }",
        False,
    ),
    "bayes": Case(
        "bayes { startup = 2  workers = 2  budget { least = 1  most = 3  eta = 3  iterations = 2 }"
        "  fitness { batch = choose {16, 32}  samples = 32  dropout = choose real(0.0..0.3)"
        "  optimizer = choose {adam(lr = choose log(1e-4..1e-1)), plain: sgd(lr = 0.1)} } }",
        False,
    ),
    "random": Case(
        "random { trials = 4  halving { eta = 2 }  fitness { steps = 4  batch = 16  samples = 32 } }", False
    ),
}
RUNNING = [name for name in FAMILIES if family(name).runner]


@pytest.fixture(params=RUNNING)
def name(request: pytest.FixtureRequest) -> str:
    assert request.param in CASES, f"the family `{request.param}` has no case in this suite"
    return str(request.param)


def write(folder: Path, name: str, space: str = "small", budget: str = "150K") -> Path:
    path = folder / "tiny.space"
    path.write_text(TEXT.format(space=space, budget=budget, strategy=CASES[name].strategy))
    return path


def test_the_two_halves_say_the_same_name(name: str) -> None:
    half = family(name)
    assert half.name == name
    assert half.settings.model_fields["family"].default == name
    assert issubclass(half.settings, Settings)
    assert half.__doc__ or __import__(half.settings.__module__, fromlist=["_"]).__doc__, "no documentation"


def test_it_searches_a_tiny_space_and_says_what_it_found(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    result = run(RunRequest(str(path), out=tmp_path / "run"), Silent())
    job = load_job(str(path), None)
    derived = architecture(job.graph, result.architecture)
    assert costs(job.graph, derived).flops <= 150_000
    assert "skip" not in [value for path, value in derived.items() if path.endswith("kind")]
    (facts,) = (
        e["facts"]
        for e in read_journal(tmp_path / "run" / "journal.jsonl")
        if e.get("phase") == "search" and "facts" in e
    )
    assert json.loads(json.dumps(facts, allow_nan=False)) == facts
    assert job.config.strategy is not None
    ranked = runner(job.config.strategy).derive(job.config.strategy, job.graph, facts)
    assert ranked[0] == derived
    assert len(set(ranked)) == len(ranked)
    assert all(costs(job.graph, arch).flops <= 150_000 for arch in ranked)
    assert math.isfinite(result.accuracy or math.nan)
    shown = json.loads((tmp_path / "run" / "result.json").read_text())
    assert shown["search_facts"]


@pytest.mark.parametrize("share", [0.6, *(pytest.param(share, marks=pytest.mark.slow) for share in (0.0, 0.35, 0.95))])
def test_killed_at_any_step_it_goes_on_to_the_same_bits(
    tmp_path: Path, stdsl: Callable[..., int], name: str, share: float
) -> None:
    path = write(tmp_path, name)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert stdsl("run", str(path), "--out", str(whole)) == 0
    told = sum(e["event"] == "step" for e in read_journal(whole / "journal.jsonl"))
    step = max(1, round(share * told))
    assert stdsl("run", str(path), "--out", str(broken), moment="step", number=step) == -signal.SIGKILL
    assert stdsl("run", "--resume", str(broken)) == 0
    assert differences(outcome(broken), outcome(whole)) == []


def test_check_refuses_what_it_cannot_search(tmp_path: Path, name: str) -> None:
    codes = {d.code for d in check_file(write(tmp_path, name, space="widths")) if d.severity.name == "ERROR"}
    assert codes == ({"E0801"} if CASES[name].mixes else set())
    assert family(name).mixes == CASES[name].mixes


def test_data_without_what_it_measures_on_is_refused(tmp_path: Path, name: str) -> None:
    if name == "gradient":
        return  # its decisions learn from that half, and are refused with it
    path = write(tmp_path, name)
    samples = np.random.default_rng(0).random((12, 1, 8, 16, 16), dtype=np.float32)
    np.savez(tmp_path / "few.npz", x=samples, y=np.arange(12) % 4)
    text = path.read_text().partition("  data = ")
    path.write_text(
        text[0] + '  data = arrays("few.npz", valid = 0.01, test = 0.3)\n  retrain { steps = 6  batch = 8 }\n}\n'
    )
    with pytest.raises(RunError) as raised:
        run(RunRequest(str(path), out=tmp_path / "run"), Silent())
    assert [d.code for d in raised.value.diagnostics] == ["E0725"], raised.value
    assert "measuring" in raised.value.diagnostics[0].message


def test_settings_of_another_family_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, name)
    path.write_text(path.read_text().replace(f"{name} {{", f"{name} {{ no_such_setting = 1 ", 1))
    assert "E0501" in {d.code for d in check_file(path)}


def test_plans_state_the_memory_of_a_step(tmp_path: Path, name: str) -> None:
    """What a step keeps for backward, and the parameters with their gradients and states."""
    job = load_job(str(write(tmp_path, name, space="small(c = 32)", budget="100M")), None)
    stages = [stage for stage in plan(job, "cpu").stages if stage.name.startswith("search")]
    assert job.config.strategy is not None
    works = list(runner(job.config.strategy).works(job))
    assert [work.name for work in works] == [stage.name for stage in stages]
    for work, stage in zip(works, stages, strict=True):
        model: Any = work.make().train()
        saved: dict[int, int] = {}
        held = []

        def pack(tensor: torch.Tensor, saved: dict[int, int] = saved, held: list[Any] = held) -> torch.Tensor:
            storage = tensor.untyped_storage()
            saved[storage._cdata] = storage.nbytes()
            held.append(storage)
            return tensor.detach()

        dims = work.graph.nodes[work.graph.inputs[0]].type.concrete().dims
        with saved_tensors_hooks(pack, lambda tensor: tensor):
            model(torch.randn(work.batch, *dims))
        params = sum(p.numel() for p in model.parameters())
        assert stage.bytes == pytest.approx(sum(saved.values()) + 16 * params, rel=0.25)
