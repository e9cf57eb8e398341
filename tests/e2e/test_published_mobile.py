"""`once_for_all`, `fbnet`, `proxyless`, `nats_size` and `micro` against what is known of them: how many architectures
there are, and the parameters of networks that were published."""

from __future__ import annotations

import pytest

import stdsl

# The networks that the authors of ProxylessNAS published, a block for each place, with their parameters.
PROXYLESS = {
    "mobile": (
        "k5e3 k3e3 none none  k7e3 k3e3 k5e3 k5e3  k7e6 k5e3 k5e3 k5e3  k5e6 k5e3 k5e3 k5e3  k7e6 k7e6 k7e3 k7e3  k7e6",
        4_080_512,
    ),
    "gpu": (
        "k5e3 none none none  k7e3 none none k3e3  k7e6 none none k5e3  k5e6 none k3e3 k5e3  k7e6 k7e6 k7e6 k5e6  k7e6",
        7_119_848,
    ),
}
FBNET_A = (
    "skip  k3e3 k3e1 skip skip  k5e6 k3e3 k5e1 k3e3  k5e6 k5e3 k5e1g2 k5e6  k3e6 k5e1g2 k5e1 k3e1g2  "
    "k5e6 k5e6 k5e3 k5e6  k5e6"
)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("once_for_all::once_for_all", (9**2 + 9**3 + 9**4) ** 5),
        ("fbnet::fbnet", 9**22),
        ("proxyless::mobile", 6**6 * 7**15),
        ("proxyless::gpu", 6**6 * 7**15),
        ("nats_size::nats_size", 8**5),
        ("micro::mcu", (36 * (36 + 36**2 + 36**3)) ** 5),
    ],
)
def test_there_are_as_many_architectures(name: str, count: int) -> None:
    assert stdsl.load(name).count() == count


@pytest.mark.parametrize("name", PROXYLESS)
def test_the_networks_of_proxylessnas(name: str) -> None:
    space = stdsl.load(f"proxyless::{name}")
    blocks, params = PROXYLESS[name]
    paths = [decision.path for decision in space.decisions]
    assert space.costs(dict(zip(paths, blocks.split(), strict=True))).params == params


def test_fbnet_a() -> None:
    """4.3 M parameters in the paper."""
    space = stdsl.load("fbnet", "fbnet", last=1504)
    paths = [decision.path for decision in space.decisions]
    params = space.costs(dict(zip(paths, FBNET_A.split(), strict=True))).params
    assert params is not None
    assert round(params / 1e6, 1) == 4.3


def test_excitations_are_as_wide_as_in_mobilenet() -> None:
    """A fourth to a multiple of 8, and never more than a tenth less: 72 channels have 24, and not 16."""
    space = stdsl.load("once_for_all", "once_for_all")
    arch = {d.path: "2" if d.label == "depth" else "3" for d in space.decisions}
    active = {path: value for path, value in arch.items() if "b[3]" not in path and "b[4]" not in path}
    text = stdsl.source(space, space.architecture(active))
    for wide, narrow in ((72, 24), (120, 32), (240, 64), (336, 88)):
        assert f"({wide}, {narrow}, " in text, (wide, narrow)


def test_nats_size_is_nasbench201_at_its_widths() -> None:
    """With one cell a stage, and the cell that NATS-Bench takes."""
    widths = {f"c[{place}].width": str(width) for place, width in enumerate((16, 32, 32, 64, 64), 1)}
    edges = ("y[1][1]", "y[2][1]", "y[2][2]", "y[3][1]", "y[3][2]", "y[3][3]")
    operations = ["conv3x3", "conv3x3", "conv3x3", "skip", "conv3x3", "conv3x3"]
    cell = {f"node4.{edge}.kind": name for edge, name in zip(edges, operations, strict=True)}
    own, bench = stdsl.load("nats_size").costs(widths), stdsl.load("nasbench201", n=1).costs(cell)
    assert (own.params, own.flops, own.depth) == (bench.params, bench.flops, bench.depth)
