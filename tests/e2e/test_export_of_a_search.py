"""A search without a final training: its own weights are exported, its batch-norms measured anew."""

from __future__ import annotations

import io
import json
import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console
from safetensors.torch import load_file

from stdsl.compiler.analysis import architecture as architectures
from stdsl.compiler.backends.export import onnx
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.diagnostics.model import RunError
from stdsl.runtime.data.batch import Part
from stdsl.runtime.prepare.opening import opened
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.report.reporter import Silent
from stdsl.runtime.report.table import render_result
from stdsl.runtime.run import RunRequest, resume, run
from stdsl.runtime.tracking.directory import result_of
from stdsl.runtime.training.interruption import Interrupted

TEXT = """stdsl 1
ops candidates = { skip, flat: conv(same, 1x3x3) -> bn, time: conv(same, 3x1x1) -> bn }
meta net(c = 4) on video: clip(1, 4, 8, 8) {
  stem = video -> conv(c, 1x3x3) -> bn
  y = [stem, stem] -> each choose candidates as kind -> keep 1..2 as inputs -> sum
  return y -> relu -> dropout(0.5) -> global_avg_pool -> linear(4)
}
space cells = net
search straight {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 36, valid = 32, test = 16)
  strategy = gradient { steps = 6  batch = 8  measure = 16  weights { optimizer = sgd(lr = 0.05) } }
  export { onnx = "out/model.onnx"  source = "./net.py"  weights = "w.safetensors" }
}
search both {
  space = cells
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  strategy = gradient { steps = 2  batch = 8  measure = 16 }
  retrain { steps = 2  batch = 8 }
  compare { random = 1 }
  export { onnx = "model.onnx"  source = "net.py" }
}
"""


@pytest.fixture
def space(tmp_path: Path) -> Path:
    path = tmp_path / "s.space"
    path.write_text(TEXT)
    return path


class StopWhileMeasuring(Silent):
    def advance(self, title: str, done: int, facts: object) -> None:
        if title == "inherit" and done == 2:
            os.kill(os.getpid(), signal.SIGINT)


