"""What holds for the network of one architecture: shapes, parameters and FLOPs are those predicted without torch."""

from __future__ import annotations

import torch
from pairs import Pair
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import stdsl
from stdsl.compiler.analysis.architecture import answers_of
from stdsl.compiler.analysis.costs.additive import settled
from stdsl.compiler.analysis.costs.formulas import formulas


def check_discrete(pair: Pair) -> None:
    """The network against what is said of it without torch."""
    space, arch, network = pair.space, pair.arch, pair.network
    assert space.architecture(dict(arch)) == arch
    costs = space.costs(arch)
    told = formulas(space.graph)
    assert told is None or told.of(settled(space.graph, answers_of(space.graph, arch))) == costs, "costs by formulas"
    module = stdsl.compile(space, arch, seed=pair.seed)
    # Samples of a training need no gradient; of some pairs they have one all the same, as what a network reads may.
    inputs = [x.requires_grad_(pair.seed % 4 < 2) for x in pair.batch(2)]

    outputs = module(*inputs)
    named = outputs if isinstance(outputs, dict) else {network.outputs[0][0]: outputs}
    assert set(named) == {name for name, _ in network.outputs}
    for name, id in network.outputs:
        assert tuple(named[name].shape) == (2, *network.layers[id].shape.dims), f"the shape of {name}"
        assert torch.isfinite(named[name]).all(), f"{name} is not finite"
    trained = [p for p in module.parameters() if p.requires_grad]
    total = sum(tensor.sum() for tensor in named.values())
    if total.requires_grad:
        total.backward()
        assert all(p.grad is None or torch.isfinite(p.grad).all() for p in trained)
    params = sum(p.numel() for p in module.parameters())
    if len(network.outputs) == 1:
        assert all(p.grad is not None for p in trained), "a parameter has no gradient"
        assert params == costs.params, f"{params} parameters, {costs.params} predicted"
    else:
        assert params >= costs.params
    check_flops(pair, costs.flops)


def check_flops(pair: Pair, flops: int) -> None:
    """The counter of torch takes a multiply-add for two operations, and also sees the product that makes a kernel from
    Gaussians, which no sample takes part in; it sees into attention only where that is done by products. What only
    other outputs need is no cost of the prediction, but runs here."""
    network, module = pair.network, pair.module
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        prediction = module(*pair.batch(1))
    assert tuple(prediction.shape) == (1, *network.layers[network.outputs[0][1]].shape.dims)
    aside = sum(layer.cost.flops for layer in network.layers) - flops
    assert aside == 0 or len(network.outputs) > 1
    kernels = sum(m.mixing.numel() * m.length for m in module.modules() if hasattr(m, "mixing"))
    counted = counter.get_total_flops()
    assert counted == 2 * (flops + aside + kernels), f"{counted / 2 - kernels} multiply-adds, {flops + aside} predicted"
