"""X3D and Auto-TSNet: what they cost against what is printed, and that the streams build and meet."""

from __future__ import annotations

import pytest
import torch

import stdsl


@pytest.mark.parametrize(
    ("name", "params", "flops"),
    [("s", 3_794_322, 2_721_933_356), ("m", 3_794_322, 6_180_613_376), ("l", 6_153_432, 24_764_017_280)],
)
def test_x3d_costs_what_is_printed(name: str, params: int, flops: int) -> None:
    """3.79, 3.79 and 6.15 M parameters; 2.7219, 6.1806 and 24.764 G multiply-adds at 182, 256 and 356 pixels."""
    space = stdsl.load("x3d", name)
    assert space.count() == 1
    costs = space.costs(space.sample(seed=0))
    assert (costs.params, costs.flops) == (params, flops)


@pytest.mark.parametrize(
    ("name", "size", "flops", "params"),
    [
        ("s", 182, (2.8e9, 3.4e9), (7.7e6, 8.6e6)),
        ("m", 256, (5.2e9, 6.1e9), (7.7e6, 8.6e6)),
        ("l", 356, (18.1e9, 19.9e9), (12.2e6, 13.2e6)),
    ],
)
def test_printed_rows_are_within_the_ranges(
    name: str, size: int, flops: tuple[float, ...], params: tuple[float, ...]
) -> None:
    """Table 4, the cost of one of 30 views at the size of the three crops; without attention and with it."""
    costs = stdsl.load("auto_tsnet", name, size=size).costs()
    for printed, of in ((flops, costs.flops), (params, costs.params)):
        assert of is not None
        assert of.exact
        assert all(of.min < figure < of.max for figure in printed)


def test_printed_ranges_of_searches_are_within_that_of_s() -> None:
    """Table 1 (1.37 to 1.43 G) and section 5 (2.4 to 2.5 G), at the size that is trained on."""
    flops = stdsl.load("auto_tsnet", "s").costs().flops
    assert flops is not None
    assert flops.min < 1.37e9
    assert flops.max > 2.5e9


@pytest.mark.parametrize("fusion", ["conv", "sampled", "channels", "skip"])
@pytest.mark.parametrize("attention", ["none", "excite", "non_local"])
def test_every_fusion_and_attention_builds(fusion: str, attention: str) -> None:
    """In all places at once (non-local where it is offered), at the least width that the text has."""
    space = stdsl.load("auto_tsnet", "small")
    drawn = dict(space.sample(seed=1))
    for path in drawn:
        if path.endswith((".fusion", ".attention")):
            options = space.graph.by_path[path].options
            drawn[path] = next(own for own in (fusion, attention, "excite") if own in options)
    arch = space.architecture(drawn)
    net = stdsl.compile(space, arch, seed=0).eval()
    assert sum(p.numel() for p in net.parameters()) == space.costs(arch).params
    assert net(torch.randn(2, 1, 8, 24, 24)).shape == (2, 13)


def test_a_position_looks_at_all_frames() -> None:
    """Of a non-local block every frame that leaves depends on every frame that enters."""
    text = """stdsl 1
    use auto_tsnet (non_local)
    meta net on x: clip(4, 3, 4, 4) = x -> non_local(8)
    space s = net
    """
    space = stdsl.loads(text)
    net = stdsl.compile(space, space.sample(seed=0), seed=0)
    x = torch.randn(2, 4, 3, 4, 4, requires_grad=True)
    (gradient,) = torch.autograd.grad(net(x)[:, :, 0].square().sum(), x)
    assert all(gradient[:, :, t].abs().max() > 0 for t in range(3))
