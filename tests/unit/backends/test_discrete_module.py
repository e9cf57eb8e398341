"""The discrete module against an interpreter of its own that knows nothing of code generation."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

import stdsl
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.source import source
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.names import RESERVED, Names


def interpret(graph: SpaceGraph, arch: Any, state: dict[str, torch.Tensor], *inputs: torch.Tensor) -> torch.Tensor:
    """The prediction in evaluation mode, layer by layer, with weights looked up by name."""
    network = specialise(graph, arch)
    names = Names(graph)
    values: dict[int, torch.Tensor] = dict(zip(network.inputs, inputs, strict=True))
    for layer in network.layers:
        if layer.op == "input":
            continue
        args = [values[i] for i in layer.inputs]
        name = ".".join(p for p in (names.prefix(layer.scope), names.local(graph.nodes[layer.node], layer.attrs)) if p)
        match layer.op:
            case "conv" | "pointwise":
                weight = state[f"{name}.weight"]
                padding = tuple(k // 2 for k in weight.shape[2:])
                value = F.conv3d(args[0], weight, None, tuple(layer.attrs.get("stride", (1, 1, 1))), padding)
            case "bn":
                value = F.batch_norm(
                    args[0],
                    state[f"{name}.running_mean"],
                    state[f"{name}.running_var"],
                    state[f"{name}.weight"],
                    state[f"{name}.bias"],
                )
            case "relu":
                value = args[0].clamp(min=0)
            case "max_pool":
                value = F.max_pool3d(args[0], 3, 1, 1)
            case "sum":
                value = torch.stack(args).sum(0)
            case "concat":
                value = torch.cat(args, 1)
            case "global_avg_pool":
                value = args[0].mean((2, 3, 4), keepdim=True)
            case "linear":
                value = F.linear(args[0].flatten(1), state[f"{name}.weight"], state[f"{name}.bias"])
            case _:
                raise NotImplementedError(layer.op)
        values[layer.id] = value
    return values[network.outputs[0][1]]


def randomise_statistics(model: torch.nn.Module) -> None:
    generator = torch.Generator().manual_seed(7)
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator))
        elif name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)


def test_equals_the_interpreter(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    model = build_module(clips, arch, seed=1)
    randomise_statistics(model)
    x = torch.randn(3, 1, 4, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(model.eval()(x), interpret(clips, arch, model.state_dict(), x))


def test_names_are_paths_of_scopes(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    names = set(build_module(clips, arch).state_dict())
    assert {"conv.weight", "h_2.x_1_1_space.conv.weight", "h_3.x_2_1_time.bn.running_var", "linear.bias"} <= names
    assert not any("max_pool" in name for name in names)


def test_names_survive_other_decisions(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    other = {**arch, "normal.x[1][2].kind": "time"}
    assert set(build_module(clips, arch).state_dict()) < set(build_module(clips, other).state_dict())


def test_seed_fixes_the_weights_and_leaves_the_generator(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a, b = build_module(clips, arch, seed=3), build_module(clips, arch, seed=3)
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def test_state_dict_round_trip(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    a, b = build_module(clips, arch, seed=1), build_module(clips, arch, seed=2)
    b.load_state_dict(a.state_dict())
    x = torch.randn(2, 1, 4, 8, 8)
    assert torch.equal(a.eval()(x), b.eval()(x))
    assert torch.equal(copy.deepcopy(a)(x), a(x))


def test_equal_cells_are_one_class(clips: SpaceGraph, arch: dict[str, Any]) -> None:
    text = source(clips, arch)
    assert "self.h_2 = Normal2(in_channels=12)" in text
    assert "self.h_3 = Normal2(in_channels=8)" in text
    assert "kernel_size=(1, 3, 3), padding=(0, 1, 1)" in text


def test_source_is_self_contained_and_equal(clips: SpaceGraph, arch: dict[str, Any], tmp_path: Path) -> None:
    model = build_module(clips, arch, seed=4)
    randomise_statistics(model)
    x = torch.randn(2, 1, 4, 8, 8)
    (tmp_path / "net.py").write_text(source(clips, arch), encoding="utf-8")
    torch.save(model.state_dict(), tmp_path / "w.pt")
    torch.save(x, tmp_path / "x.pt")
    script = (
        "import sys, torch\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] == 'stdsl':\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "torch.set_num_threads(1)\n"
        "import net\n"
        "model = net.Network().eval()\n"
        "model.load_state_dict(torch.load('w.pt', weights_only=True))\n"
        "torch.save(model(torch.load('x.pt', weights_only=True)).detach(), 'y.pt')\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    assert torch.equal(torch.load(tmp_path / "y.pt", weights_only=True), model.eval()(x))
    done = subprocess.run([sys.executable, "net.py"], cwd=tmp_path, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "(2, 5)"


def test_source_is_formatted_and_lints(clips: SpaceGraph, arch: dict[str, Any], tmp_path: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed")
    path = tmp_path / "net.py"
    path.write_text(source(clips, arch), encoding="utf-8")
    options = ["--isolated", "--line-length", "120"]
    subprocess.run([ruff, "format", *options, "--diff", path], check=True, capture_output=True)
    subprocess.run([ruff, "check", *options, "--select", "E,F,W,I,B,UP,SIM", path], check=True, capture_output=True)


def test_open_numbers_are_part_of_names(hand: Any) -> None:
    x = hand.input("video", "clip", 2, 4, 6, 6)
    decision = hand.b.choose("y.length", ["1", "3"], [1, 3], _span(hand))
    k = hand.b.diagrams.case(decision.variables[0], ((1, 3, 3), (3, 3, 3)))
    y = hand.op("conv", x, c=3, k=k)
    graph = hand.finish(output=_asking(hand, y, decision))
    assert "conv_k3x3x3.weight" in build_module(graph, {"y.length": "3"}).state_dict()
    assert "conv_k1x3x3.weight" in build_module(graph, {"y.length": "1"}).state_dict()


def test_frozen_parts_do_not_train(hand: Any) -> None:
    x = hand.input("image", "image", 3, 6, 6)
    with hand.scope("body", "body"):
        y = hand.op("bn", hand.op("conv", x, c=4, k=3, frozen=True), frozen=True)
    graph = hand.finish(output=hand.op("linear", hand.op("global_avg_pool", y), c=2))
    model = build_module(graph, {}).train()
    assert not any(p.requires_grad for p in model.get_submodule("body").parameters())
    assert all(p.requires_grad for p in model.get_submodule("linear").parameters())
    before = model.get_submodule("body.bn").running_mean.clone()
    model(torch.randn(4, 3, 6, 6))
    assert torch.equal(before, model.get_submodule("body.bn").running_mean)


def test_several_outputs_are_a_dict_in_training(hand: Any) -> None:
    x = hand.input("image", "image", 3, 6, 6)
    y = hand.op("global_avg_pool", hand.op("conv", x, c=4, k=3))
    graph = hand.finish(logits=hand.op("linear", y, c=2), aux=hand.op("linear", y, c=3))
    model = build_module(graph, {})
    x = torch.randn(2, 3, 6, 6)
    result = model.train()(x)
    assert {name: tuple(v.shape) for name, v in result.items()} == {"logits": (2, 2), "aux": (2, 3)}
    assert torch.equal(model.eval()(x), result["logits"])


def test_scopes_that_entangle_are_dissolved(hand: Any) -> None:
    """Two cells that read each other's values in the middle cannot be called in one go; names stay."""
    x = hand.input("image", "image", 2, 4, 4)
    with hand.scope("p", "left"):
        a = hand.op("conv", x, c=2, k=1)
    with hand.scope("q", "right"):
        b = hand.op("conv", a, c=2, k=1)
        c = hand.op("conv", x, c=2, k=1)
    scopes = {s.name: s.id for s in hand.b.scopes}
    outer, hand.current = hand.current, scopes["p"]
    d = hand.op("conv", c, c=2, k=1)
    hand.current = outer
    graph = hand.finish(output=hand.reduce("sum", [b, d]))
    model = build_module(graph, {})
    assert set(model.state_dict()) == {"p.conv.weight", "q.conv.weight", "q.conv_2.weight", "p.conv_2.weight"}
    assert model(torch.randn(1, 2, 4, 4)).shape == (1, 2, 4, 4)


