"""Supernets with every setting of the passes compute what the plain lowering computes."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import torch
from torch import Tensor

import stdsl
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.supernet import Relaxation, Supernet, build_supernet, supernet_source
from stdsl.compiler.backends.networks.weights import load_by_name
from stdsl.compiler.checks.opening import load_space
from stdsl.compiler.ir.graph import SpaceGraph

CELL = """
  for i in 1..2 {
    x[i] = [a, b, *x[<i]] -> each choose candidates as kind -> keep 2 as inputs -> sum
  }
  return x -> concat
}
"""
IMAGE = f"""stdsl 1
use std.image (relu_conv_bn, sep_conv, dil_conv)
ops candidates(stride = 1) = {{
  none: zero(stride = stride), skip: skip(stride), pool: max_pool(3x3, stride), conv: relu_conv_bn(same, 1x1, stride),
  sep5: sep_conv(5x5, stride), dil3: dil_conv(3x3, stride), dense: relu_conv_bn(same, 3x3, stride),
}}
tied cell normal(c) on s0, s1 {{
  a = s0 -> relu_conv_bn(c)
  b = s1 -> relu_conv_bn(c)
{CELL}
tied cell reduction(c) on s0, s1 {{
  a = s0 -> relu_conv_bn(c)
  b = s1 -> relu_conv_bn(c)
  for i in 1..2 {{
    halved = [a, b] -> each choose candidates(stride = 2) as kind
    x[i] = [*halved, *(x[<i] -> each choose candidates as kind)] -> keep 2 as inputs -> sum
  }}
  return x -> concat
}}
meta net(c = 4) on image: image(3, 8, 8) {{
  stem = image -> conv(c, 3x3) -> bn
  n = [stem, stem] -> normal(c)
  r = [n, n] -> reduction(2 * c)
  m = [r, r] -> normal(2 * c)
  return m -> global_avg_pool -> linear(3)
}}
space s = net()
"""
CLIP = f"""stdsl 1
use std.video (relu_conv_bn, o3d)
tied cell normal(c, candidates = o3d) on s0, s1 {{
  a = s0 -> relu_conv_bn(c)
  b = s1 -> relu_conv_bn(c)
{CELL}
meta net(c = 2) on video: clip(1, 4, 6, 6) {{
  stem = video -> conv(c, 1x3x3) -> bn
  n = [stem, stem] -> normal(c)
  halved = n -> choose o3d(stride = 2) as kind
  return halved -> global_avg_pool -> linear(3)
}}
space s = net()
"""
EDGES = """stdsl 1
use std.image (sep_conv, relu_conv_bn)
meta net() on image: image(4, 8, 8) {
  a = image -> choose {sep3: sep_conv(3x3), skip: identity} as first
  b = [image, a] -> each choose {sep3: sep_conv(3x3), point: relu_conv_bn(same, 1x1)} as kind -> sum
  c = [image, a, b]
    -> each choose {sep3: sep_conv(3x3), dense: relu_conv_bn(same, 3x3)} as third
    -> keep 1..2 as inputs -> sum
  return c -> global_avg_pool -> linear(3)
}
space s = net()
"""
SPACES = {"image": IMAGE, "clip": CLIP, "edges": EDGES}
INPUTS = {"image": (3, 8, 8), "clip": (1, 4, 6, 6), "edges": (4, 8, 8)}
SETTINGS: list[list[str] | None] = [
    None,
    ["merge_targets"],
    ["-merge_targets"],
    ["-phase_space", "-fold_clips", "-split_pools"],
    ["-narrow_gradients", "-pointwise_products"],
    ["-share_common"],
    ["+recompute_cells"],
    ["+recompute_merged"],
    ["+recompute_cells", "+recompute_merged"],
]


@pytest.fixture(params=list(SPACES))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def graph(kind: str, tmp_path: Path) -> SpaceGraph:
    file = tmp_path / "s.space"
    file.write_text(SPACES[kind], encoding="utf-8")
    return load_space(file).graph


def batch(kind: str, n: int = 3) -> Tensor:
    x = torch.randn(n, *INPUTS[kind], dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    return x.contiguous(memory_format=torch.channels_last if x.dim() == 4 else torch.channels_last_3d)


def run(net: Supernet, x: Tensor) -> tuple[Tensor, dict[str, Tensor | None]]:
    net.zero_grad(set_to_none=True)
    y = net(x)
    y.square().sum().backward()
    return y.detach(), {name: p.grad for name, p in net.named_parameters()}


MODES = (True, True, False)
"""Steps of a training, then an evaluation."""


@cache
def plainly(kind: str, relaxation: Relaxation) -> tuple[dict[str, Tensor], list[tuple[Any, ...]]]:
    """Initial weights of the plain lowering, and the output, the gradients and the buffers of each mode."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "s.space"
        file.write_text(SPACES[kind], encoding="utf-8")
        plain = build_supernet(load_space(file).graph, relaxation, [], seed=0).double()
    initial = {key: value.clone() for key, value in plain.state_dict().items()}
    steps: list[tuple[Any, ...]] = []
    for training in MODES:
        y, gradients = run(plain.train(training), batch(kind))  # type: ignore[arg-type]
        steps.append((y, gradients, {name: b.clone() for name, b in plain.named_buffers()}))
    return initial, steps


@pytest.mark.parametrize(("keep", "affine"), [("none", False), ("sigmoid", True)])
@pytest.mark.parametrize("passes", SETTINGS)
def test_equal_to_the_plain_lowering(kind: str, graph: SpaceGraph, passes: Any, keep: Any, affine: bool) -> None:
    relaxation = Relaxation(keep=keep, affine=affine)
    theirs, steps = plainly(kind, relaxation)
    net = build_supernet(graph, relaxation, passes, seed=0).double()
    mine = net.state_dict()
    assert list(mine) == list(theirs)
    assert all(torch.equal(mine[key], theirs[key]) for key in mine), "initial weights do not depend on passes"
    for training, (a, wanted, buffers) in zip(MODES, steps, strict=True):
        b, found = run(net.train(training), batch(kind))
        torch.testing.assert_close(a, b)
        for name, gradient in wanted.items():
            other = found[name]
            if gradient is None or other is None:
                assert not any(g is not None and g.any() for g in (gradient, other)), name
            else:
                torch.testing.assert_close(gradient, other, msg=lambda text, name=name: f"{name}: {text}")
        for (name, p), q in zip(buffers.items(), net.buffers(), strict=True):
            torch.testing.assert_close(p, q, msg=name)


def test_everything_that_can_be_merged_is(kind: str, graph: SpaceGraph) -> None:
    text, reports = supernet_source(graph)
    assert "merged_sum(" in text
    by_name = {report.name: report for report in reports}
    assert by_name["merge_targets"].after < by_name["merge_targets"].before
    assert "merged_sum(" not in supernet_source(graph, passes=["-merge_targets"])[0]


def test_checkpoints_carry_over(kind: str, graph: SpaceGraph, tmp_path: Path) -> None:
    trained = build_supernet(graph, seed=1).double()
    run(trained, batch(kind))
    torch.save(trained.state_dict(), tmp_path / "w.pt")
    plain = build_supernet(graph, None, [], seed=2).double()
    plain.load_state_dict(torch.load(tmp_path / "w.pt", weights_only=True))
    torch.testing.assert_close(trained.eval()(batch(kind)), plain.eval()(batch(kind)))


def test_at_an_architecture_it_is_the_discrete_network(kind: str, graph: SpaceGraph) -> None:
    from stdsl.compiler.analysis.sampling import sample

    net = build_supernet(graph, seed=0).double()
    net(batch(kind))
    (arch,) = sample(graph, 3)
    net.hold_architecture(arch)
    model = build_module(graph, arch).double()
    assert load_by_name(model, net.state_dict()).complete
    torch.testing.assert_close(net.eval()(batch(kind)), model.eval()(batch(kind)))


def test_gradients_of_one_side_alone(kind: str, graph: SpaceGraph) -> None:
    """As a bilevel search takes them: with the other side frozen they are the same."""
    net = build_supernet(graph, Relaxation(affine=False), seed=0).double()
    _, whole = run(net, batch(kind))
    names = {id(p): name for name, p in net.named_parameters()}
    for mine, still in ((net.weights(), net.decisions()), (net.decisions(), net.weights())):
        for p in still:
            p.requires_grad_(False)
        gradients = torch.autograd.grad(net(batch(kind)).square().sum(), mine, allow_unused=True)
        for p in still:
            p.requires_grad_(True)
        for p, g in zip(mine, gradients, strict=True):
            expected = whole[names[id(p)]]
            if g is not None and expected is not None:
                torch.testing.assert_close(g, expected)


@pytest.mark.parametrize("passes", [None, ["merge_targets"], ["+recompute_cells"], ["+recompute_merged"]])
def test_partial_channels(kind: str, graph: SpaceGraph, passes: Any) -> None:
    """With a half of the channels through each mixture, compiled and plain; the operations' weights are narrower."""
    relaxation = Relaxation(keep="softmax", affine=False, groups=2)
    plain = build_supernet(graph, relaxation, [], seed=0).double()
    net = build_supernet(graph, relaxation, passes, seed=0).double()
    assert list(net.state_dict()) == list(plain.state_dict())
    whole = build_supernet(graph, Relaxation(affine=False), seed=0).state_dict()
    assert any(whole[name].shape[0] == 2 * p.shape[0] for name, p in net.named_parameters() if "sep" in name)
    a, wanted = run(plain, batch(kind))
    b, found = run(net, batch(kind))
    torch.testing.assert_close(a, b)
    for name, gradient in wanted.items():
        other = found[name]
        if gradient is None or other is None:
            assert not any(g is not None and g.any() for g in (gradient, other)), name
        else:
            torch.testing.assert_close(gradient, other, msg=lambda text, name=name: f"{name}: {text}")


def test_partial_channels_of_a_mixture_inside_another() -> None:
    """A choice of one has all that leads to it for its own: here a sum over what another mixture gives."""
    text = """stdsl 1
meta net on x: image(4, 3, 3) {
  v = [x] -> each choose {b: group_norm(groups = 2), c: conv(same, 3x3), skip} as kind -> sum
  f = choose {gelu,}
  return (x -> f) + (v -> f)
}
space s = net
"""
    graph = stdsl.loads(text).graph
    relaxation = Relaxation(groups=2)
    nets = [
        build_supernet(graph, relaxation, passes, seed=0).double() for passes in ([], None, ["-pointwise_products"])
    ]
    x = torch.randn(2, 4, 3, 3, dtype=torch.float64)
    first, *others = [net.eval()(x) for net in nets]
    for other in others:
        torch.testing.assert_close(other, first)


def test_operations_computed_again_can_be_differentiated_again(kind: str, graph: SpaceGraph) -> None:
    """A graph that is retained gives the same gradients twice, though a backward pass lets go of what it computed."""
    for passes in (None, ["+recompute_merged"], ["+recompute_cells"]):
        net = build_supernet(graph, Relaxation(affine=False), passes, seed=0).double()  # type: ignore[arg-type]
        y, inputs = net(batch(kind)).square().sum(), list(net.parameters())
        first = torch.autograd.grad(y, inputs, retain_graph=True, allow_unused=True)
        for a, b in zip(first, torch.autograd.grad(y, inputs, allow_unused=True), strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                torch.testing.assert_close(a, b)


@pytest.mark.parametrize("passes", [None, ["+recompute_merged"], ["+recompute_cells"], ["-merge_targets"]])
def test_under_autocast(kind: str, graph: SpaceGraph, passes: Any) -> None:
    """Near the numbers of float32, whether the backward pass is inside or not."""
    net = build_supernet(graph, Relaxation(affine=False), passes, seed=0)  # type: ignore[arg-type]
    x, inputs = batch(kind, 16).float(), list(net.parameters())
    wanted = torch.autograd.grad(net(x).square().sum(), inputs, allow_unused=True)
    for inside in (False, True):
        with torch.autocast("cpu", torch.bfloat16):
            y = net(x).float().square().sum()
            found = torch.autograd.grad(y, inputs, allow_unused=True) if inside else None
        found = found or torch.autograd.grad(y, inputs, allow_unused=True)
        a, b = (torch.cat([g.flatten() for g in gradients if g is not None]) for gradients in (wanted, found))
        assert torch.cosine_similarity(a, b, 0) > 0.95
        assert {g.dtype for g in found if g is not None} == {torch.float32}


def kept(net: Supernet, x: Tensor) -> int:
    """The bytes that a forward pass keeps."""
    sizes: dict[int, int] = {}

    def pack(t: Tensor) -> Tensor:
        sizes[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
        return t

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = net(x)
    del y
    return sum(sizes.values())


@pytest.mark.parametrize("passes", [None, ["+recompute_merged"], ["-merge_targets"]])
def test_autocast_keeps_no_more(kind: str, graph: SpaceGraph, passes: Any) -> None:
    net = build_supernet(graph, Relaxation(affine=False), passes, seed=0)  # type: ignore[arg-type]
    x = batch(kind, 64).float()
    whole = kept(net, x)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        assert kept(net, x) < 1.02 * whole


def test_a_network_in_half_the_bits(kind: str, graph: SpaceGraph) -> None:
    """Cast as a whole, it stays in its type where nothing is merged."""
    net = build_supernet(graph, Relaxation(affine=False), ["-merge_targets"], seed=0).bfloat16()
    y = net(batch(kind, 16).bfloat16())
    assert y.dtype == torch.bfloat16
    y.sum().backward()


def test_predicted_bytes(kind: str, graph: SpaceGraph) -> None:
    """The prediction is near what is kept, parameters and small matrices aside, and says which setting keeps less."""
    predicted, kept = {}, {}
    settings = {"plain": [], "full": None, "again": ["+recompute_merged"], "recomputed": ["+recompute_cells"]}
    for name, passes in settings.items():
        net = build_supernet(graph, Relaxation(affine=False), passes, seed=0)
        predicted[name] = net.passes[-1].kept_after
        sizes: dict[int, int] = {}
        addresses = {p.data_ptr() for p in net.parameters()}

        def pack(t: Tensor, sizes: dict[int, int] = sizes, addresses: set[int] = addresses) -> Tensor:
            if t.data_ptr() not in addresses and t.dim() and t.shape[0] >= 64:
                sizes[t.untyped_storage().data_ptr()] = t.untyped_storage().nbytes()
            return t.detach()

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
            y = net(batch(kind, 64).float())
        kept[name] = sum(sizes.values()) / 64
        del y
    assert predicted["recomputed"] <= predicted["full"] < predicted["plain"]
    assert predicted["again"] < predicted["full"]
    for name in ("plain", "full", "again"):
        assert 0.75 < predicted[name] / kept[name] < 1.33, name
