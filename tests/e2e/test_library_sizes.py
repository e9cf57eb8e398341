"""Spaces of the library take the size, the channels and the classes of the user's data."""

from __future__ import annotations

import pytest

import stdsl

SPACES: dict[str, dict[str, int]] = {
    "darts::darts_cifar": {"c": 4, "layers": 3},
    "darts::darts_small": {},
    "nasbench201::nasbench201": {"c": 4, "n": 1},
    "nats_size::nats_size": {},
    "once_for_all::once_for_all": {},
    "fbnet::fbnet": {"last": 64},
    "proxyless::mobile": {},
    "proxyless::gpu": {},
    "micro::mcu": {},
    "pc_darts::pc_darts_cifar": {"c": 4, "k": 1},
    "pc_darts::pc_darts_imagenet": {"c": 4, "k": 1},
    "sdas::cifar": {"k": 1, "c1": 4, "c2": 8},
    "sdas::imagenet": {"k": 1, "c1": 4, "c2": 8},
    "evanet::resnet": {"width": 8, "frames": 8},
    "evanet::inception_net": {"width": 8, "frames": 8},
    "evanet::resnet_without_itgm": {"width": 8, "frames": 8},
    "auto_tsnet::s": {"frames": 8},
    "x3d::s": {"frames": 8},
    "evanet_baselines::i3d": {"frames": 8},
    "evanet_baselines::inception_itgm": {"frames": 8},
    "evanet_baselines::resnet50_2plus1d": {"width": 8, "frames": 8},
}


@pytest.mark.parametrize("name", SPACES)
def test_a_space_takes_size_channels_and_classes(name: str) -> None:
    space = stdsl.load(name, size=40, channels=1, classes=7, **SPACES[name])
    header = stdsl.source(space, space.sample(seed=0)).split("import torch")[0]
    frames = "8, " if "frames" in SPACES[name] else ""
    assert f": (N, 1, {frames}40, 40)\n" in header
    assert ": (N, 7)\n" in header
