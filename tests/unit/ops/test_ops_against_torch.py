"""Every primitive's shape and cost rule against its own lowering, run in torch, on random settings."""

from __future__ import annotations

from math import prod
from typing import Any

import pytest
import torch
from applications import cases, function_of, module_of
from torch import nn
from torch.nn import functional as F

from stdsl.compiler.ir.operation import Cost, TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.ops.torch.lowering import LOWERINGS, emit

torch.set_num_threads(1)


def measured(module: nn.Module | None, run: Any, inputs: list[torch.Tensor]) -> tuple[torch.Tensor, int, int]:
    """The output; multiply-adds and output elements of the convolutions and linear layers that ran, for one sample."""
    flops = elements = 0
    real_conv, real_linear, real_attention = (F.conv2d, F.conv3d), F.linear, F.scaled_dot_product_attention

    def count(weight: torch.Tensor, y: torch.Tensor) -> None:
        nonlocal flops, elements
        flops += prod(weight.shape[1:]) * y[0].numel()
        elements += y[0].numel()

    class Counting(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            nonlocal flops, elements
            y = func(*args, **(kwargs or {}))
            if func in (*real_conv, real_linear, torch.conv2d, torch.conv3d):
                count(args[1], y)
            if func is real_attention:
                pairs = args[0][0, :, :, 0].numel() * args[1].shape[2]
                flops += pairs * (args[0].shape[3] + args[2].shape[3])
                elements += pairs + y[0].numel()
            return y

    with torch.no_grad(), Counting():
        return run(module, *inputs), flops, elements


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
def test_rules_agree_with_torch(op: str) -> None:
    primitive = PRIMITIVES[op]
    for shapes, given in cases(op):
        attrs = primitive.normalise(shapes, given)
        hash(tuple(attrs.items()))
        output = primitive.shape(shapes, attrs)
        cost = primitive.cost(shapes, attrs, output)
        emission = emit(op, shapes, attrs, output)
        where = f"{op}{given} of {', '.join(map(str, shapes))}: {emission}"

        torch.manual_seed(0)
        module, run = module_of(emission), function_of(emission, len(shapes))
        inputs = [torch.randn(2, *shape.dims) for shape in shapes]
        before = [x.clone() for x in inputs]
        y, flops, elements = measured(module, run, inputs)

        assert tuple(y.shape) == (2, *output.dims), where
        assert all(torch.equal(x, b) for x, b in zip(inputs, before, strict=True)), f"{where} writes into its input"
        params = sum(p.numel() for p in module.parameters()) if module else 0
        layers_on_the_way = 2 if op == "attention" else int(flops > 0)
        assert cost == Cost(params, flops, layers_on_the_way, elements), where
        if primitive.zero:
            assert not y.any()


def test_every_primitive_has_a_lowering_and_the_other_way_round() -> None:
    assert set(LOWERINGS) == set(PRIMITIVES)


def test_arguments_left_out_take_their_defaults() -> None:
    x = TensorShape("clip", (8, 4, 6, 6))
    for primitive in PRIMITIVES.values():
        if primitive.inputs == 1 and all(repr(p.default) != "REQUIRED" for p in primitive.parameters):
            shape = TensorShape("features", (8,)) if primitive.name == "layer_norm" else x
            attrs = primitive.normalise((shape,), {})
            assert set(attrs) == {p.name for p in primitive.parameters}
            for parameter in primitive.parameters:
                value, default = attrs[parameter.name], parameter.default
                if parameter.kind == "axes":
                    assert value == (default,) * 3
                else:
                    assert value == (shape.channels if repr(default) == "same" else default)
