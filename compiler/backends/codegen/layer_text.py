"""The classes of the torch lowering as text: read, not imported, so that code can be generated without torch.

What is read is one file of this package that people write, ``ops/torch/layers.py``; never what was generated, nor what
a user wrote. Its classes are copied as they stand, with their comments. A registry that is filled when that file is
imported would need torch, and a table beside it would say each class, or its parameters, a second time.
"""

from __future__ import annotations

import ast
from functools import cache
from importlib import resources


@cache
def _classes() -> tuple[str, dict[str, ast.ClassDef]]:
    text = resources.files("stdsl.compiler.ops.torch").joinpath("layers.py").read_text(encoding="utf-8")
    return text, {node.name: node for node in ast.parse(text).body if isinstance(node, ast.ClassDef)}


def layer_source(name: str) -> str:
    """The source text of a class."""
    text, classes = _classes()
    source = ast.get_source_segment(text, classes[name])
    assert source is not None
    return source.rstrip()


def layer_parameters(name: str) -> tuple[str, ...] | None:
    """The parameters of a class's constructor, or None if there is no such class."""
    node = _classes()[1].get(name)
    if node is None:
        return None
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            return tuple(a.arg for a in (*item.args.posonlyargs, *item.args.args))[1:]
    return ()
