"""Supernets: mixtures by hand, one-hot equality with discrete networks, gradients, passes that change nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet, supernet_source
from stdsl.compiler.backends.networks.weights import load_by_name
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.ir.graph import SpaceGraph


def clip_batch(n: int = 2) -> torch.Tensor:
    return torch.randn(n, 1, 4, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("keep", ["sigmoid", "softmax"])
@pytest.mark.parametrize("passes", [None, [], ["share_common"], ["-drop_zeros"]])
def test_at_an_architecture_it_is_the_discrete_network(
    clips: SpaceGraph, arch: dict[str, Any], keep: Any, passes: list[str] | None
) -> None:
    net = build_supernet(clips, Relaxation(keep=keep), passes, seed=0).double()
    net(clip_batch(4).double())  # moves the statistics away from 0 and 1
    net.hold_architecture(arch)
    model = build_module(clips, arch).double()
    report = load_by_name(model, net.state_dict())
    assert report.complete
    x = clip_batch().double()
    torch.testing.assert_close(net.eval()(x), model.eval()(x))
    torch.testing.assert_close(net.train()(x), model.train()(x))


@pytest.mark.parametrize("passes", [[], ["share_common"], ["drop_zeros"], ["splice_identities"]])
def test_passes_change_neither_outputs_nor_gradients(clips: SpaceGraph, passes: list[str]) -> None:
    plain, full = (
        build_supernet(clips, None, passes, seed=0).double(),
        build_supernet(clips, None, None, seed=0).double(),
    )
    full.load_state_dict(plain.state_dict())
    x = clip_batch().double()
    a, b = plain(x), full(x)
    torch.testing.assert_close(a, b)
    a.square().sum().backward()
    b.square().sum().backward()
    named = dict(full.named_parameters())
    for name, parameter in plain.named_parameters():
        torch.testing.assert_close(parameter.grad, named[name].grad)


def test_mixture_by_hand(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    y = hand.choose(
        "y.kind", ["pool", "same", "none"], [hand.op("avg_pool", x, k=3), hand.op("identity", x), hand.op("zero", x)]
    )
    g = hand.gate("g.gate", hand.op("relu", x))
    net = build_supernet(hand.finish(output=hand.reduce("sum", [y, g])), seed=0)
    with torch.no_grad():
        net.parameter("y.kind").copy_(torch.tensor([0.3, -1.0, 2.0]))
        net.parameter("g.gate").fill_(0.7)
    w = torch.softmax(torch.tensor([0.3, -1.0, 2.0]), 0)
    v = torch.randn(2, 2, 4, 4)
    pool = torch.nn.functional.avg_pool2d(v, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(net(v), w[0] * pool + w[1] * v + torch.sigmoid(torch.tensor(0.7)) * v.relu())
    assert net.probabilities()["y.kind"] == pytest.approx(w.tolist())
    assert net.probabilities()["g.gate"] == pytest.approx([1 - 0.66818777, 0.66818777])


@pytest.mark.parametrize(("keep", "expected"), [("none", [1, 1]), ("softmax", [0.5, 0.5]), ("sigmoid", [0.5, 0.5])])
def test_keep_and_site_weights(hand: Any, keep: Any, expected: list[float]) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    site = hand.keep("s.inputs", 2, 2, [x, hand.op("relu", x)])
    y = hand.keep("y.inputs", 1, 1, [site, hand.op("avg_pool", x, k=3)])
    net = build_supernet(hand.finish(output=y), Relaxation(keep=keep))
    for parameter in net.decisions():
        torch.nn.init.zeros_(parameter)
    v = torch.randn(1, 2, 4, 4)
    a, b = expected
    inner = a * v + b * v.relu()
    pool = torch.nn.functional.avg_pool2d(v, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(net(v), a * inner + b * pool)
    assert [path for path, _ in net.named_decisions()] == ([] if keep == "none" else ["s.inputs", "y.inputs"])


def test_mean_of_a_keep_is_normalised(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    y = hand.keep("y.inputs", 1, 2, [x, hand.op("relu", x)], op="mean")
    net = build_supernet(hand.finish(output=y))
    net.hold({"y.inputs": (1, 2)})
    v = torch.randn(1, 2, 4, 4)
    torch.testing.assert_close(net(v), (v + v.relu()) / 2)


def test_chosen_numbers_get_weights_each(hand: Any) -> None:
    x = hand.input("video", "clip", 2, 4, 6, 6)
    decision = hand.b.choose("y.length", ["1", "3"], [1, 3], hand.b.nodes[0].span)
    k = hand.b.diagrams.case(decision.variables[0], ((1, 3, 3), (3, 3, 3)))
    graph = hand.finish(output=hand.op("conv", x, c=3, k=k))
    net = build_supernet(graph, seed=0)
    state = net.state_dict()
    v = torch.randn(1, 2, 4, 6, 6)
    w = net.decision_weights()["y.length"]
    short = torch.nn.functional.conv3d(v, state["conv_k1x3x3.weight"], padding=(0, 1, 1))
    long = torch.nn.functional.conv3d(v, state["conv_k3x3x3.weight"], padding=1)
    torch.testing.assert_close(net(v), w[0] * short + w[1] * long)


def test_counts_mix_depths(hand: Any) -> None:
    x = hand.input("image", "image", 2, 4, 4)
    once = hand.op("avg_pool", x, k=3)
    twice = hand.op("avg_pool", once, k=3)
    graph = hand.finish(output=hand.repeat("y.count", 1, [once, twice]))
    net = build_supernet(graph)
    assert net.rows["y.count"].options == ("1", "2")
    net.hold({"y.count": 2})
    v = torch.randn(1, 2, 4, 4)
    pool = torch.nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(net(v), pool(pool(v)))


def test_elements_of_an_open_loop_weigh_their_probability(hand: Any) -> None:
    from stdsl.compiler.ir.graph import Edge

    x = hand.input("image", "image", 2, 4, 4)
    parts = [x, hand.op("relu", x), hand.op("avg_pool", x, k=3)]
    decision = hand.b.count("n.width", 1, 3, hand.b.nodes[0].span)
    d = hand.b.diagrams
    guards = [d.case(decision.variables[0], [n >= i for n in (1, 2, 3)]) for i in (1, 2, 3)]
    edges = [Edge(p, g, None) for p, g in zip(parts, guards, strict=True)]
    y = hand.b.node("reduce", "sum", edges, hand.b.nodes[x].type, hand.current, hand.b.nodes[0].span)
    net = build_supernet(hand.finish(output=y), seed=0)
    w = net.decision_weights()["n.width"]
    v = torch.randn(1, 2, 4, 4)
    pool = torch.nn.functional.avg_pool2d(v, 3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(net(v), v + (w[1] + w[2]) * v.relu() + w[2] * pool)


def test_gradients_reach_every_weight_and_decision(clips: SpaceGraph) -> None:
    net = build_supernet(clips, seed=0)
    net(clip_batch()).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.decisions())
    assert all(p.grad is not None for p in net.weights())
    assert len(net.weights()) + len(net.decisions()) == len(list(net.parameters()))


def test_tied_cells_share_decisions_but_not_weights(clips: SpaceGraph) -> None:
    net = build_supernet(clips, seed=0)
    assert len(net.decisions()) == 7
    names = net.state_dict()
    assert "h_1.x_1_1_space.conv.weight" in names
    assert "h_3.x_1_1_space.conv.weight" in names
    assert "decision_parameters.normal/x[1][1]/kind" in names


def test_untied_cells_share_a_class(hand: Any) -> None:
    h = hand.input("image", "image", 2, 4, 4)
    for i in (1, 2):
        with hand.scope(f"h[{i}]", "block"):
            conv = hand.op("conv", h, c=2, k=3)
            h = hand.choose(f"h[{i}].y.kind", ["conv", "pool"], [conv, hand.op("avg_pool", h, k=3)])
    net = build_supernet(hand.finish(output=h), seed=0)
    assert net.source.count("class ") == 2
    assert 'within(weights, "h[2]")' in net.source
    net.hold({"h[1].y.kind": "pool", "h[2].y.kind": "pool"})
    v = torch.randn(1, 2, 4, 4)
    pool = torch.nn.AvgPool2d(3, 1, 1, count_include_pad=False)
    torch.testing.assert_close(net(v), pool(pool(v)))


def test_seed_is_deterministic(clips: SpaceGraph) -> None:
    a, b, c = (build_supernet(clips, seed=s) for s in (0, 0, 1))
    assert all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))
    assert not torch.equal(a.decisions()[0], c.decisions()[0])


def test_affine_false_leaves_scales_to_what_is_no_candidate(clips: SpaceGraph) -> None:
    names = build_supernet(clips, Relaxation(affine=False)).state_dict()
    assert "h_1.x_1_1_space.bn.weight" not in names
    assert "h_1.x_1_1_space.bn.running_mean" in names
    assert {"h_1.a.bn.weight", "bn.weight"} <= set(names)


def test_held_decisions_stay(clips: SpaceGraph) -> None:
    net = build_supernet(clips, seed=0)
    net.hold({"normal.x[1][1].kind": "skip", "normal.x[1][2].kind": "uniform"})
    assert net.probabilities()["normal.x[1][1].kind"] == [0, 1, 0, 0, 0]
    assert net.probabilities()["normal.x[1][2].kind"] == pytest.approx([0.2] * 5)
    net.release("normal.x[1][1].kind")
    assert net.probabilities()["normal.x[1][1].kind"] == pytest.approx([0.2] * 5, abs=0.01)
    with pytest.raises(ValueError, match="has no 'sep9'"):
        net.hold({"normal.x[1][1].kind": "sep9"})


def test_source_is_formatted(clips: SpaceGraph, tmp_path: Path) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed")
    path = tmp_path / "net.py"
    path.write_text(supernet_source(clips)[0], encoding="utf-8")
    options = ["--isolated", "--line-length", "120"]
    subprocess.run([ruff, "format", *options, "--diff", path], check=True, capture_output=True)
    subprocess.run([ruff, "check", *options, "--select", "E,F,W,B,UP,SIM", path], check=True, capture_output=True)


def test_passes_report_what_they_did(clips: SpaceGraph) -> None:
    reports = {r.name: r for r in build_supernet(clips).passes}
    assert reports["share_common"].after < reports["share_common"].before
    assert "share_common" not in {r.name for r in build_supernet(clips, passes=["-share_common"]).passes}


def test_unknown_pass(clips: SpaceGraph) -> None:
    with pytest.raises(SpaceError, match="no pass `fast`"):
        build_supernet(clips, passes=["fast"])
