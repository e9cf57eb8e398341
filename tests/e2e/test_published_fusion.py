"""The probability space of fusion at its printed size: what it costs, that it builds, what a step keeps."""

from __future__ import annotations

import weakref
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

import stdsl
from stdsl.compiler.families.variational import VariationalConfig
from stdsl.runtime.prepare.plan import plan
from stdsl.runtime.prepare.preparation import load_job
from stdsl.runtime.strategies.runner import runner
from stdsl.runtime.strategies.variational.build import template
from stdsl.runtime.strategies.variational.divergence import kernels_of

BACKBONES = ("densenet121", "resnet50", "mobilenet", "resnext50", "resnext101")
MODES = ("opt_something", "s_st", "s", "st")
PAGE = Path(__file__).parents[2] / "docs" / "systems" / "fusion3d.md"


def cells(*values: int) -> str:
    return " | ".join(f"{value:,}" for value in values)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_table_of_backbones_is_that_of_the_page(backbone: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    for wiring in ("chained", "parallel"):
        params, flops = [], []
        for mode in MODES:
            space = stdsl.load("fusion_backbones", backbone, mode=mode, wiring=wiring)
            assert space.count() == 1
            own = space.costs(space.sample(seed=0))
            assert own.params is not None
            assert own.flops is not None
            params.append(own.params)
            flops.append(own.flops)
        assert f"| `{backbone}`, {wiring} | {cells(*params)} |" in text
        assert f"| `{backbone}`, {wiring} | {cells(*flops)} |" in text


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("mode", MODES)
def test_backbones_build(backbone: str, mode: str) -> None:
    width = {"densenet121": {"growth": 4}, "mobilenet": {}}.get(backbone, {"c": 16})
    space = stdsl.load(
        "fusion_backbones", backbone, mode=mode, wiring="parallel", frames=4, size=32, classes=5, channels=1, **width
    )
    arch = space.sample(seed=0)
    net = stdsl.compile(space, arch).eval()
    assert sum(p.numel() for p in net.parameters()) == space.costs(arch).params
    assert net(torch.randn(1, 1, 4, 32, 32)).shape == (1, 5)


def flat_convolutions(mode: str, wiring: str) -> int:
    """How many 2D convolutions MobileNetV2 has, those of a window in space and none in time."""
    graph = stdsl.load("fusion_backbones", "mobilenet", mode=mode, wiring=wiring).graph
    needed = {id for _, id in graph.outputs}
    for node in reversed(graph.nodes):
        if node.id in needed:
            needed.update(edge.source for edge in node.edges)
    windows = [graph.nodes[id].attributes["k"] for id in needed if graph.nodes[id].op == "conv"]
    return sum(k[0] == 1 and k[1] > 1 for k in windows)


def test_mobilenets_fused_strategy_has_seven_more_2d_convolutions_than_the_found_one() -> None:
    assert flat_convolutions("s_st", "parallel") - flat_convolutions("opt_something", "parallel") == 7
    assert flat_convolutions("s_st", "chained") == flat_convolutions("opt_something", "chained")


def test_a_step_takes_what_the_plan_says(tmp_path: Path) -> None:
    """At the printed size, by what is alive at a time on a device without memory."""
    path = tmp_path / "printed.space"
    path.write_text(
        """stdsl 1
use fusion3d (fusion3d)
search printed {
  space    = fusion3d(channels = 1, classes = 13)
  strategy = variational { batch = 2  steps = 2 }
  data     = motion_digits(frames = 16, size = 112, train = 8, valid = 8, test = 8)
}
"""
    )
    job = load_job(str(path), None)
    assert job.config.strategy is not None
    (work,) = runner(job.config.strategy).works(job)
    net: Any = work.make().to("meta").train()
    assert len(net.decisions()) == 3 * 58
    with _Alive() as alive:
        net(torch.empty(2, 1, 16, 112, 112, device="meta")).square().sum().backward()
    weights = sum(p.numel() * p.element_size() for p in net.parameters())
    (stage,) = [stage for stage in plan(job, "cpu").stages if stage.name == "search"]
    assert stage.bytes == pytest.approx(alive.most + 2 * weights, rel=0.25)  # the weights, and a state of the optimiser


class _Alive(TorchDispatchMode):
    """``most``: the greatest number of bytes of tensors made inside that were alive at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.most = 0
        self._sizes: dict[int, int] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(made):
            if isinstance(leaf, torch.Tensor):
                storage = leaf.untyped_storage()
                if storage._cdata not in self._sizes:
                    self._sizes[storage._cdata] = storage.nbytes()
                    self.now += storage.nbytes()
                    weakref.finalize(storage, self._gone, storage._cdata)
        self.most = max(self.most, self.now)
        return made

    def _gone(self, place: int) -> None:
        self.now -= self._sizes.pop(place, 0)


def test_every_gate_of_the_open_template_is_there_and_takes_a_step() -> None:
    """At a sixteenth of the width."""
    graph = stdsl.load("fusion3d", "connectivity", growth=2, frames=2, size=32, classes=5, channels=1).graph
    net: Any = template(graph, VariationalConfig(), seed=0)
    assert len(net.decisions()) == 954
    kernels = kernels_of(net, graph)
    assert all(
        len(own) == 1 for own in kernels.values()
    )  # each gate has the convolution that makes what it lets through
    net.sampled = True
    net.temperature = 0.1
    net(torch.randn(2, 1, 2, 32, 32)).square().sum().backward()
    assert all(p.grad is not None for p in net.decisions())


def test_the_layers_gates_have_a_convolution_each() -> None:
    space = stdsl.load("fusion3d", "small")
    net: Any = template(space.graph, VariationalConfig(), seed=0)
    names = {id(p): name for name, p in net.named_parameters()}
    kernels = {path: [names[id(p)] for p in own[0]] for path, own in kernels_of(net, space.graph).items()}
    ends = {path.rpartition(".")[2]: {name.split(".")[-2] for name in own} for path, own in kernels.items()}
    assert ends == {"D1": {"pointwise"}, "S": {"conv"}, "ST": {"conv"}}
    assert kernels["b1.y[1].S"] != kernels["b1.y[1].ST"]
    assert all(len(own) == 1 for own in kernels.values())
