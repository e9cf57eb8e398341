"""Rewrites a trained network into plain layers for export: exact, in evaluation mode, on a copy."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def prepared(model: nn.Module, inputs: Sequence[Tensor]) -> nn.Module:
    """A copy of ``model`` on the CPU, in evaluation mode and in float32, that gives the prediction alone: kernels
    that are computed from parameters are materialised, batch-norms folded into the convolutions before them, and
    1×k×k convolutions done frame by frame in 2D.

    ``inputs``: a batch for each input. What cannot be traced keeps its batch-norms, which exporters know too.
    """
    plain = copy.deepcopy(model).cpu().float().eval()
    batch = [x.cpu().float() for x in inputs]
    materialise(plain, batch)
    plain.eval().requires_grad_(False)
    several = isinstance(plain(*batch), dict)
    try:
        traced = fx.GraphModule(plain, _Tracer().trace(plain))
    except (fx.proxy.TraceError, TypeError):
        return _First(plain) if several else plain
    if several:
        _first_output(traced)
    traced.graph.eliminate_dead_code()
    fold_norms(traced)
    fold_frames(traced)
    return traced


def materialise(model: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Replace, in place, layers that compute their kernel (those with a method ``materialise``) by ordinary ones."""
    sizes: dict[str, tuple[int, ...]] = {}
    handles = []
    for name, module in model.named_modules():
        if hasattr(module, "materialise"):

            def note(_: nn.Module, arguments: tuple[Tensor, ...], name: str = name) -> None:
                sizes[name] = tuple(arguments[0].shape[2:])

            handles.append(module.register_forward_pre_hook(note))
    if not handles:
        return
    with torch.no_grad():
        model(*inputs)
    for handle in handles:
        handle.remove()
    for name, size in sizes.items():
        layer: Any = model.get_submodule(name)
        model.set_submodule(name, layer.materialise(size))


class _Tracer(fx.Tracer):
    """Looks into generated classes, which hold others, and into no layer."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return m.__module__.startswith("torch.nn") or next(m.children(), None) is None


class _First(nn.Module):
    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> Tensor:
        outputs: dict[str, Tensor] = self.model(*inputs)
        return next(iter(outputs.values()))


def _first_output(traced: fx.GraphModule) -> None:
    output = next(n for n in traced.graph.nodes if n.op == "output")
    output.args = (next(iter(output.args[0].values())),)


def fold_norms(traced: fx.GraphModule) -> None:
    """Fold each batch-norm into the convolution before it, where that feeds nothing else and is applied once."""
    modules = dict(traced.named_modules())
    applied = Counter(node.target for node in traced.graph.nodes if node.op == "call_module")
    for node in list(traced.graph.nodes):
        if node.op != "call_module" or not isinstance(modules[node.target], (nn.BatchNorm2d, nn.BatchNorm3d)):
            continue
        before = node.args[0]
        if before.op != "call_module" or len(before.users) > 1 or applied[before.target] > 1:
            continue
        conv, norm = modules[before.target], modules[node.target]
        if isinstance(conv, (nn.Conv2d, nn.Conv3d)) and norm.track_running_stats:
            # The next norm may follow this one, and is folded into what has become of the convolution.
            modules[before.target] = fused = fuse_conv_bn_eval(conv, norm)
            traced.set_submodule(before.target, fused)
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()


class FrameConv(nn.Module):
    """A 1×k×k convolution as a 2D one over all frames: (N, C, T, H, W) to (N, C', T, H', W')."""

    def __init__(self, conv: nn.Conv3d) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size[1:],  # type: ignore[arg-type]
            conv.stride[1:],  # type: ignore[arg-type]
            conv.padding[1:],  # type: ignore[arg-type]
            conv.dilation[1:],  # type: ignore[arg-type]
            conv.groups,
            conv.bias is not None,
        )
        self.conv.weight.data.copy_(conv.weight.data[:, :, 0])
        if conv.bias is not None and self.conv.bias is not None:
            self.conv.bias.data.copy_(conv.bias.data)

    def forward(self, x: Tensor) -> Tensor:
        frames = x.transpose(1, 2)
        y: Tensor = self.conv(frames.flatten(0, 1))
        return y.reshape(-1, frames.shape[1], *y.shape[1:]).transpose(1, 2)


def fold_frames(traced: fx.GraphModule) -> None:
    """Replace 1×k×k convolutions over clips, k > 1, by :class:`FrameConv`."""
    for name, module in list(traced.named_modules()):
        if (
            isinstance(module, nn.Conv3d)
            and module.kernel_size[0] == 1
            and max(module.kernel_size) > 1
            and module.stride[0] == 1
            and module.padding[0] == 0
        ):
            traced.set_submodule(name, FrameConv(module).eval().requires_grad_(False))
