"""Running the network of one architecture with plain functions of torch, in evaluation mode.

Weights have no names here: a parameter's values follow from its shape, so that any module whose parameters were given
by `fill` computes the same. Running means are 0.1, running variances 0.8.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .costs import nodes_of
from .spaces import Outcome
from .tensors import Concretely, Node

MEAN, VARIANCE = 0.1, 0.8


def values(shape: tuple[int, ...]) -> Tensor:
    """Values of a parameter. Vectors lie around 0.6, matrices and windows around 0, in size by what enters."""
    n = math.prod(shape)
    wave = torch.sin(0.7 * torch.arange(1, n + 1, dtype=torch.float64) + 0.1 * n)
    lines = shape[0] if shape else 1
    if n in (lines, max(shape, default=1)):
        return (0.6 + 0.3 * wave).reshape(shape)
    return (wave * math.sqrt(2 * lines / n)).reshape(shape)


def fill(module: nn.Module) -> nn.Module:
    """Gives a module the weights that `forward` uses, and sets it to evaluation."""
    with torch.no_grad():
        for _, parameter in module.named_parameters():
            parameter.copy_(values(tuple(parameter.shape)))
        for name, buffer in module.named_buffers():
            if name.endswith("running_mean"):
                buffer.fill_(MEAN)
            elif name.endswith("running_var"):
                buffer.fill_(VARIANCE)
    return module.eval()


def forward(one: Outcome, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """All outputs, for inputs (N, sizes of a sample) by name, in float64."""
    found: dict[Node, Tensor] = {one.inputs[name]: tensor.double() for name, tensor in inputs.items()}
    for output in one.outputs.values():
        for node in nodes_of(output):
            if node not in found:
                batch = next(iter(inputs.values())).shape[0]
                found[node] = FORWARD[node.spec.name](Operation(node, [found[i] for i in node.used], batch))
    return {name: found[node] for name, node in one.outputs.items()}


class Operation:
    """A node with the tensors that enter it."""

    def __init__(self, node: Node, entering: list[Tensor], batch: int) -> None:
        self.node, self.entering, self.batch = node, entering, batch
        self.view = Concretely(node)

    @property
    def x(self) -> Tensor:
        return self.entering[0]

    def __getitem__(self, name: str) -> Any:
        return self.node.parameters[name]

    @property
    def channels(self) -> int:
        return int(self.node.shape["channels"])

    @property
    def axes(self) -> int:
        """The number of axes of positions."""
        return self.x.dim() - 2

    def per_axis(self, name: str) -> tuple[int, ...]:
        value = self.node.parameters.get(name, 1)
        return tuple(map(int, value)) if isinstance(value, tuple) else (int(value),) * self.axes

    def bias(self) -> Tensor | None:
        return values((self.channels,)) if self["bias"] else None

    def along_channels(self, vector: Tensor) -> Tensor:
        if self.node.shape["layout"] == "tokens":
            return vector
        return vector.reshape(1, -1, *(1 for _ in range(self.axes)))


# ---- windows


def padding(size: int, k: int, stride: int, dilation: int) -> tuple[int, int]:
    """Padding before and after, so that ceil(size / stride) windows fit."""
    if k % 2:
        return dilation * (k - 1) // 2, dilation * (k - 1) // 2
    total = max((-(-size // stride) - 1) * stride + dilation * (k - 1) + 1 - size, 0)
    return total // 2, total - total // 2


def padded(op: Operation, x: Tensor, value: float) -> Tensor:
    if op["pad"] is None:
        return x
    sides: list[int] = []
    axes = zip(x.shape[2:], op.per_axis("k"), op.per_axis("stride"), op.per_axis("dilation"), strict=True)
    for size, k, stride, dilation in reversed(list(axes)):
        sides += padding(size, k, stride, dilation)
    return F.pad(x, sides, value=value)


def convolve(op: Operation, weight: Tensor, groups: int) -> Tensor:
    function = F.conv2d if op.axes == 2 else F.conv3d
    x = padded(op, op.x, 0.0) if "pad" in op.node.parameters else op.x
    return function(x, weight, op.bias(), op.per_axis("stride"), (0,) * op.axes, op.per_axis("dilation"), groups)


def conv(op: Operation) -> Tensor:
    groups = int(op["groups"])
    return convolve(op, values((op.channels, op.x.shape[1] // groups, *op.per_axis("k"))), groups)


def depthwise(op: Operation) -> Tensor:
    return convolve(op, values((op.channels, 1, *op.per_axis("k"))), op.channels)


def pointwise(op: Operation) -> Tensor:
    return convolve(op, values((op.channels, op.x.shape[1], *(1,) * op.axes)), 1)


def max_pool(op: Operation) -> Tensor:
    function = F.max_pool2d if op.axes == 2 else F.max_pool3d
    return function(padded(op, op.x, -math.inf), op.per_axis("k"), op.per_axis("stride"))


def avg_pool(op: Operation) -> Tensor:
    """Sums of windows over the number of positions in them that are no padding."""
    function = F.avg_pool2d if op.axes == 2 else F.avg_pool3d
    k, stride = op.per_axis("k"), op.per_axis("stride")
    inside = torch.ones_like(op.x[:1, :1])
    return function(padded(op, op.x, 0.0), k, stride) / function(padded(op, inside, 0.0), k, stride)


def temporal_gaussian(op: Operation) -> Tensor:
    """Mixtures of M Gaussians over time (Piergiovanni et al. 2019, section 3.1), one for each channel.

    Centres are (L - 1) (tanh(c) + 1) / 2, variances exp(v); each Gaussian adds up to 1 over the length L, and every
    channel mixes them by a softmax over M.
    """
    m, length, stride = int(op["mixtures"]), int(op["length"]), int(op["stride"])
    centres = (length - 1) * (torch.tanh(values((m,))) + 1) / 2
    times = torch.arange(length, dtype=torch.float64)
    curves = torch.exp(-((times - centres[:, None]) ** 2) / (2 * torch.exp(values((m,)))[:, None]))
    curves = curves / curves.sum(1, keepdim=True)
    over_time = values((op.channels, m)).softmax(1) @ curves
    before, after = padding(op.x.shape[2], length, stride, 1) if op["pad"] is not None else (0, 0)
    x, kernels = F.pad(op.x, (0, 0, 0, 0, before, after)), over_time[:, None, :, None, None]
    return F.conv3d(x, kernels, op.bias(), (stride, 1, 1), groups=op.channels)


# ---- normalisation


def affine(op: Operation, x: Tensor) -> Tensor:
    return (
        x * op.along_channels(values((op.channels,))) + op.along_channels(values((op.channels,))) if op["affine"] else x
    )


def bn(op: Operation) -> Tensor:
    return affine(op, (op.x - MEAN) / math.sqrt(VARIANCE + op["eps"]))


def group_norm(op: Operation) -> Tensor:
    grouped = op.x.reshape(op.x.shape[0], int(op["groups"]), -1)
    mean, variance = grouped.mean(-1, keepdim=True), grouped.var(-1, keepdim=True, unbiased=False)
    return affine(op, ((grouped - mean) / torch.sqrt(variance + op["eps"])).reshape(op.x.shape))


def layer_norm(op: Operation) -> Tensor:
    mean, variance = op.x.mean(-1, keepdim=True), op.x.var(-1, keepdim=True, unbiased=False)
    return affine(op, (op.x - mean) / torch.sqrt(variance + op["eps"]))


# ---- the rest


def softmax(op: Operation) -> Tensor:
    return op.x.softmax(-1 if op.node.shape["layout"] == "tokens" else 1)


def positions_of(op: Operation) -> tuple[int, ...]:
    return (1,) if op.node.inputs[0].shape["layout"] == "tokens" else tuple(range(2, op.x.dim()))


def global_avg_pool(op: Operation) -> Tensor:
    return op.x.mean(positions_of(op), keepdim=op.node.inputs[0].shape["layout"] != "tokens")


def global_max_pool(op: Operation) -> Tensor:
    return op.x.amax(positions_of(op), keepdim=op.node.inputs[0].shape["layout"] != "tokens")


def zero(op: Operation) -> Tensor:
    sizes = [size for axis, size in op.node.shape.items() if axis != "layout"]
    return torch.zeros(op.batch, *sizes, dtype=torch.float64)


def linear(op: Operation) -> Tensor:
    x = op.x if op.node.inputs[0].shape["layout"] == "tokens" else op.x.flatten(1)
    return F.linear(x, values((op.channels, x.shape[-1])), op.bias())


def attention(op: Operation) -> Tensor:
    heads = int(op["heads"])
    queries, keys, given = (t.unflatten(-1, (heads, -1)).transpose(1, 2) for t in op.entering)
    scores = (queries @ keys.transpose(-1, -2)) / math.sqrt(queries.shape[-1])
    return (scores.softmax(-1) @ given).transpose(1, 2).flatten(2)


def scale(op: Operation) -> Tensor:
    return op.x * op.along_channels(values((op.channels,)))


def bias(op: Operation) -> Tensor:
    return op.x + op.along_channels(values((op.channels,)))


def subsample(op: Operation) -> Tensor:
    x = op.x
    offsets = op["offset"] if isinstance(op["offset"], tuple) else (op["offset"],) * op.axes
    for axis, (stride, offset) in enumerate(zip(op.per_axis("stride"), offsets, strict=True), 2):
        size = -(-x.shape[axis] // stride)
        offset = offset if stride > 1 else 0
        at = [offset + stride * i for i in range(size)]
        past = sum(i >= x.shape[axis] for i in at)
        taken = x.index_select(axis, torch.tensor([i for i in at if i < x.shape[axis]], dtype=torch.long))
        empty = torch.zeros(*taken.shape[:axis], past, *taken.shape[axis + 1 :], dtype=torch.float64)
        x = torch.cat([taken, empty], axis)
    return x


def upsample(op: Operation) -> Tensor:
    x = op.x
    for axis, factor in enumerate(op.per_axis("factor"), 2):
        x = x.repeat_interleave(factor, axis)
    return x


def channel_shuffle(op: Operation) -> Tensor:
    return op.x.unflatten(1, (int(op["groups"]), -1)).transpose(1, 2).flatten(1, 2)


def time_to_channel(op: Operation) -> Tensor:
    """The frames of one channel stand beside each other."""
    frames = int(op["frames"])
    return op.x.unflatten(2, (-1, frames)).movedim(3, 2).flatten(1, 2)


def total(op: Operation) -> Tensor:
    return sum(op.entering[1:], op.entering[0])


def unary(function: Any) -> Any:
    return lambda op: function(op.x)


FORWARD: dict[str, Any] = {
    "conv": conv,
    "depthwise": depthwise,
    "pointwise": pointwise,
    "temporal_gaussian": temporal_gaussian,
    "bn": bn,
    "group_norm": group_norm,
    "layer_norm": layer_norm,
    "relu": unary(lambda x: x.clamp(min=0)),
    "relu6": unary(lambda x: x.clamp(0, 6)),
    "leaky_relu": lambda op: torch.where(op.x < 0, op.x * op["slope"], op.x),
    "elu": unary(lambda x: torch.where(x < 0, torch.exp(x) - 1, x)),
    "sigmoid": unary(lambda x: 1 / (1 + torch.exp(-x))),
    "hsigmoid": unary(lambda x: (x + 3).clamp(0, 6) / 6),
    "tanh": unary(torch.tanh),
    "gelu": unary(lambda x: x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))),
    "silu": unary(lambda x: x / (1 + torch.exp(-x))),
    "hswish": unary(lambda x: x * (x + 3).clamp(0, 6) / 6),
    "softmax": softmax,
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "global_avg_pool": global_avg_pool,
    "global_max_pool": global_max_pool,
    "zero": zero,
    "absent": zero,
    "dropout": unary(lambda x: x),
    "linear": linear,
    "attention": attention,
    "add": total,
    "sum": total,
    "mean": lambda op: total(op) / len(op.entering),
    "mul": lambda op: op.entering[0] * op.entering[1],
    "concat": lambda op: torch.cat(op.entering, -1 if op.node.shape["layout"] == "tokens" else 1),
    "scale": scale,
    "bias": bias,
    "subsample": subsample,
    "upsample": upsample,
    "flatten": unary(lambda x: x.flatten(1)),
    "to_tokens": unary(lambda x: x.flatten(2).transpose(1, 2)),
    "from_tokens": lambda op: op.x.transpose(1, 2).reshape(
        len(op.x), op.x.shape[2], op["frames"], op["height"], op["width"]
    ),
    "channel_shuffle": channel_shuffle,
    "time_to_channel": time_to_channel,
}