def test_the_found_network_has_the_weights_of_the_search(space: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    result = run(RunRequest(str(space), "straight", out=out), Silent()).document
    own, searched = (load_file(out / "weights" / f"{name}.safetensors") for name in ("derived", "search"))
    learnt = {
        name: value for name, value in own.items() if not name.endswith(("running_mean", "running_var", "tracked"))
    }
    shared = [name for name in learnt if name in searched]
    assert len(shared) >= 4
    assert all(torch.equal(learnt[name], searched[name]) for name in shared)
    scales = [(name, value) for name, value in learnt.items() if name not in searched]
    assert all(torch.equal(value, torch.full_like(value, name.endswith("weight"))) for name, value in scales)

    job = load_job(str(space), "straight")
    arch = architectures.load(out / "architectures" / "derived.arch.json", job.graph)
    model = build_module(job.graph, arch)
    model.load_state_dict(own)
    mixed = Part(opened(job), ("train",)).mixed()
    inputs = mixed.samples(np.arange(32)).inputs[0]  # 4 batches of 8, as many as fit
    norm = next(name for name in own if name.endswith("running_mean")).removesuffix(".running_mean")
    entering: list[torch.Tensor] = []
    handle = model.get_submodule(norm).register_forward_pre_hook(lambda module, args: entering.append(args[0]))
    with torch.no_grad():
        model.eval()(inputs)
    handle.remove()
    torch.testing.assert_close(own[f"{norm}.running_mean"], entering[0].mean((0, 2, 3, 4)), rtol=1e-4, atol=1e-5)

    (row,) = result["networks"]
    assert (row["kind"], row["test"]["samples"]) == ("derived", 16)
    assert max(result["onnx"]["difference"].values()) < 1e-4
    assert {"weights", "search's weights", "module", "source", "exported weights", "onnx"} <= set(result["files"])
    assert all((out / place).exists() for place in result["files"].values())

    broken = tmp_path / "broken"
    with pytest.raises(Interrupted):
        run(RunRequest(str(space), "straight", out=broken), StopWhileMeasuring())
    resume(broken, Silent())
    for name, value in load_file(broken / "weights" / "derived.safetensors").items():
        assert torch.equal(value, own[name])


@pytest.mark.parametrize(
    "settings",
    [
        ["strategy.decisions.order=2"],
        ["strategy.relax.choose=gumbel(tau = 5 - 4 * t / T)"],
        ["strategy.discretize.count=M * (1 - (1 - t / T) ** 2)", "strategy.decisions.warmup=0"],
        ["strategy.derive.snapshot=best", "strategy.relax.affine=true"],
        ["precision=bfloat16"],
    ],
)
def test_every_kind_of_search_leaves_weights_that_fit(space: Path, tmp_path: Path, settings: list[str]) -> None:
    space.write_text(TEXT.replace('onnx = "out/model.onnx"  ', ""))
    out = tmp_path / "run"
    result = run(RunRequest(str(space), "straight", settings, out), Silent())
    assert result.accuracy is not None
    assert all((out / place).exists() for place in result.document["files"].values())


def test_an_export_that_the_file_system_does_not_take(space: Path, tmp_path: Path) -> None:
    """Paths end somewhere; with a run directory that is deep enough, even those that are right by themselves."""
    space.write_text(TEXT.replace("out/model.onnx", "/".join(["x" * 150] * 6)))
    deep = tmp_path.joinpath(*["d" * 200] * 17)
    with pytest.raises(RunError, match=r"E0521.*too long"):
        run(RunRequest(str(space), "straight", out=deep), Silent())
    assert not deep.parents[15].exists()


def test_no_file_is_named_that_is_not_there(space: Path, tmp_path: Path) -> None:
    space.write_text(TEXT.replace('  export { onnx = "out/model.onnx"', '  # export { onnx = "out/model.onnx"'))
    out = tmp_path / "run"
    files = run(RunRequest(str(space), "straight", out=out), Silent()).document["files"]
    assert set(files) == {"run", "architecture", "search's weights"}
    assert all((out / place).exists() for place in files.values())


def test_a_file_that_differs_is_recorded_and_the_rest_is_done(
    space: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnx, "TOLERANCE", -1.0)
    out = tmp_path / "run"
    result = run(RunRequest(str(space), "both", out=out), Silent())
    assert [failed["code"] for failed in result.failures] == ["E0831"]
    assert [row["title"] for row in result.document["networks"]] == ["derived", "random-1"]
    assert "onnx" not in result.document["files"]
    assert all((out / place).exists() for place in result.document["files"].values())
    assert not (out / "model.onnx").exists()
    assert json.loads((out / "result.json").read_text())["onnx"] == {"failed": result.failures}
    assert resume(out, Silent()).failures == result.failures
    console = Console(file=io.StringIO(), width=200)
    render_result(result_of(out), console)
    assert "ONNX: not exported: outputs of" in console.file.getvalue()  # type: ignore[attr-defined]


def test_missing_data_is_told_before_a_folder_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of needed searches too."""
    monkeypatch.chdir(tmp_path)
    text = """stdsl 1
meta net() on x: image(3, 32, 32) = x -> conv(4, 3x3) -> bn -> global_avg_pool -> linear(10)
meta clips() on x: clip(1, 4, 8, 8) = x -> conv(4, 1x3x3) -> bn -> global_avg_pool -> linear(4)
space pictures = net
space films = clips
search first { space = pictures  data = cifar10(root = "nowhere")  retrain { steps = 1 } }
search second {
  space = films
  data = motion_digits(frames = 4, size = 8, motions = 4, train = 16, valid = 16, test = 16)
  needs = [first]
  retrain { steps = 1  batch = 8 }
}
"""
    Path("s.space").write_text(text)
    for search in ("first", "second"):
        with pytest.raises(RunError, match="E0702"):
            run(RunRequest("s.space", search), Silent())
    assert [path.name for path in tmp_path.iterdir()] == ["s.space"]
