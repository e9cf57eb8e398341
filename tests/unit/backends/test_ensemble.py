"""What several networks tell together is the mean of what each tells, in PyTorch as in the ONNX file."""

from __future__ import annotations

from pathlib import Path

import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from stdsl.compiler.backends.export.onnx import export_onnx
from stdsl.compiler.backends.networks.ensemble import Ensemble, Kind, Mean
from stdsl.compiler.backends.networks.interface import Port
from stdsl.compiler.backends.networks.module import build_module
from stdsl.space import loads

NETS = {
    "image": "image: image(2, 8, 8) = image -> conv(4, 3x3) -> bn -> choose {relu, gelu} as kind -> conv(3, 1x1)",
    "tokens": "x: tokens(5, 6) = x -> linear(4) -> choose {relu, gelu} as kind -> linear(3)",
    "flat": "x: features(6) = x -> linear(4) -> choose {relu, gelu} as kind -> linear(3)",
}


def probabilities(kind: Kind, output: Tensor, axis: int) -> Tensor:
    told = output.double()
    return told if kind == "numbers" else told.sigmoid() if kind == "labels" else told.softmax(axis)


@given(st.sampled_from(["classes", "labels", "numbers"]), st.integers(2, 4), st.floats(0.1, 60), st.integers(0, 99))
def test_the_mean_of_probabilities(kind: Kind, members: int, scale: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    outputs = [scale * torch.randn(3, 5, 2, generator=generator) for _ in range(members)]
    expected = torch.stack([probabilities(kind, x, 1) for x in outputs]).mean(0)
    assert torch.allclose(probabilities(kind, Mean(kind)(*outputs), 1), expected, rtol=1e-4, atol=1e-6)


def test_what_is_all_but_certain_stays_finite() -> None:
    for kind in ("classes", "labels"):
        for x in (torch.tensor([[1e4, -1e4]]), torch.tensor([[-1e4, -1e4]])):
            assert Mean(kind)(x, x).isfinite().all()


@pytest.mark.parametrize(("net", "axis"), [("image", 1), ("tokens", 2), ("flat", 1)])
@pytest.mark.parametrize("kind", ["classes", "labels", "numbers"])
def test_the_exported_file_tells_the_same(net: str, axis: int, kind: Kind, tmp_path: Path) -> None:
    graph = loads(f"stdsl 1\nmeta m on {NETS[net]}\nspace s = m\n").graph
    members = [build_module(graph, {"kind": own}, seed=seed).eval() for seed, own in enumerate(("relu", "gelu"))]
    ensemble = Ensemble(members, kind, positions=net != "flat").eval()
    report = export_onnx(ensemble, tmp_path / "model.onnx")
    assert set(report.max_abs_diff) == {1, 3}
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    x = torch.randn(3, *ensemble.interface.inputs[0].shape)
    (told,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    with torch.no_grad():
        expected = torch.stack([probabilities(kind, member(x), axis) for member in members]).mean(0)
    assert torch.allclose(probabilities(kind, torch.from_numpy(told), axis), expected, atol=1e-5)


def test_members_take_and_tell_the_same() -> None:
    nets = [loads(f"stdsl 1\nmeta m on {NETS[net]}\nspace s = m\n").graph for net in ("image", "flat")]
    members = [build_module(graph, {"kind": "relu"}) for graph in nets]
    with pytest.raises(ValueError, match="the same"):
        Ensemble(members, "classes", positions=False)


def test_members_that_take_different_inputs(tmp_path: Path) -> None:
    """One of two inputs, the other, and both; an ensemble among them. The file takes all, by their names."""

    def nets(text: str, *kinds: str) -> list[torch.nn.Module]:
        graph = loads(f"stdsl 1\nmeta m on {text}\nspace s = m\n").graph
        return [build_module(graph, {"kind": own}, seed=seed).eval() for seed, own in enumerate(kinds)]

    ending = "choose {relu, gelu} as kind -> global_avg_pool -> linear(3)"
    rgb = nets(f"image: image(3, 8, 8) = image -> conv(4, 3x3) -> bn -> {ending}", "relu", "gelu")
    (flow,) = nets(f"image: image(2, 8, 8) = image -> conv(4, 3x3) -> {ending}", "gelu")
    (both,) = nets(
        "a: image(2, 8, 8), b: image(3, 8, 8) = [a, b] -> concat -> conv(4, 3x3) -> choose {relu, gelu} as kind "
        "-> global_avg_pool -> pointwise(3)",
        "relu",
    )
    ports = [Port("rgb", "image", (3, 8, 8)), Port("flow", "image", (2, 8, 8))]
    members = [Ensemble(rgb, "classes", positions=False), flow, both]
    fused = Ensemble(members, "classes", False, ports, [(0,), (1,), (1, 0)]).eval()
    assert (fused.interface.space, fused.interface.parameters) == ("s", ())
    assert set(export_onnx(fused, tmp_path / "model.onnx").max_abs_diff) == {1, 3}
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"))
    x, y = torch.randn(3, 3, 8, 8), torch.randn(3, 2, 8, 8)
    (told,) = session.run(None, {"flow": y.numpy(), "rgb": x.numpy()})
    with torch.no_grad():
        first = torch.stack([net(x).double().softmax(1) for net in rgb]).mean(0)
        expected = (first + flow(y).double().softmax(1) + both(y, x).double().flatten(1).softmax(1)) / 3
    assert torch.allclose(torch.from_numpy(told).double().softmax(1), expected, atol=1e-5)
    with pytest.raises(ValueError, match="the same"):
        Ensemble(members, "classes", False, ports, [(0,), (0,), (1, 0)])
