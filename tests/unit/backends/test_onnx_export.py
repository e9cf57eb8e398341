"""Exports: equal in onnxruntime at several batch sizes, plain operators, self-describing, deployable without torch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

import stdsl
from stdsl.compiler.backends.export.onnx import export_onnx
from stdsl.compiler.backends.export.prepare import prepared
from stdsl.compiler.backends.networks.interface import Port
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.diagnostics.model import RunError
from stdsl.compiler.ir.graph import SpaceGraph

DEPLOY = Path(__file__).parents[3] / "examples" / "deploy_onnx.py"


def randomised(model: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, value in [*model.named_buffers(), *model.named_parameters()]:
            if name.endswith("running_mean") or name.endswith("bias"):
                value.copy_(torch.randn(value.shape, generator=generator))
            elif name.endswith("running_var") or (value.dim() == 1 and name.endswith("weight")):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
    return model


@pytest.fixture(name="exported", scope="module")
def _exported(clips: SpaceGraph, tmp_path_factory: pytest.TempPathFactory) -> Any:
    arch = {
        "normal.x[1][1].kind": "space",
        "normal.x[1][2].kind": "pool",
        "normal.x[2].inputs": (1, 3),
        "normal.x[2][1].kind": "time",
        "normal.x[2][3].kind": "skip",
    }
    model = randomised(build_module(clips, arch, seed=0))
    path = tmp_path_factory.mktemp("onnx") / "out" / "model.onnx"
    metadata = {"classes": ["up", "down", "left", "right", "still"], "normalisation": {"per_sample": True}}
    return model, export_onnx(model, path, metadata=metadata)


def test_equal_at_two_batch_sizes(exported: Any) -> None:
    _, report = exported
    assert set(report.max_abs_diff) == {1, 3}
    assert max(report.max_abs_diff.values()) < 1e-4
    assert report.latency_ms > 0
    assert report.bytes == report.path.stat().st_size
    assert [p.name for p in report.path.parent.iterdir()] == ["model.onnx"]


def test_equal_at_a_batch_size_of_its_own(exported: Any) -> None:
    model, report = exported
    x = torch.randn(5, 1, 4, 8, 8)
    (actual,) = onnxruntime.InferenceSession(report.path).run(None, {"video": x.numpy()})
    torch.testing.assert_close(torch.from_numpy(actual), model.eval()(x).detach(), rtol=1e-4, atol=1e-4)


def test_norms_are_folded_and_windows_over_space_or_time_alone_are_2d(exported: Any) -> None:
    _, report = exported
    assert "BatchNormalization" not in report.ops
    kernels = {
        tuple(a.ints)
        for n in onnx.load(report.path).graph.node
        for a in n.attribute
        if n.op_type == "Conv" and a.name == "kernel_shape"
    }
    assert kernels == {(3, 3), (1, 1, 1), (3, 1)}


def test_the_model_stays_as_it_was(exported: Any) -> None:
    model, _ = exported
    assert any(isinstance(m, nn.BatchNorm3d) for m in model.modules())
    assert all(p.requires_grad for p in model.parameters())


def test_the_file_describes_itself_and_nothing_of_this_machine(exported: Any) -> None:
    _, report = exported
    proto = onnx.load(report.path)
    facts = {entry.key: entry.value for entry in proto.metadata_props}
    assert facts["space"] == "toy"
    assert facts["classes"] == '["up", "down", "left", "right", "still"]'
    assert '"axes": "N,C,T,H,W", "shape": ["batch", 1, 4, 8, 8]' in facts["inputs"]
    assert {"stdsl_version", "architecture", "decisions", "normalisation"} <= set(facts)
    assert [opset.version for opset in proto.opset_import if opset.domain == ""] == [18]
    content = report.path.read_bytes()
    assert str(Path(torch.__file__).parent).encode() not in content
    assert b"site-packages" not in content
    assert str(Path.cwd()).encode() not in content


def test_computed_kernels_are_materialised(hand: Any, tmp_path: Path) -> None:
    """An iTGM layer is two convolutions, of which the norm goes into the second, and no arithmetic of kernels."""
    x = hand.input("video", "clip", 2, 6, 8, 8)
    y = hand.op("temporal_gaussian", hand.op("conv", x, c=40, k=(1, 3, 3)), length=5)
    graph = hand.finish(output=hand.op("linear", hand.op("global_avg_pool", hand.op("bn", y)), c=2))
    report = export_onnx(randomised(build_module(graph, {}, seed=0)), tmp_path / "m.onnx")
    assert report.ops.keys() <= {"Conv", "Gemm", "ReduceMean", "Reshape", "Transpose"}
    assert report.ops["Conv"] == 2
    file = onnx.load(report.path)
    windows = sorted(list(t.dims) for t in file.graph.initializer if len(t.dims) > 2)
    assert windows == [[40, 1, 5, 1], [40, 2, 3, 3]]
    assert max(report.max_abs_diff.values()) < 1e-4


def test_only_the_prediction_is_exported(hand: Any, tmp_path: Path) -> None:
    x = hand.input("image", "image", 3, 6, 6)
    y = hand.op("global_avg_pool", hand.op("bn", hand.op("conv", x, c=4, k=3)))
    graph = hand.finish(logits=hand.op("linear", y, c=2), aux=hand.op("linear", y, c=3))
    report = export_onnx(randomised(build_module(graph, {})), tmp_path / "m.onnx")
    (output,) = onnx.load(report.path).graph.output
    assert [d.dim_value for d in output.type.tensor_type.shape.dim][1:] == [2]


def test_several_inputs(hand: Any, tmp_path: Path) -> None:
    a, b = hand.input("rgb", "image", 3, 6, 6), hand.input("flow", "image", 2, 6, 6)
    y = hand.reduce("sum", [hand.op("conv", a, c=4, k=3), hand.op("conv", b, c=4, k=3)])
    graph = hand.finish(output=hand.op("linear", hand.op("global_avg_pool", y), c=2))
    report = export_onnx(build_module(graph, {}), tmp_path / "m.onnx")
    assert [i.name for i in onnx.load(report.path).graph.input] == ["rgb", "flow"]


def test_preparing_is_exact_where_a_norm_has_no_convolution_before_it(hand: Any) -> None:
    x = hand.input("image", "image", 2, 6, 6)
    conv = hand.op("conv", x, c=2, k=3)
    both = hand.reduce("sum", [hand.op("bn", conv), hand.op("bn", hand.op("max_pool", x, k=3)), conv])
    model = randomised(build_module(hand.finish(output=both), {}, seed=0)).eval()
    v = torch.randn(2, 2, 6, 6)
    torch.testing.assert_close(prepared(model, [v])(v), model(v))


def statistics(model: nn.Module) -> nn.Module:
    """The model in evaluation mode, with norms that change what goes through them."""
    generator = torch.Generator().manual_seed(3)
    for name, buffer in model.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
    return model.eval()


def test_a_norm_behind_a_norm_is_folded_into_what_has_become_of_the_convolution() -> None:
    model = statistics(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.BatchNorm2d(4), nn.BatchNorm2d(4)))
    x = torch.randn(2, 3, 5, 5)
    plain = prepared(model, [x])
    torch.testing.assert_close(plain(x), model(x))
    assert not any(isinstance(m, nn.BatchNorm2d) for m in plain.modules())


def test_a_convolution_that_is_applied_twice_takes_no_norm() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(self.norm(self.conv(x)))

    model, x = statistics(Twice()), torch.randn(2, 3, 5, 5)
    torch.testing.assert_close(prepared(model, [x])(x), model(x))


def test_a_file_that_differs_is_not_kept(tmp_path: Path) -> None:
    class Random(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.calls = 0.0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1.0
            return x + self.calls

    with pytest.raises(RunError, match="E0831"):
        export_onnx(Random(), tmp_path / "m.onnx", [Port("x", "features", (3,))])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("factor", [float("nan"), float("inf")])
def test_outputs_that_are_no_numbers_are_compared_with_nothing(factor: float, tmp_path: Path) -> None:
    class Beyond(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return (self.linear(x).abs() + 1) * factor

    with pytest.raises(
        RunError, match=r"E0831.*outputs are not finite at batch 1: `.*m\.onnx` cannot be compared"
    ) as e:
        export_onnx(Beyond(), tmp_path / "m.onnx", [Port("x", "features", (3,))])
    assert "differ" not in str(e.value)
    assert list(tmp_path.iterdir()) == []


def test_differences_are_told_beside_the_size_of_the_outputs(tmp_path: Path) -> None:
    class Great(nn.Module):
        def __init__(self, scale: float) -> None:
            super().__init__()
            self.scale = scale
            self.linear = nn.Linear(64, 8)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.linear(x) * self.scale

    torch.manual_seed(0)
    ports = [Port("x", "features", (64,))]
    report = export_onnx(Great(1e6), tmp_path / "great.onnx", ports)
    assert set(report.largest_output) == set(report.relative_difference) == {1, 3}
    assert all(size > 1e5 for size in report.largest_output.values())
    for batch, part in report.relative_difference.items():
        assert part == report.max_abs_diff[batch] / report.largest_output[batch] < 1e-5
    nothing = export_onnx(Great(0), tmp_path / "nothing.onnx", ports)
    assert nothing.relative_difference == {}
    assert set(nothing.max_abs_diff.values()) == {0.0}


def test_what_onnx_lacks_is_a_diagnostic(tmp_path: Path) -> None:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.special.bessel_j0(x)

    with pytest.raises(RunError, match="E0830"):
        export_onnx(Odd(), tmp_path / "m.onnx", [Port("x", "features", (3,))])


def test_equal_clips_of_one_tensor_keep_their_bounds(tmp_path: Path) -> None:
    """The exporter makes one clip of two behind each other, and gave those of one tensor constants of one name."""
    text = """stdsl 1
