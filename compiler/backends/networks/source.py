"""A readable, self-contained PyTorch file of one architecture, which imports torch alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...analysis.specialise import specialise
from ...ir.graph import SpaceGraph
from ...ir.network import Network, total
from ...text.figures import counted
from ...text.quoting import python_doc, python_string
from ..codegen.classes import Classes
from ..codegen.layer_text import layer_source
from ..codegen.layout import WIDTH, statement
from ..codegen.namespace import NETWORK
from ..codegen.program import Import
from ..codegen.render import class_source, render
from ..lowering.externs import permitted
from ..lowering.network import lower_network


def source(graph: SpaceGraph, arch: Mapping[str, Any]) -> str:
    """The text of a file with the network of ``arch``, an architecture of ``graph``, as the class ``Network``.

    With several outputs it gives a dict of them in training mode, else the prediction alone. The file needs nothing but
    torch and has the state dict of :func:`build_module`'s network. Running it as a script passes a batch of random
    numbers through the network.
    """
    return network_source(graph, specialise(graph, arch), arch)


def network_source(graph: SpaceGraph, network: Network, arch: Mapping[str, Any]) -> str:
    """As :func:`source`, for a network that is at hand."""
    permitted(graph)
    program = lower_network(graph, network)
    classes = Classes(program, "Network", NETWORK)
    has_frozen = any(layer.frozen for layer in network.layers)
    outputs = None
    if len(network.outputs) > 1:
        pairs = zip((name for name, _ in network.outputs), classes.root.result, strict=True)
        named = ", ".join(f"{python_string(name)}: {value}" for name, value in pairs)
        outputs = f"{{{named}}} if self.training else {classes.root.result[0]}"
    parts = [class_source(text) for text in classes.parts]
    parts.append(class_source(classes.root, outputs=outputs, train=has_frozen))
    return render(
        "network.py.jinja",
        docstring=_docstring(graph, network, arch, program.externs),
        externs=program.externs,
        layers=[layer_source(name) for name in program.layers],
        has_frozen=has_frozen,
        has_functional=any("F." in part for part in parts) or bool(program.layers),
        parts=parts,
        smoke=statement(f"outputs = model({', '.join(_samples(network))})", 8),
    )


def _samples(network: Network) -> list[str]:
    return [f"torch.randn(2, {', '.join(map(str, network.layers[i].shape.dims))})" for i in network.inputs]


def _docstring(graph: SpaceGraph, network: Network, arch: Mapping[str, Any], externs: Sequence[Import]) -> str:
    parameters = ", ".join(f"{name} = {value}" for name, value in graph.parameters)
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
