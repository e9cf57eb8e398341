"""Networks that begin with group-norms learn from samples that are laid out channels last, as runs lay them out: the
gradients are those of plain samples. In a process of its own, which PyTorch ends where the layout is not minded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import stdsl
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.build import build_drawn_network, build_path_network
from stdsl.compiler.backends.networks.source import source
from stdsl.compiler.backends.networks.supernet import Relaxation, build_supernet

IMAGE, CLIP, TOKENS = "image(4, 6, 6)", "clip(4, 4, 6, 6)", "tokens(16, 4)"
END = "global_avg_pool -> linear(2)"
STOP = 'extern op stop on x from "test_layouts:Stop" { params = 0  flops = 0 }'
FIRST = {
    "first": (IMAGE, f"x -> group_norm(2) -> conv(4, 3) -> group_norm(4) -> {END}"),
    "clips": (CLIP, f"x -> group_norm(1) -> relu -> conv(4, (1, 3, 3)) -> {END}"),
    "tokens": (TOKENS, f"x -> from_tokens(1, 4, 4) -> group_norm(2) -> {END}"),
    "chosen": (IMAGE, f"x -> choose {{skip, pool: max_pool(3), conv: conv(4, 3)}} as a -> group_norm(2) -> {END}"),
    "residual": (IMAGE, f"[x, x -> conv(4, 3)] -> sum -> group_norm(2) -> {END}"),
    "kept": (IMAGE, f"[x, x -> conv(4, 3), x -> max_pool(3)] -> keep 1..2 as k -> sum -> group_norm(2) -> {END}"),
    "groups": (IMAGE, f"x -> group_norm(choose {{1, 2, 4}} as g) -> conv(4, 3) -> {END}"),
    "norms": (IMAGE, f"x -> group_norm(2) -> relu -> group_norm(4, affine = false) -> group_norm(1) -> {END}"),
    "zeros": (IMAGE, f"x -> conv(4, 1) -> to_tokens -> zero -> from_tokens(1, 6, 6) -> group_norm(2) -> {END}"),
    "open_zeros": (
        IMAGE,
        "x -> conv(4, choose {1, 3} as k) -> choose {tokens: to_tokens, none: to_tokens -> zero} as a"
        f" -> from_tokens(1, 6, 6) -> group_norm(2) -> {END}",
    ),
    "cut": (IMAGE, f"x -> conv(4, 1) -> stop -> group_norm(2) -> {END}"),
    "frozen": (IMAGE, f"x -> frozen conv(4, 3) -> group_norm(2) -> {END}"),
}


class Stop(nn.Module):
    """Lets no gradient through."""

    def forward(self, x: Tensor) -> Tensor:
        return x.detach()


def spaces() -> Iterator[tuple[str, stdsl.Space]]:
    for name, (shape, body) in FIRST.items():
        text = f"stdsl 1\n{STOP}\nmeta m on x: {shape} = {body}\nspace s = m\n"
        yield name, stdsl.loads(text, allow_extern=True)


def networks(space: stdsl.Space) -> Iterator[tuple[str, nn.Module]]:
    """In every form, as they are while weights are learnt."""
    graph = space.graph
    for arch in space.architectures():
        yield f"module of {arch}", build_module(graph, arch, seed=0)
    if not space.not_relaxable:
        for settings in (Relaxation(), Relaxation("gumbel", "none", affine=False)):
            net = build_supernet(graph, settings, seed=0)
            for decision in net.decisions():
                decision.requires_grad_(False)
            yield f"{settings}", net
        drawn = build_drawn_network(graph, seed=0)
        drawn.sampled = True
        yield "drawn", drawn
    for sharing in ("separate", "slice"):
        for arch in space.architectures():
            net = build_path_network(graph, sharing, seed=0)
            net.hold_architecture(arch)
            yield f"{sharing}, {arch}", net


def gradients(net: nn.Module, x: Tensor) -> dict[str, Tensor]:
    torch.manual_seed(0)
    net.train()(x).square().sum().backward()
    found = {name: p.grad for name, p in net.named_parameters() if p.grad is not None}
    net.zero_grad(set_to_none=True)
    return found


def check() -> int:
    """The number of networks."""
    checked = 0
    torch.set_num_threads(1)
    for name, space in spaces():
        (input_,) = space.graph.inputs
        x = torch.randn(2, *space.graph.nodes[input_].type.concrete().dims)
        formats = {4: torch.channels_last, 5: torch.channels_last_3d}
        other = x.contiguous(memory_format=formats[x.dim()]) if x.dim() in formats else x.transpose(1, 2).contiguous()
        other = other if x.dim() in formats else other.transpose(1, 2)
        for form, net in networks(space):
            print(name, form, flush=True)
            expected, found = gradients(net, x), gradients(net, other)
            assert expected
            assert set(expected) == set(found)
            for parameter, gradient in expected.items():
                torch.testing.assert_close(found[parameter], gradient, rtol=1e-4, atol=1e-5)
            checked += 1
    return checked


def test_samples_may_be_laid_out_channels_last() -> None:
    tests = Path(__file__).parents[2]
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_layouts; test_layouts.check()"
    ended = subprocess.run([sys.executable, "-c", code], cwd=tests, capture_output=True, text=True)
    assert ended.returncode == 0, f"ended with {ended.returncode}\n{ended.stdout[-300:]}\n{ended.stderr[-3000:]}"
    begun = [line.split(" ", 1)[0] for line in ended.stdout.splitlines()]
    assert set(begun) == set(FIRST)
    assert len(begun) >= 50


@pytest.mark.parametrize(
    ("body", "copies"),
    [
        ("x -> group_norm(2) -> conv(4, 3) -> group_norm(2)", 1),
        ("x -> conv(4, 3) -> relu -> group_norm(2) -> max_pool(3) -> group_norm(2)", 0),
        ("x -> depthwise(3) -> group_norm(2)", 0),
        ("x -> group_norm(2, affine = false)", 0),
        ("x -> bn -> conv(4, 1) -> group_norm(2)", 0),
    ],
)
def test_only_what_no_weights_precede_is_copied(body: str, copies: int) -> None:
    space = stdsl.loads(f"stdsl 1\nmeta m on x: {IMAGE} = {body} -> {END}\nspace s = m\n")
    assert source(space.graph, space.sample(0)).count(".contiguous()") == copies