meta m on x: tokens(5, 4) {
  twice = [x, x, x] -> each repeat 2 { relu6 }
  return twice -> concat
}
space s = m()
"""
    (tmp_path / "clips.space").write_text(text)
    space = stdsl.load(tmp_path / "clips.space")
    report = stdsl.export_onnx(stdsl.compile(space, arch={}), tmp_path / "clips.onnx")
    assert max(report.max_abs_diff.values()) == 0
    assert report.ops["Clip"] == 3


def test_exporting_is_silent(exported: Any, clips: SpaceGraph, tmp_path: Path, capfd: Any) -> None:
    model, _ = exported
    export_onnx(model, tmp_path / "m.onnx", verify=False)
    assert capfd.readouterr() == ("", "")


def deploy(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The example, where torch and stdsl cannot be imported."""
    script = (
        "import sys, runpy\n"
        "sys.modules['torch'] = None\n"
        "sys.modules['stdsl'] = None\n"
        "path = sys.argv.pop(0) and sys.argv[0]\n"
        "runpy.run_path(path, run_name='__main__')\n"
    )
    command = [sys.executable, "-c", script, str(DEPLOY), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_deployed_without_torch(exported: Any, tmp_path: Path) -> None:
    model, report = exported
    clip = np.random.default_rng(0).integers(0, 256, (2, 1, 4, 8, 8), np.uint8)
    np.save(tmp_path / "clip.npy", clip)
    done = deploy(report.path, tmp_path / "clip.npy", "--top", 1)
    assert done.returncode == 0, done.stderr
    x = torch.from_numpy(clip).float() / 255
    x = (x - x.mean((1, 2, 3, 4), keepdim=True)) / x.std((1, 2, 3, 4), correction=0, keepdim=True)
    probabilities = model.eval()(x).softmax(1)
    names = ["up", "down", "left", "right", "still"]
    expected = [f"sample {i}: {names[p.argmax()]} {p.max().item():.1%}" for i, p in enumerate(probabilities)]
    assert done.stdout.splitlines() == expected


def test_deployed_demo_and_mistakes(exported: Any, tmp_path: Path) -> None:
    _, report = exported
    assert deploy(report.path, "--demo").stdout.startswith("sample 0: ")
    assert "space: toy" in deploy(report.path, "--info").stdout
    np.save(tmp_path / "small.npy", np.zeros((1, 4, 4, 4), np.float32))
    done = deploy(report.path, tmp_path / "small.npy")
    assert done.returncode == 1
    assert "the network takes (1, 4, 8, 8)" in done.stderr
    assert deploy(report.path).returncode == 2
