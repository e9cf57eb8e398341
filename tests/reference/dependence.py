"""Whether the outputs of one architecture depend on the inputs, node by node.

What is absent is lost and gone (an exact zero); a `zero` of the text counts as if its input went through.
"""

from __future__ import annotations

from collections.abc import Iterable

from .spaces import Outcome
from .tensors import Node

NO_ZEROS = {"sigmoid", "hsigmoid", "softmax", "bias", "bn", "group_norm", "layer_norm"}
"""What makes something else of zeros."""


def without_input(one: Outcome) -> set[str]:
    """The outputs that no input reaches, or that lose one by a product with zero."""
    inputs = set(one.inputs.values())
    found = {name for name, node in one.outputs.items() if lost(node, inputs)}
    for input in inputs:
        for name, node in one.outputs.items():
            if lost(node, {input}) and not lost(node, {input}, products=False):
                found.add(name)
    return found


def lost(output: Node, inputs: Iterable[Node], products: bool = True) -> bool:
    """Whether an output is computed from none of the inputs. ``products``: a product with zero is zero."""
    reached: dict[Node, bool] = {}
    gone: dict[Node, bool] = {}
    for node in ordered(output):
        kind, sources = node.spec.name, node.inputs
        reached[node] = node in inputs or any(reached[source] for source in sources)
        gone[node] = bool(sources) and kind != "zero" and all(gone[source] for source in sources)
        gone[node] = gone[node] and kind not in NO_ZEROS and not node.parameters.get("bias")
        if kind == "absent":
            reached[node], gone[node] = False, True
        if kind == "mul" and products and any(gone[source] for source in sources):
            reached[node], gone[node] = False, True
    return not reached[output]


def ordered(output: Node) -> list[Node]:
    """What an output asks for, inputs before what uses them, beyond zeros of the text too."""
    found: dict[Node, None] = {}

    def visit(node: Node) -> None:
        if node not in found:
            for source in node.inputs:
                visit(source)
            found[node] = None

    visit(output)
    return list(found)
