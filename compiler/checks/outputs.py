"""Whether a space takes what the data of a search gives, and gives what its labels are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..diagnostics.model import Label, Sink
from ..diagnostics.source import Span
from ..diagnostics.strategies import DataMismatch
from ..ir.graph import SpaceGraph, TensorType
from ..ir.operation import CHANNEL_AXIS
from ..semantics.elaboration.shapes import type_text

if TYPE_CHECKING:
    from ..schemas.data import DataSignature, InputSignature
    from ..schemas.search import SearchConfig


def check_data(config: SearchConfig, graph: SpaceGraph, place: Span | None, sink: Sink) -> bool:
    """Whether the data of a search gives exactly the inputs of a space, and its prediction is a number for each class;
    reports where not. ``place``: the text that names the space."""
    from ..schemas.data import described

    signature, inputs = config.data.signature(), inputs_of(graph)
    prediction = graph.nodes[graph.outputs[0][1]].type
    classes = classes_of(prediction)
    if classes is not None and signature.fits(inputs, classes):
        return True
    takes = f"{described(inputs)}, {classes} classes"
    node = graph.nodes[graph.outputs[0][1]]
    advice, labels = ("", ()) if signature.fits(inputs, None) else _different(graph, signature, inputs)
    if classes is None or signature.classes not in (None, classes):
        wanted = signature.classes or "…"
        if classes is None:
            takes = f"{described(inputs)} and gives {type_text(prediction)}, not a number for each class"
            end = f"end it in a number for each class: `-> global_avg_pool -> linear({wanted})`"
        else:
            end = f"let it give {wanted} classes, not {classes}{_parameter(graph, classes, wanted)}"
        advice = f"{advice}; {end}" if advice else end
        labels = (*labels, Label(node.span, f"{type_text(prediction)} leaves here"))
    sink.add(DataMismatch(config.place("data"), str(signature), takes, place, advice, related=labels))
    return False


def _different(
    graph: SpaceGraph, signature: DataSignature, taken: Sequence[InputSignature]
) -> tuple[str, tuple[Label, ...]]:
    """What to write where the inputs of the data and of a space differ, and where."""
    given = signature.ordered([one.name for one in taken])
    names = [one.name for one in (taken if len(taken) == len(given) else given)]
    wanted = ", ".join(f"{name}: {one}" for name, one in zip(names, given, strict=True))
    spans = [graph.nodes[id].span for id in graph.inputs]
    labels = tuple(Label(span, f"{one} is taken") for span, one in zip(spans, taken, strict=True))
    return f"let `{graph.meta}` take `on {wanted}`, or change the data", labels


def _parameter(graph: SpaceGraph, found: int, wanted: int | str) -> str:
    """How a parameter of the space that has the value is given another one."""
    names = [name for name, value in graph.parameters if value == found and type(value) is int]
    return f": `{graph.name}({names[0]} = {wanted})`" if len(names) == 1 else ""


def check_auxiliary(config: SearchConfig, graph: SpaceGraph, place: Span | None, setting: str, sink: Sink) -> None:
    """Reports further outputs of a space that are to have a loss and are not of the classes of the prediction.
    ``setting``: the key of that loss's weight."""
    from ..schemas.data import described

    signature, inputs = config.data.signature(), inputs_of(graph)
    (_, prediction), *others = [(name, graph.nodes[id].type) for name, id in graph.outputs]
    for name, type in others:
        if classes_of(type) != classes_of(prediction):
            takes = f"{described(inputs)} and gives {type_text(type)} at `{name}`, whose loss is asked for"
            advice = f"let `{name}` give {classes_of(prediction)} numbers as well, or leave `aux` out"
            sink.add(DataMismatch(config.place(setting), str(signature), takes, place, advice, "this loss"))


def inputs_of(graph: SpaceGraph) -> list[InputSignature]:
    """The inputs of a space."""
    from ..schemas.data import InputSignature

    nodes = [graph.nodes[id] for id in graph.inputs]
    return [InputSignature(node.op, node.type.layout, tuple(node.type.dims)) for node in nodes]


def classes_of(type: TensorType) -> int | None:
    """How many numbers an output gives for each sample, if that is one for each class: beside the channels, its axes
    are of size 1. None where it gives more, or where that depends on decisions."""
    axis = CHANNEL_AXIS[type.layout]
    beside = (*type.dims[:axis], *type.dims[axis + 1 :])
    channels = type.dims[axis]
    return channels if isinstance(channels, int) and all(isinstance(d, int) and d == 1 for d in beside) else None
