"""What comes out of an op or cell of the library on a sample, where that depends on no decision."""

from __future__ import annotations

from dataclasses import dataclass

from stdsl.compiler.analysis.costs.of_architecture import costs
from stdsl.compiler.checks.opening import load_text
from stdsl.compiler.diagnostics.model import SpaceError
from stdsl.compiler.frontend import ast

INPUTS = ("image(16, 32, 32)", "clip(16, 8, 32, 32)")
VALUES = {"c": ("32",), "k": ("3x3", "3x3x3"), "size": ("3",)}
"""Values of the parameters without a default that mean the same everywhere in the library."""


@dataclass(frozen=True, slots=True)
class Sample:
    call: str
    input: str
    output: str
    params: int
    flops: int


def sample(module: str, declaration: ast.OpDecl) -> Sample | None:
    """One application to the first sample input that fits; None where decisions, or parameters that are holes, are
    left open."""
    required = [p.name.id for p in declaration.parameters if p.default is None]
    if any(name not in VALUES for name in required) or len(declaration.inputs or (None,)) != 1:
        return None
    if declaration.inputs and declaration.inputs[0].variadic:
        return None
    for axes, shape in enumerate(INPUTS):
        given = ", ".join(f"{name} = {VALUES[name][min(axes, len(VALUES[name]) - 1)]}" for name in required)
        call = f"{declaration.name.id}({given})" if given else declaration.name.id
        use = "" if module == "std.prelude" else f"use {module} ({declaration.name.id})\n"
        text = f"stdsl 1\n{use}meta sample on x: {shape} = x -> {call}\nspace it = sample()\n"
        try:
            graph = load_text(text).graph
        except SpaceError:
            continue
        kind = graph.nodes[graph.outputs[0][1]].type
        if any(d.demanded for d in graph.decisions) or not kind.fixed:
            return None
        cost = costs(graph, {})
        assert cost.params is not None
        assert cost.flops is not None
        return Sample(call, shape, str(kind.concrete()), cost.params, cost.flops)
    return None
