"""The names of values in an ONNX file: its inputs and its output are called what the space says, whatever the exporter
calls the values between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx

OUTPUT = "output"


def provisional(number: int) -> str:
    """What an input is called on its way through the exporter, which gives no such names."""
    return f"stdsl.input.{number}"


PROVISIONAL_OUTPUT = "stdsl.output"


def name_ports(proto: onnx.ModelProto, inputs: Sequence[str], output: str = OUTPUT) -> None:
    """Give inputs with provisional names these ones, and the output its own, with a number where an input is called
    so."""
    used = set(inputs)
    names = {provisional(i): name for i, name in enumerate(inputs)}
    names[PROVISIONAL_OUTPUT] = _unused(output, used)
    graph = proto.graph
    inner = {*(name for node in graph.node for name in node.output), *(tensor.name for tensor in graph.initializer)}
    used |= inner - names.keys() | set(names.values())
    for name in sorted(inner & set(names.values())):
        names[name] = _unused(name, used)
    _rename(graph, names)


def _unused(name: str, used: set[str]) -> str:
    found = next(n for n in chain([name], (f"{name}_{i}" for i in count(2))) if n not in used)
    used.add(found)
    return found


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    for node in graph.node:
        for values in (node.input, node.output):
            values[:] = [names.get(name, name) for name in values]
    for part in (*graph.initializer, *graph.value_info, *graph.input, *graph.output):
        part.name = names.get(part.name, part.name)
