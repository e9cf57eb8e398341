"""Weights of one length initialise iTGM layers of another: profiles of kernels stay."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import stdsl
from stdsl.compiler.ops.torch.layers import TemporalGaussian

SPACE = """stdsl 1
use std.video (conv2plus1d, itgm)
op unit(c) = choose {conv2plus1d, itgm}(c, (choose {1, 3, 5, 11} as length, 3, 3)) as kind -> bn
cell pair(c) on x {
  first = x -> unit(c)
  second = first -> relu -> unit(c)
  return second
}
meta net(frames = 12) on x: clip(1, frames, 6, 6) = x -> pair(4) -> global_avg_pool -> linear(2)
space s(frames = 12) = net(frames)
"""


def of_lengths(first: int, second: int, kind: str = "itgm") -> dict[str, Any]:
    lengths = {"first.length": str(first), "second.length": str(second)}
    return {"first.kind": "itgm", "second.kind": kind, **lengths}


def network(space: stdsl.Space, arch: dict[str, Any]) -> torch.nn.Module:
    model = stdsl.compile(space, arch, seed=0).double()
    for m in gaussians(model):
        for p in m.parameters():
            torch.nn.init.normal_(p)
    return model


def gaussians(model: torch.nn.Module) -> list[Any]:
    """Networks have classes of their own, with the text of those of the library."""
    found = [m for m in model.modules() if type(m).__name__ == TemporalGaussian.__name__]
    assert found
    return found


@pytest.mark.parametrize(("short", "long"), [(3, 11), (3, 5), (11, 3)])
def test_the_profile_of_each_gaussian_stays(short: int, long: int) -> None:
    """As a function of the share l / (L - 1) of the way along the kernel, up to its normalisation."""
    space = stdsl.loads(SPACE)
    a, b = of_lengths(short, short), of_lengths(long, long)
    before, after = network(space, a), network(space, b)
    after.load_state_dict(stdsl.stretched(before.state_dict(), space, a, b))
    for m, n in zip(gaussians(before), gaussians(after), strict=True):
        for one in (m, n):  # one Gaussian alone for each channel
            one.mixing.data.copy_(torch.where(torch.eye(4) > 0, 0.0, -torch.inf))
        places = torch.arange(min(short, long))
        step = (max(short, long) - 1) // (min(short, long) - 1)
        narrow, wide = (m, n) if short < long else (n, m)
        p, q = narrow.kernels().log(), wide.kernels().log()[:, places * step]
        torch.testing.assert_close(p - p[:, :1], q - q[:, :1])


def test_there_and_back_is_where_it_was() -> None:
    space = stdsl.loads(SPACE)
    a, b = of_lengths(3, 5), of_lengths(11, 11)
    weights = network(space, a).state_dict()
    back = stdsl.stretched(stdsl.stretched(weights, space, a, b), space, b, a)
    assert back.keys() == weights.keys()
    for name, value in weights.items():
        torch.testing.assert_close(back[name], value)


def test_without_it_one_bump_becomes_a_comb() -> None:
    """The parameters as they are printed: at a length of 11 four Gaussians of width 1/2 leave gaps between them."""
    m = TemporalGaussian(1, 3)
    m.log_variance.data.fill_(-1.4)
    m.mixing.data.zero_()
    n = TemporalGaussian(1, 11)
    n.load_state_dict(m.state_dict())

    def peaks(kernel: torch.Tensor) -> int:
        padded = torch.nn.functional.pad(kernel, (1, 1))
        return int(((padded[1:-1] > padded[:-2]) & (padded[1:-1] > padded[2:])).sum())

    assert peaks(m.kernels()[0].detach()) == 1
    assert peaks(n.kernels()[0].detach()) > 1
    n.log_variance.data += 2 * torch.log(torch.tensor(5.0))
    assert peaks(n.kernels()[0].detach()) == 1


def test_from_a_length_of_one_widths_stay() -> None:
    space = stdsl.loads(SPACE)
    a, b = of_lengths(1, 3), of_lengths(7 - 2, 1)
    before = network(space, a)
    found = stdsl.stretched(before.state_dict(), space, a, b)
    after = stdsl.compile(space, b).double()
    after.load_state_dict(found)
    for m, n in zip(gaussians(before), gaussians(after), strict=True):
        assert torch.equal(m.log_variance, n.log_variance)


def test_of_another_space_and_with_other_layers_between() -> None:
    """From clips of 12 frames to clips of 30; what is not of a temporal Gaussian goes through as it is."""
    space, longer = stdsl.loads(SPACE), stdsl.loads(SPACE, frames=30)
    a, b = of_lengths(3, 5, "conv2plus1d"), of_lengths(11, 5, "conv2plus1d")
    before = network(space, a)
    after = stdsl.compile(longer, b).double()
    after.load_state_dict(stdsl.stretched(before.state_dict(), space, a, b, longer))
    (m,), (n,) = gaussians(before), gaussians(after)
    assert (m.length, n.length) == (3, 11)
    scale = torch.tensor(5.0, dtype=torch.float64)
    torch.testing.assert_close(n.log_variance, m.log_variance + 2 * scale.log())
    with pytest.raises(stdsl.ArchitectureError):
        stdsl.stretched(before.state_dict(), space, {"kind": "itgm"}, b)