def test_reserved_names_cover_torch() -> None:
    """Also what torch puts beside the parts of a network that it traces or exports: a part of that name was lost."""
    plain = torch.nn.Identity()
    exported = torch.export.export(plain, (torch.ones(1),))
    made = (plain, torch.fx.symbolic_trace(plain), exported.graph_module, exported.module())
    assert not {n for module in made for n in dir(module) if not n.startswith("_")} - RESERVED


@pytest.mark.parametrize("name", ["meta", "code", "graph", "shape_env"])
def test_a_part_with_a_name_of_torch_is_exported(name: str, tmp_path: Path) -> None:
    body = f"{{ {name}_ = x -> pointwise(3) -> conv(2, 3)  return {name}_ }}"
    space = stdsl.loads(f"stdsl 1\nmeta net on x: image(2, 4, 4) {body}\nspace s = net")
    report = stdsl.export_onnx(stdsl.compile(space, space.sample(0)), tmp_path / "a.onnx")
    assert max(report.max_abs_diff.values()) < 1e-4


def _span(hand: Any) -> Any:
    return hand.b.scopes[-1].span or hand.b.nodes[-1].span


def _asking(hand: Any, node: int, decision: Any) -> int:
    """An identity that asks for a decision, as the elaborator makes the application ask."""
    from dataclasses import replace

    from stdsl.compiler.ir.graph import Ask

    hand.b.nodes[node] = replace(hand.b.nodes[node], asks=(Ask(decision.id),))
    return node
