"""What a training step takes at least: its multiply-adds at the rate of large matrix products; and what the rest is."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

SIDE = 1024
KINDS = {
    "matrix products": ("aten::mm", "aten::bmm", "aten::addmm", "aten::addmm_", "aten::baddbmm", "aten::baddbmm_"),
    "convolutions": ("aten::mkldnn_convolution", "aten::convolution_backward", "aten::slow_conv3d_forward"),
}


def matmul_rate() -> float:
    """Multiply-adds per second of large matrix products on one thread, the best of several."""
    a, b = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    best = float("inf")
    for _ in range(8):
        start = time.process_time()
        torch.mm(a, b)
        best = min(best, time.process_time() - start)
    return SIDE**3 / best


def multiply_adds(net: nn.Module, x: Tensor) -> int:
    """Of a forward pass. (In backward passes the counter would take grouped convolutions for full ones.)"""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        net(x)
    flops: int = counter.get_total_flops()
    return flops // 2


def shares(step: Callable[[], object]) -> dict[str, float]:
    """Shares of a step: of matrix products, of convolutions and of all other operations of PyTorch. The rest is
    Python's, and what calls cost. (The profiler knows the time by the clock alone, so no seconds.)"""
    step()
    with profile(activities=[ProfilerActivity.CPU]) as found:
        step()
    parts = dict.fromkeys((*KINDS, "other operations", "Python and calls"), 0.0)
    events = found.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    for event in events:
        usual = "other operations" if event.key.startswith("aten::") else "Python and calls"
        parts[next((k for k, names in KINDS.items() if event.key in names), usual)] += event.self_cpu_time_total / total
    return parts


def bound_note(net: nn.Module, x: Tensor, step: Callable[[], object], taken: float, hand: float) -> str:
    """``net``: the hand-written network; ``step``: forward and backward of the compiled one, which takes ``taken``
    seconds; ``hand``: seconds of the hand-written one."""
    rate, count = matmul_rate(), multiply_adds(net, x)
    least = 3 * count / rate
    where = ", ".join(f"{share:.0%} {kind}" for kind, share in shares(step).items())
    return (
        f"Physical lower bound: a forward pass has {count / 1e9:.2f} G multiply-adds, forward and backward three times "
        f"as many; at the {rate / 1e9:.0f} G/s of large matrix products on this machine that takes {least:.3f} s, "
        f"{hand / least:.1f} × hand. The compiled supernet's {taken:.3f} s are {where}."
    )
