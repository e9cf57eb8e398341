"""Whether a space takes what the data of a search gives, and gives what its targets are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ..diagnostics.model import Label, Sink
from ..diagnostics.source import Span
from ..diagnostics.strategies import DataMismatch
from ..ir.graph import SpaceGraph, TensorType
from ..ir.operation import CHANNEL_AXIS
from ..semantics.elaboration.shapes import type_text

if TYPE_CHECKING:
    from ..schemas.data import DataSignature, InputSignature
    from ..schemas.search import Role, SearchConfig
    from ..schemas.tasks.targets import TargetSignature


def check_data(
    config: SearchConfig,
    graph: SpaceGraph,
    place: Span | None,
    sink: Sink,
    role: Role = "search",
    compared: bool = False,
) -> bool:
    """Whether the data of a search gives exactly the inputs of a space, and its prediction is what the targets are
    compared with; reports where not. ``place``: the text that names the space; ``role``: what the data is for;
    ``compared``: the space is one of those beside the result, and to blame."""
    from ..schemas.data import described
    from ..schemas.tasks.targets import longer

    signature, inputs = config.data_of(role).signature(), inputs_of(graph)
    node = graph.nodes[graph.outputs[0][1]]
    targets = targets_for(config, role)
    told = comparable(targets, node.type)
    if told and signature.fits(inputs):
        return True
    given = outputs_of(node.type)
    takes = described(inputs)
    advice, labels = ("", ()) if signature.fits(inputs) else _different(graph, signature, inputs)
    if advice and role == "retrain" and config.owner(role) != role and config.place("retrain.space") is place:
        advice += "; other data is named by `retrain { data = … }`"
    if not told:
        wanted = targets.count or "…"
        if given is None or targets.positions is None or longer(given[1]) != longer(targets.positions):
            takes += f" and gives {type_text(node.type)}, not {_each(targets)}"
            end = _ending(targets, wanted)
        else:
            word, other = targets.kind or "classes", _parameter(graph, given[0], wanted)
            takes += f", {told_by(targets, node.type)}"
            end = f"let it give {wanted} {word}, not {given[0]}{other}"
        advice = f"{advice}; {end}" if advice else end
        labels = (*labels, Label(node.span, f"{type_text(node.type)} leaves here"))
    else:
        takes += f", {told_by(targets, node.type)}"
    span = config.place(config.data_key(role))
    found = DataMismatch(span, str(signature), takes, place, advice, related=labels)
    if compared and place is not None:
        found = replace(found, span=place, space=span, word="this space", other="this data")
    sink.add(found)
    return False


def targets_for(config: SearchConfig, role: Role = "search") -> TargetSignature:
    """The targets of a search's data as far as they are known; what its task says of them where the data does not."""
    from ..schemas.tasks.task import named

    data = config.data_of(role)
    targets = data.signature().targets
    rows = named(config.task) if config.task is not None else ()
    if rows and targets.kind is None and len({row.kind for row in rows}) == 1:
        targets = replace(targets, kind=rows[0].kind)
    if targets.positions is None and not data.at_positions and not (rows and rows[0].dense):
        # Where neither says that there is one for each position, there is one for each sample.
        targets = replace(targets, positions=())
    return targets


def comparable(targets: TargetSignature, type: TensorType) -> bool:
    """Whether an output can be compared with targets."""
    given = outputs_of(type)
    return given is not None and targets.fits(*given)


def told_by(targets: TargetSignature, type: TensorType) -> str:
    """What an output tells, in the words of targets where it can be compared with such."""
    given = outputs_of(type)
    if given is None or (targets.positions is not None and not replace(targets, count=None).fits(*given)):
        return type_text(type)
    return str(replace(targets, count=given[0], positions=targets.positions or ()))


def _each(targets: TargetSignature) -> str:
    """What an output has to be."""
    what = {"labels": "a number for each label", "numbers": "as many numbers as are to be told"}.get(
        targets.kind or "", "a number for each class"
    )
    return f"{what} at each position of the targets" if targets.positions != () else what


def _ending(targets: TargetSignature, wanted: int | str) -> str:
    """How a space ends in what an output has to be."""
    from ..schemas.tasks.targets import grid

    if targets.positions == ():
        return f"end it in {_each(targets)}: `-> global_avg_pool -> linear({wanted})`"
    size = f" of {grid(targets.positions)}" if targets.positions else ""
    return f"end it in {_each(targets)}: `-> pointwise({wanted})`, with axes{size} as those have"


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


def check_auxiliary(
    config: SearchConfig, graph: SpaceGraph, place: Span | None, setting: str, sink: Sink, role: Role = "search"
) -> None:
    """Reports further outputs of a space that are to have a loss and are not like the prediction. ``setting``: the key
    of that loss's weight."""
    from ..schemas.data import described
    from ..schemas.tasks.targets import longer

    signature, inputs = config.data_of(role).signature(), inputs_of(graph)
    (_, prediction), *others = [(name, graph.nodes[id].type) for name, id in graph.outputs]
    wanted = outputs_of(prediction)
    assert wanted is not None, "a prediction that fits no targets is reported before"
    for name, type in others:
        given = outputs_of(type)
        if given is None or given[0] != wanted[0] or longer(given[1]) != longer(wanted[1]):
            takes = f"{described(inputs)} and gives {type_text(type)} at `{name}`, whose loss is asked for"
            like = f"{wanted[0]} numbers" if not longer(wanted[1]) else f"{type_text(prediction)}"
            advice = f"let `{name}` give {like} as well, or leave `aux` out"
            sink.add(DataMismatch(config.place(setting), str(signature), takes, place, advice, "this loss"))


def inputs_of(graph: SpaceGraph) -> list[InputSignature]:
    """The inputs of a space."""
    from ..schemas.data import InputSignature

    nodes = [graph.nodes[id] for id in graph.inputs]
    return [InputSignature(node.op, node.type.layout, tuple(node.type.dims)) for node in nodes]


def outputs_of(type: TensorType) -> tuple[int, tuple[int, ...]] | None:
    """How many numbers an output gives at each position, and its positions; None where that depends on decisions."""
    axis = CHANNEL_AXIS[type.layout]
    channels, beside = type.dims[axis], (*type.dims[:axis], *type.dims[axis + 1 :])
    positions = tuple(n for n in beside if isinstance(n, int))
    return (channels, positions) if isinstance(channels, int) and len(positions) == len(beside) else None
