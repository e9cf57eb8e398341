"""Published parameter counts of the DARTS space, twice: by arithmetic on the papers' description, and by the rules of
the primitives, composed as `std.image` composes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stdsl.compiler.ir.operation import Cost, TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES

GENOTYPES: dict[str, Any] = json.loads((Path(__file__).parents[2] / "data" / "genotypes.json").read_text())
PUBLISHED = [name for name, cells in GENOTYPES.items() if "params" in cells]


# ---- arithmetic ------------------------------------------------------------------------------------------------------


def operation_params(op: str, c: int, stride: int) -> int:
    if op == "skip":
        # Two pointwise convolutions to half the channels each, and batch-norm.
        return 0 if stride == 1 else c * c + 2 * c
    if op.endswith("pool"):
        return 0
    once = int(op[-1]) ** 2 * c + c * c + 2 * c
    return 2 * once if op.startswith("sep") else once


def network_params(cells: dict[str, Any], c: int, layers: int, classes: int) -> int:
    total = 27 * 3 * c + 2 * 3 * c
    older = newer = 3 * c
    width = c
    for layer in range(layers):
        reduction = layer in (layers // 3, 2 * layers // 3)
        width *= 2 if reduction else 1
        # Both kinds of preprocessing hold one pointwise convolution's worth of weights and a batch-norm.
        total += older * width + 2 * width + newer * width + 2 * width
        for node in cells["reduction" if reduction else "normal"]:
            for predecessor, op in node:
                total += operation_params(op, width, 2 if reduction and predecessor <= 2 else 1)
        older, newer = newer, 4 * width
    return total + newer * classes + classes


# ---- the primitives --------------------------------------------------------------------------------------------------


class Tracer:
    """Applies primitives to shapes and adds up their costs."""

    def __init__(self) -> None:
        self.params = self.flops = 0

    def __call__(self, x: TensorShape, *steps: tuple[str, dict[str, Any]]) -> TensorShape:
        for name, given in steps:
            primitive = PRIMITIVES[name]
            attrs = primitive.normalise((x,), given)
            output = primitive.shape((x,), attrs)
            cost: Cost = primitive.cost((x,), attrs, output)
            self.params, self.flops, x = self.params + cost.params, self.flops + cost.flops, output
        return x

    def relu_conv_bn(self, x: TensorShape, c: int) -> TensorShape:
        return self(x, ("relu", {}), ("conv", {"c": c, "k": 1}), ("bn", {}))

    def factorised(self, x: TensorShape, c: int) -> TensorShape:
        even = self(x, ("relu", {}), ("pointwise", {"c": c - c // 2, "stride": 2}))
        odd = self(x, ("subsample", {"stride": 2, "offset": 1}), ("pointwise", {"c": c // 2}))
        assert even.axes == odd.axes
        return self(even.with_channels(c), ("bn", {}))

    def operation(self, op: str, x: TensorShape, stride: int) -> TensorShape:
        if op == "skip":
            return x if stride == 1 else self.factorised(x, x.channels)
        if op.endswith("pool"):
            return self(x, (op, {"k": 3, "stride": stride}))
        k, dilation = int(op[-1]), 1 if op.startswith("sep") else 2
        for step in (stride, 1) if op.startswith("sep") else (stride,):
            window = {"k": k, "stride": step, "dilation": dilation}
            x = self(x, ("relu", {}), ("depthwise", window), ("pointwise", {}), ("bn", {}))
        return x


def traced(cells: dict[str, Any], c: int, layers: int, classes: int) -> Tracer:
    trace = Tracer()
    stem = trace(TensorShape("image", (3, 32, 32)), ("conv", {"c": 3 * c, "k": 3}), ("bn", {}))
    older = newer = stem
    for layer in range(layers):
        reduction = layer in (layers // 3, 2 * layers // 3)
        c *= 2 if reduction else 1
        fit = trace.factorised if older.axes > newer.axes else trace.relu_conv_bn
        nodes = [fit(older, c), trace.relu_conv_bn(newer, c)]
        for pairs in cells["reduction" if reduction else "normal"]:
            a, b = (trace.operation(op, nodes[p - 1], 2 if reduction and p <= 2 else 1) for p, op in pairs)
            assert a == b
            nodes.append(a)
        older, newer = newer, nodes[-1].with_channels(4 * c)
    assert newer.axes == (8, 8)
    trace(newer, ("global_avg_pool", {}), ("linear", {"c": classes}))
    return trace


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_parameter_counts(name: str) -> None:
    cells = GENOTYPES[name]
    setting = {key: cells["params"][key] for key in ("c", "layers", "classes")}
    params = network_params(cells, **setting)
    assert traced(cells, **setting).params == params
    if "exact" in cells["params"]:
        assert params == cells["params"]["exact"]
    else:
        assert round(params / 1e6, 2) == cells["params"]["millions"]


def test_multiply_adds_of_darts_v2() -> None:
    """528 M is the figure that is commonly given for DARTS_V2 at C = 36 and 20 layers."""
    assert round(traced(GENOTYPES["darts_v2"], 36, 20, 10).flops / 1e6) == 528
