"""What the check accepts, builds and runs: every architecture has the shape, the parameters and the FLOPs predicted."""

from __future__ import annotations

import random
from collections import Counter

import pytest
import torch
from space_texts import CONSTRUCTS, SHAPES, SpaceText, space_text
from torch.utils.flop_counter import FlopCounterMode

import stdsl
from stdsl.compiler.analysis.specialise import specialise

PAIRS = 1_000
EACH = 20
"""Every construct of the language is in at least so many of the pairs."""


def samples(space: stdsl.Space, batch: int, generator: torch.Generator) -> list[torch.Tensor]:
    found = []
    for id in space.graph.inputs:
        dims = SHAPES[space.graph.nodes[id].type.layout]
        found.append(torch.randn(batch, *dims, generator=generator, requires_grad=True))
    return found


def check_pair(written: SpaceText, seed: int) -> None:
    """A space from text and one of its architectures on torch, against what is predicted without it."""
    space = stdsl.loads(written.text)
    arch = space.sample(seed)
    assert space.architecture(dict(arch)) == arch
    costs = space.costs(arch)
    network = specialise(space.graph, arch)
    module = stdsl.compile(space, arch, seed=seed)
    generator = torch.Generator().manual_seed(seed)
    inputs = samples(space, 2, generator)

    outputs = module(*inputs)
    named = outputs if isinstance(outputs, dict) else {network.outputs[0][0]: outputs}
    assert set(named) == {name for name, _ in network.outputs}
    for name, id in network.outputs:
        assert tuple(named[name].shape) == (2, *network.layers[id].shape.dims)
        assert torch.isfinite(named[name]).all()
    trained = [p for p in module.parameters() if p.requires_grad]
    total = sum(tensor.sum() for tensor in named.values())
    if total.requires_grad:
        total.backward()
        assert all(p.grad is None or torch.isfinite(p.grad).all() for p in trained)
    if len(network.outputs) == 1:
        assert all(p.grad is not None for p in trained)
        assert sum(p.numel() for p in module.parameters()) == costs.params
    else:
        assert sum(p.numel() for p in module.parameters()) >= costs.params

    module.eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        prediction = module(*samples(space, 1, generator))
    assert tuple(prediction.shape) == (1, *network.layers[network.outputs[0][1]].shape.dims)
    # The counter takes a multiply-add for two operations, and also sees the product that makes a kernel from Gaussians,
    # which no sample takes part in. What only other outputs need is no cost of the prediction, but runs here.
    aside = sum(layer.cost.flops for layer in network.layers) - costs.flops
    assert aside == 0 or len(network.outputs) > 1
    kernels = sum(m.mixing.numel() * m.length for m in module.modules() if hasattr(m, "mixing"))
    assert counter.get_total_flops() == 2 * (costs.flops + aside + kernels)


def soak(pairs: int, first: int = 0) -> Counter[str]:
    shown: Counter[str] = Counter()
    for seed in range(first, first + pairs):
        written = space_text(random.Random(seed))
        try:
            check_pair(written, seed)
        except Exception as error:
            raise AssertionError(f"pair {seed}: {error!r}\n{written.text}") from error
        shown.update(written.constructs)
    return shown


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_some_pairs() -> None:
    soak(40, first=10_000)


def test_count_equals_enumeration_on_generated_texts() -> None:
    compared = 0
    for seed in range(20_000, 20_080):
        space = stdsl.loads(space_text(random.Random(seed)).text)
        count = space.count()
        if not isinstance(count, int) or count > 300:
            continue
        found = list(space.architectures())
        exact = [a for a in found if all(space.costs(a).within(c) for c in cost_limits(space))]
        assert len(set(found)) == len(found)
        assert len(exact) == count
        assert set(found) == set(listed(space.graph))
        assert [space.rank(a) for a in found] == list(range(len(found)))
        compared += 1
    assert compared >= 20


def cost_limits(space: stdsl.Space):
    from stdsl.compiler.analysis.costs import cost_constraints

    return cost_constraints(space.graph)


def listed(graph):
    from stdsl.compiler.analysis.enumerate import architectures

    return list(architectures(graph))


@pytest.mark.slow
def test_a_thousand_pairs_cover_the_language(capsys: pytest.CaptureFixture[str]) -> None:
    shown = soak(PAIRS)
    with capsys.disabled():
        print(f"\n{PAIRS} pairs; constructs by how many pairs show them:")
        for construct, n in sorted(shown.items(), key=lambda item: item[1]):
            print(f"{n:6d}  {construct}")
    rare = {construct: shown[construct] for construct in CONSTRUCTS if shown[construct] < EACH}
    assert not rare, f"constructs in too few pairs: {rare}"
    assert set(shown) <= CONSTRUCTS
