"""What training relies on: gradients reach inputs and weights, runs repeat bit by bit, memory formats do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from applications import function_of, module_of, required
from torch import nn

from stdsl.compiler.ir.operation import TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.ops.torch.lowering import emit

torch.set_num_threads(1)

IMAGE, CLIP = TensorShape("image", (4, 6, 6)), TensorShape("clip", (4, 6, 6, 6))
POOLED, TOKENS = TensorShape("clip", (4, 1, 1, 1)), TensorShape("tokens", (3, 4))
GIVEN: dict[str, dict[str, Any]] = {
    "conv": {"k": 4, "stride": 2, "bias": True},
    "depthwise": {"dilation": 2},
    "temporal_gaussian": {"bias": True},
    "max_pool": {"k": 2},
    "avg_pool": {"k": 2},
}
"""What is given beside, or in the place of, what must be."""
SHAPES = {
    "attention": [TOKENS],
    "linear": [POOLED],
    "layer_norm": [TOKENS],
    "temporal_gaussian": [CLIP],
    "time_to_channel": [CLIP],
    "from_tokens": [TensorShape("tokens", (8, 4))],
}


def step(op: str, shape: TensorShape, memory: torch.memory_format) -> list[torch.Tensor]:
    """The output, and the gradients of the inputs and weights, of one seeded forward and backward pass."""
    primitive = PRIMITIVES[op]
    shapes = (shape,) * 3 if primitive.inputs == 3 else (shape, shape.with_channels(1))[: primitive.inputs]
    attrs = primitive.normalise(shapes, required(op) | GIVEN.get(op, {}))
    emission = emit(op, shapes, attrs, primitive.shape(shapes, attrs))
    torch.manual_seed(0)
    module = module_of(emission)
    for p in module.parameters() if module else ():
        nn.init.normal_(p)
    values = [torch.randn(2, *s.dims).contiguous(memory_format=memory).requires_grad_() for s in shapes]
    torch.manual_seed(1)
    y = function_of(emission, len(shapes))(module, *values)
    found = [*values, *(module.parameters() if module else ())]
    gradients = torch.autograd.grad(y.square().sum(), found) if y.requires_grad else ()
    return [y.detach(), *gradients]


def cases() -> Iterator[Any]:
    for op in sorted(PRIMITIVES):
        for shape in SHAPES.get(op, [IMAGE, CLIP]):
            yield pytest.param(op, shape, id=f"{op}-{shape.layout}")


@pytest.fixture
def deterministic() -> Iterator[None]:
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


@pytest.mark.usefixtures("deterministic")
@pytest.mark.parametrize(("op", "shape"), list(cases()))
def test_a_step_repeats_and_reaches_everything(op: str, shape: TensorShape) -> None:
    first, second = (step(op, shape, torch.contiguous_format) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert PRIMITIVES[op].zero == (len(first) == 1)
    assert all(gradient.isfinite().all() and gradient.any() for gradient in first[1:])
    if shape.layout in ("image", "clip") and not PRIMITIVES[op].random:
        last = torch.channels_last if shape.layout == "image" else torch.channels_last_3d
        for a, b in zip(first, step(op, shape, last), strict=True):
            torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)
