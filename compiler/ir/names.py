"""The names of weights: which attribute of which module holds the weights of a node of the space graph.

The rule, which state dicts of the supernet and of every discrete network of a space share, so that weights carry
over by name:

- every scope (an instance of a declared op or cell, an iteration) is a module, named by what its path adds to its
parent's, with
  brackets and dots as underscores: ``x[2][1].sep3`` is ``x_2_1_sep3``; where the path adds nothing (a ``return``
  inside a call) by what is applied: ``relu_conv_bn``;
- every application of a primitive is named after the primitive: ``conv``; the second one of its scope is ``conv_2``;
- an attribute that depends on decisions is part of the name: ``conv_k3x3x3``, so that each value has its own weights;
- what would clash with Python or with ``torch.nn.Module`` gets an underscore at the end: ``half_``.

Numbering follows the whole space graph, never one architecture, so a name does not change when decisions do.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping
from typing import Any

from .diagram import Diagram
from .graph import Node, SpaceGraph

RESERVED = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda decisions decide
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule graph
    half hard hold hold_architecture interface is_frozen ipu keep_temperature load_state_dict modules mtia
    named_buffers named_children named_decisions named_modules named_parameters parameter parameters passes
    probabilities register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook release requires_grad_ rows sampled set_extra_state set_submodule share_memory
    source state_dict temperature to to_empty train training type weights xpu zero_grad self torch nn F math Tensor
    mix averaged frozen frames instants stage into weighted edge_weights recomputed interleave meet product pooled
    filtered within
    """.split()  # noqa: SIM905
)
"""Attributes of ``torch.nn.Module`` and of the supernet, and names that generated code uses itself."""


def identifier(text: str) -> str:
    """``text`` as a Python name that nothing else uses: ``x[2].sep3`` is ``x_2_sep3``."""
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", text)).strip("_") or "part"
    if name[0].isdigit():
        name = f"n{name}"
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in RESERVED else name


class Uniquely:
    """Hands out names: the second ``conv`` is ``conv_2``."""

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = set(taken)

    def __call__(self, base: str) -> str:
        name, n = base, 1
        while name in self._taken:
            n += 1
            name = f"{base.rstrip('_')}_{n}"
        self._taken.add(name)
        return name


def value_suffix(open_attributes: Mapping[str, Any]) -> str:
    """What an application's name adds for the values of attributes that depend on decisions: ``_k3x3x3``."""
    return "".join(f"_{name}{_short(value)}" for name, value in open_attributes.items())


def _short(value: Any) -> str:
    if isinstance(value, tuple):
        return "x".join(_short(v) for v in value)
    if isinstance(value, bool):
        return str(int(value))
    return re.sub(r"\W", "_", str(value))


class Names:
    """The names of all scopes and applications of one space graph."""

    def __init__(self, graph: SpaceGraph) -> None:
        self._graph = graph
        by_parent: dict[int | None, Uniquely] = {}
        self.scopes: dict[int, str] = {}
        """The attribute that holds a scope in its parent; the meta itself is ``""``."""
        for scope in graph.scopes:
            if scope.parent is None:
                self.scopes[scope.id] = ""
                continue
            above = graph.scopes[scope.parent].path
            added = scope.path.removeprefix(f"{above}.") if above else scope.path
            unique = by_parent.setdefault(scope.parent, Uniquely())
            # What a `return` applies adds nothing to the path. Inside a call it must not be named after what stands
            # outside, so that files of weights for the call fit wherever it is made.
            inherited = (above and scope.callee) or scope.name
            self.scopes[scope.id] = unique(identifier(added if scope.path != above else inherited))
        self.nodes: dict[int, str] = {}
        """The name of an application within its scope, without the part for open attributes."""
        for node in graph.nodes:
            if node.kind != "input":
                unique = by_parent.setdefault(node.scope, Uniquely())
                self.nodes[node.id] = node.key or unique(identifier(node.op or node.kind))

    def local(self, node: Node, attributes: Mapping[str, Any]) -> str:
        """The name within its scope of the application of ``node`` with these plain attributes."""
        open_ones = {
            name: attributes[name] for name, case in node.attrs if type(case) is Diagram and name in attributes
        }
        return self.nodes[node.id] + value_suffix(open_ones)

    def prefix(self, scope: int) -> str:
        """The dotted name of a scope's module in the network, ``""`` for the meta."""
        parts: list[str] = []
        current: int | None = scope
        while current is not None:
            if self.scopes[current]:
                parts.append(self.scopes[current])
            current = self._graph.scopes[current].parent
        return ".".join(reversed(parts))
