"""An ONNX file that takes images or clips as they are decoded: bytes with channels last, scaled in the graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ...record import record
from ..networks.interface import Port

if TYPE_CHECKING:
    import onnx

_TO_CHANNELS_FIRST = {"image": (0, 3, 1, 2), "clip": (0, 4, 1, 2, 3)}
AXES = {"image": "N,H,W,C", "clip": "N,T,H,W,C"}
"""The axes of a batch of bytes."""


@record
class Pixels:
    """How bytes are scaled: to 0…1, then ``mean`` and ``std`` of each channel are taken off; () for neither."""

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()

    def scaled(self, pixels: npt.NDArray[np.uint8], layout: str) -> npt.NDArray[np.float32]:
        """(N, H, W, C) or (N, T, H, W, C) of bytes as the network takes them: what the nodes compute."""
        first = pixels.transpose(_TO_CHANNELS_FIRST[layout])
        values: npt.NDArray[np.float32] = np.divide(first, 255, dtype=np.float32)
        if self.mean:
            mean, std = (_along_channels(numbers, values.ndim) for numbers in (self.mean, self.std))
            values = (values - mean) / std
        return np.ascontiguousarray(values)


def pixels_of(normalisation: Mapping[str, Any], ports: Sequence[Port]) -> tuple[Pixels, ...]:
    """How a file scales the bytes of each input that were scaled by ``normalisation``, as :func:`.of_data.scale` has
    it. Raises ValueError for an input that is no image or clip, or was scaled by its own values."""
    found = []
    for port in ports:
        if port.layout not in AXES:
            raise ValueError(f"`preprocess` is about images and clips, and `{port.name}` is {port.layout}")
        own = normalisation.get("each", {}).get(port.name, normalisation)
        there = port.name in own.get("only", (port.name,))
        if own.get("per_sample") and there:
            raise ValueError(f"`{port.name}` is scaled by its own values, and a file scales by given ones alone")
        found.append(Pixels(tuple(own.get("mean", ())), tuple(own.get("std", ()))) if there else Pixels())
    return tuple(found)


def bytes_shape(port: Port) -> tuple[int, ...]:
    """The shape of a sample of bytes: the channels last."""
    channels, *sizes = port.shape
    return (*sizes, channels)


def take_pixels(proto: onnx.ModelProto, port: Port, pixels: Pixels) -> None:
    """Let the file take bytes at its input ``port``, in place of what the network takes."""
    from onnx import TensorProto, helper, numpy_helper

    graph, name = proto.graph, port.name
    taken = {part for node in graph.node for part in (*node.input, *node.output)}
    taken |= {tensor.name for tensor in graph.initializer}

    def fresh(what: str) -> str:
        found = f"{name}_{what}"
        while found in taken:
            found += "_"
        taken.add(found)
        return found

    constants: list[Any] = []

    def constant(what: str, values: npt.NDArray[np.float32]) -> str:
        constants.append(numpy_helper.from_array(values, fresh(what)))
        return str(constants[-1].name)

    steps: list[tuple[str, list[str], dict[str, Any]]] = [
        ("Cast", [], {"to": TensorProto.FLOAT}),
        ("Transpose", [], {"perm": list(_TO_CHANNELS_FIRST[port.layout])}),
        ("Div", [constant("largest", np.array(255, np.float32))], {}),
    ]
    if pixels.mean:
        rank = len(port.shape) + 1
        steps.append(("Sub", [constant("mean", _along_channels(pixels.mean, rank))], {}))
        steps.append(("Div", [constant("deviation", _along_channels(pixels.std, rank))], {}))
    nodes, before = [], name
    for place, (op, others, attributes) in enumerate(steps):
        after = fresh("scaled" if place == len(steps) - 1 else f"step{place + 1}")
        nodes.append(helper.make_node(op, [before, *others], [after], **attributes))
        before = after
    network = list(graph.node)
    for node in network:
        for i, part in enumerate(node.input):
            if part == name:
                node.input[i] = before
    del graph.node[:]
    graph.node.extend([*nodes, *network])
    graph.initializer.extend(constants)
    taken_in = next(value for value in graph.input if value.name == name)
    batch = taken_in.type.tensor_type.shape.dim[0].dim_param
    taken_in.CopyFrom(helper.make_tensor_value_info(name, TensorProto.UINT8, [batch, *bytes_shape(port)]))


def _along_channels(numbers: tuple[float, ...], rank: int) -> npt.NDArray[np.float32]:
    return np.array(numbers, np.float32).reshape(1, -1, *(1 for _ in range(rank - 2)))
