"""A readable, self-contained PyTorch file of one architecture, which imports torch alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...analysis.specialise import specialise
from ...ir.graph import SpaceGraph
from ...ir.network import Network, total
from ...ops.attributes import shown
from ...ops.torch.expressions import Name, call
from ...text.figures import counted
from ...text.quoting import python_doc
from ..codegen.classes import Classes, Outermost
from ..codegen.definitions import Assignment, names_read
from ..codegen.layer_text import layer_source
from ..codegen.layout import WIDTH
from ..codegen.namespace import NETWORK
from ..codegen.printing import import_line, lines_of
from ..codegen.program import Import
from ..codegen.render import Source, class_source, render
from ..lowering.externs import permitted
from ..lowering.network import lower_network


def source(graph: SpaceGraph, arch: Mapping[str, Any]) -> str:
    """The text of a file with the network of ``arch``, an architecture of ``graph``, as the class ``Network``.

    With several outputs it gives a dict of them in training mode, else the prediction alone. The file needs nothing but
    torch and has the state dict of :func:`build_module`'s network. Running it as a script passes a batch of random
    numbers through the network.
    """
    return network_source(graph, specialise(graph, arch), arch).text


def network_source(graph: SpaceGraph, network: Network, arch: Mapping[str, Any]) -> Source:
    """As :func:`source`, for a network that is at hand, and with the classes as data."""
    permitted(graph)
    program = lower_network(graph, network)
    has_frozen = any(layer.frozen for layer in network.layers)
    classes = Classes(program, Outermost("Network", stays_frozen=has_frozen), NETWORK).all
    text = render(
        "network.py.jinja",
        docstring=_docstring(graph, network, arch, program.externs),
        externs=list(map(import_line, program.externs)),
        layers=[layer_source(name) for name in program.layers],
        has_frozen=has_frozen,
        has_functional="F" in names_read(classes) or bool(program.layers),
        parts=list(map(class_source, classes)),
        example=lines_of(_example(network), 8),
    )
    return Source(text, classes)


def _example(network: Network) -> Assignment:
    """A call of the network with random numbers."""
    samples = (call("torch.randn", 2, *network.layers[i].shape.dims) for i in network.inputs)
    return Assignment((Name("outputs"),), call("model", *samples))


def _docstring(graph: SpaceGraph, network: Network, arch: Mapping[str, Any], externs: Sequence[Import]) -> str:
    parameters = ", ".join(f"{name} = {shown(value)}" for name, value in graph.parameters)
    lines = [f"One architecture of the space {graph.name}{f'({parameters})' if parameters else ''}.", ""]
    for i in network.inputs:
        layer = network.layers[i]
        lines.append(f"Input {layer.attrs['name']}: (N, {', '.join(map(str, layer.shape.dims))})")
    for name, i in network.outputs:
        lines.append(f"Output {name}: (N, {', '.join(map(str, network.layers[i].shape.dims))})")
    params = counted(total(network.layers, "params"), "parameters").replace(",", "")
    flops = counted(total(network.layers, "flops"), "multiply-adds").replace(",", "")
    lines.append(f"{params}, {flops} in one sample's forward pass")
    for name in dict.fromkeys(e.module for e in externs):
        lines.append(f"Needs the module {name}, the code of extern operators of the space.")
    digest = getattr(arch, "hash", None)
    if digest:
        lines.append(f"Architecture {digest}:")
        for path, value in arch.items():
            line = f"    {path} = {list(value) if isinstance(value, tuple) else value}"
            lines.append(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…")
    return "\n".join(('"""' + "\n".join(map(python_doc, lines)), '"""'))
