"""Every primitive goes to ONNX and computes the same in onnxruntime, at a batch size other than the exported one."""

from __future__ import annotations

import io
import random
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from applications import function_of, module_of, required
from torch import nn

from stdsl.compiler.ir.operation import TensorShape
from stdsl.compiler.ops.registry import PRIMITIVES
from stdsl.compiler.ops.torch.lowering import emit

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CLIP, IMAGE = TensorShape("clip", (4, 6, 7, 7)), TensorShape("image", (4, 7, 7))

ATTRIBUTES: dict[str, list[dict[str, Any]]] = {
    "conv": [{"c": 6, "k": 3, "stride": 2}, {"c": 6, "k": 2, "stride": 2, "groups": 2, "bias": True}],
    "depthwise": [{"k": 3, "dilation": 2}],
    "temporal_gaussian": [{"length": 5}, {"length": 4, "stride": 2}],
    "max_pool": [{"k": 3, "stride": 2}, {"k": 2, "stride": 2}, {"k": 4}],
    "avg_pool": [{"k": 3, "stride": 2}, {"k": 2, "stride": 2}, {"k": 3, "pad": None}],
    "subsample": [{"stride": 2, "offset": 1}],
    "zero": [{"c": 6, "stride": 2}],
}
"""What is given; of the others what must be."""
INPUTS = {
    "attention": [TensorShape("tokens", (3, 4))],
    "linear": [TensorShape("clip", (4, 1, 1, 1)), TensorShape("features", (4,)), TensorShape("tokens", (3, 4))],
    "layer_norm": [TensorShape("tokens", (3, 4)), TensorShape("features", (4,))],
    "temporal_gaussian": [CLIP],
    "time_to_channel": [CLIP],
    "from_tokens": [TensorShape("tokens", (8, 4))],
}


class Applied(nn.Module):
    """One application of a primitive; a second input is a slice of the first that broadcasts."""

    def __init__(self, emission: Any, inputs: int) -> None:
        super().__init__()
        self.m = module_of(emission)
        self.run = function_of(emission, inputs)
        self.inputs = inputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # Neither the input nor a constant is a graph of its own in ONNX.
        second = x[:, :1] if self.inputs == 2 else x * 2
        first = x + 1
        return self.run(self.m, *(first, second, first)[: self.inputs]) + 0


@pytest.mark.parametrize("op", sorted(PRIMITIVES))
def test_exports(op: str) -> None:
    torch.set_num_threads(1)
    primitive = PRIMITIVES[op]
    for shape in INPUTS.get(op, [IMAGE, CLIP]):
        for given in ATTRIBUTES.get(op, [required(op)]):
            shapes = (shape,) * 3 if primitive.inputs == 3 else (shape, shape.with_channels(1))[: primitive.inputs]
            attrs = primitive.normalise(shapes, given)
            emission = emit(op, shapes, attrs, primitive.shape(shapes, attrs))
            torch.manual_seed(random.Random(op).randrange(100))
            model = Applied(emission, primitive.inputs).eval()
            batch = torch.export.Dim("batch", min=1, max=64)
            file = io.BytesIO()
            example = torch.randn(2, *shape.dims)
            program = torch.onnx.export(
                model, (example,), dynamo=True, opset_version=18, dynamic_shapes=({0: batch},), verbose=False
            )
            assert program is not None
            program.save(file)
            session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
            for n in (1, 3):
                x = torch.randn(n, *shape.dims)
                (found,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
                np.testing.assert_allclose(found, model(x).detach().numpy(), rtol=1e-4, atol=1e-5)
