"""What holds for the network of every space that computes one path: on each architecture it is the discrete network
with its weights, in value, gradient and statistics, and no other weight has a gradient."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import torch
from supernet_laws import Result, prepared, result, same, samples
from torch import Tensor

import stdsl
from stdsl.compiler.backends.lowering.paths import Sharing
from stdsl.compiler.backends.networks.module import build_module
from stdsl.compiler.backends.networks.paths.base import PathNetwork
from stdsl.compiler.backends.networks.paths.build import build_path_network
from stdsl.compiler.backends.networks.paths.cutting import weights_of
from stdsl.compiler.ir.graph import SpaceGraph

SHARINGS: tuple[Sharing, ...] = ("separate", "slice")


def check_paths(text: str, seed: int, architectures: int = 3) -> None:
    """Every law for the space of a text. Raises AssertionError, saying for which sharing."""
    check_space(stdsl.loads(text), seed, architectures)


def check_space(space: stdsl.Space, seed: int, architectures: int = 3) -> None:
    rng = random.Random(seed)
    archs = list(dict.fromkeys(islice((space.sample(rng.getrandbits(32)) for _ in range(20)), architectures)))
    for sharing in SHARINGS:
        try:
            net = prepared(build_path_network(space.graph, sharing, seed), seed)
            for arch in archs:
                check_architecture(space.graph, net, arch, seed)
        except Exception as error:
            raise AssertionError(f"{sharing}: {type(error).__name__}: {error}") from error


def check_architecture(graph: SpaceGraph, net: PathNetwork, arch: Mapping[str, Any], seed: int) -> None:
    module = prepared(build_module(graph, arch, seed=seed), seed)
    own = module.state_dict()

    def cut(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return weights_of(graph, net._places, arch, tensors, own)

    inherited = cut(net.state_dict())
    assert set(inherited) == set(own), "a weight of the network is missing"
    module.load_state_dict(inherited)
    net.hold_architecture(arch)
    inputs = samples(graph, seed)
    expected, found = result(module, inputs), result(net, inputs)
    parameters = {name: torch.zeros_like(p) for name, p in net.named_parameters()}
    whole = parameters | {name: g for name, g in found.gradients.items() if name in parameters}
    gradients = {name: g for name, g in cut(whole).items() if g.any()}
    others = {name: g for name, g in found.gradients.items() if name not in parameters}
    statistics = cut(found.statistics)
    same(
        Result(found.outputs, gradients | others, statistics, found.evaluated, found.steepest, found.overflowed),
        expected,
        f"the network of {dict(arch)}",
    )
    reached = sum(int((g != 0).sum()) for g in whole.values())
    assert reached == sum(int((g != 0).sum()) for g in gradients.values()), "weights of another path have a gradient"


def trained(net: Any, inputs: Sequence[Tensor]) -> Tensor:
    """What a network gives in training."""
    given = net.train()(*inputs)
    found: Tensor = next(iter(given.values())) if isinstance(given, dict) else given
    return found
