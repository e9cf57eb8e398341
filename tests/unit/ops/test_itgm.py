"""EvaNet's iTGM layer, `itgm` of `std.video`: what it is made of, what it costs, and what supernets make of it."""

from __future__ import annotations

from itertools import product

import pytest
import torch
from torch.nn import functional as F

import stdsl
from stdsl.compiler.analysis.specialise import specialise
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import build_supernet
from stdsl.compiler.backends.networks.weights import load_by_name
from stdsl.compiler.ir.graph import SpaceGraph
from stdsl.compiler.ir.network import Network

USE = "use std.video (itgm, conv2plus1d)"

SUPERNET = f"""stdsl 1
{USE}
op unit(c) = choose {{conv, conv2plus1d, itgm}}(c, (choose {{1, 2, 3, 5}} as length, 3, 3), 2x1x1) as kind -> bn
meta net on x: clip(3, 7, 6, 5) {{
  a = x -> unit(4) -> relu
  b = a -> choose {{itgm(same, 3x3x3, 1x2x2), max_pool(3x3x3, stride = 1x2x2)}} as second
  return b -> global_avg_pool -> linear(2)
}}
space s = net
"""


def space() -> SpaceGraph:
    return stdsl.loads(SUPERNET).graph


def applied(expression: str, shape: str) -> SpaceGraph:
    return stdsl.loads(f"stdsl 1\n{USE}\nmeta net on x: {shape} = x -> {expression}\nspace s = net\n").graph


def network(expression: str, shape: str) -> Network:
    return specialise(applied(expression, shape), {})


@pytest.mark.parametrize("length", [1, 3, 5, 7, 9, 11])
@pytest.mark.parametrize("stride", ["1", "1x2x2", "2x2x2", "3x1x1"])
def test_costs(length: int, stride: str) -> None:
    """9 · Cin · Cout + 2M + M · Cout parameters; 9 · Cin · Cout multiply-adds at each position over space, for every
    frame that enters, and L · Cout at each position that leaves."""
    built = network(f"itgm(6, ({length}, 3, 3), {stride})", "clip(4, 12, 8, 8)")
    t, h, w = {"1": (12, 8, 8), "1x2x2": (12, 4, 4), "2x2x2": (6, 4, 4), "3x1x1": (4, 8, 8)}[stride]
    assert sum(layer.cost.params for layer in built.layers) == 9 * 4 * 6 + 2 * 4 + 4 * 6
    assert sum(layer.cost.flops for layer in built.layers) == h * w * (12 * 9 * 4 * 6 + t * length * 6)
    assert built.layers[-1].shape.dims == (6, t, h, w)


@pytest.mark.parametrize(
    ("length", "stride", "times"),
    [(3, "1", 3.0), (5, "1", 5.0), (11, "1", 10.8), (3, "2x1x1", 1.5), (5, "2x1x1", 2.5), (11, "2x1x1", 5.4)],
)
def test_how_much_cheaper_than_a_full_kernel(length: int, stride: str, times: float) -> None:
    flops = [
        sum(layer.cost.flops for layer in network(f"{op}(64, ({length}, 3, 3), {stride})", "clip(64, 16, 8, 8)").layers)
        for op in ("conv", "itgm")
    ]
    assert round(flops[0] / flops[1], 1) == times


@pytest.mark.parametrize(("length", "stride"), list(product([1, 2, 3, 4, 11], [(1, 1, 1), (2, 1, 1), (3, 2, 2)])))
def test_a_network_computes_the_convolution_with_the_full_kernel(length: int, stride: tuple[int, int, int]) -> None:
    graph = applied(f"itgm(4, ({length}, 3, 3), {'x'.join(map(str, stride))})", "clip(3, 7, 6, 5)")
    model = build_module(graph, {}).double()
    for p in model.parameters():
        torch.nn.init.normal_(p)
    spatial, over_time = (m for m in model.modules() if not list(m.children()))
    kernel = spatial.weight * over_time.kernels()[:, None, :, None, None]
    total = length - 1 if length % 2 else max((-(-7 // stride[0]) - 1) * stride[0] + length - 7, 0)
    x = torch.randn(2, 3, 7, 6, 5, dtype=torch.float64, requires_grad=True)
    full = F.conv3d(F.pad(x, (1, 1, 1, 1, total // 2, total - total // 2)), kernel, None, stride)
    y = model(x)
    torch.testing.assert_close(y, full)
    learnt = [x, *model.parameters()]
    for a, b in zip(*(torch.autograd.grad(z.square().sum(), learnt) for z in (y, full)), strict=True):
        torch.testing.assert_close(a, b)


def test_lengths_share_the_convolution_over_space() -> None:
    names = [n for n, _ in build_supernet(space()).named_parameters() if n.startswith("a.itgm.")]
    assert len([n for n in names if n.endswith("conv.weight")]) == 1
    assert len([n for n in names if n.endswith("mixing")]) == 4


def test_optimised_supernets_compute_the_same() -> None:
    graph = space()
    plain, full = (build_supernet(graph, None, passes, seed=0).double() for passes in ([], None))
    full.load_state_dict(plain.state_dict())
    batch = torch.randn(4, 3, 7, 6, 5, dtype=torch.float64)
    for memory in (torch.contiguous_format, torch.channels_last_3d):
        x = batch.contiguous(memory_format=memory)
        a, b = plain(x), full(x)
        torch.testing.assert_close(a, b)
        for net, y in ((plain, a), (full, b)):
            net.zero_grad()
            y.square().sum().backward()
        named = dict(full.named_parameters())
        for name, parameter in plain.named_parameters():
            torch.testing.assert_close(parameter.grad, named[name].grad)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_at_an_architecture_a_supernet_is_the_discrete_network(length: int) -> None:
    graph = space()
    net = build_supernet(graph, seed=0).double()
    x = torch.randn(4, 3, 7, 6, 5, dtype=torch.float64)
    net(x)
    arch = {"a.kind": "itgm", "a.length": str(length), "b.second": "itgm"}
    net.hold_architecture(arch)
    model = build_module(graph, arch).double()
    assert load_by_name(model, net.state_dict()).complete
    torch.testing.assert_close(net.eval()(x), model.eval()(x))
