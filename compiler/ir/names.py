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

Numbering follows the whole space graph, never one architecture, so a name does not change when decisions do. What
variables, classes and parameters of generated code are called, ``backends/namespace.py`` says.
"""

from __future__ import annotations

import hashlib
import keyword
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from .diagram import Diagram, leaves
from .graph import Node, SpaceGraph

RESERVED = frozenset(
    """
    T_destination add_module add_submodule apply bfloat16 buffers call_super_init children code compile cpu cuda
    decision_parameters decision_weights decisions decide delete_all_unused_submodules delete_submodule derive
    double dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule graph
    half hard hold hold_architecture interface is_frozen ipu keep_temperature load_state_dict materialise meta
    modules mtia named_buffers named_children named_decisions named_modules named_parameters parameter parameters
    passes print_readable probabilities range_constraints recompile register_backward_hook register_buffer
    register_forward_hook register_forward_pre_hook register_full_backward_hook register_full_backward_pre_hook
    register_load_state_dict_post_hook register_load_state_dict_pre_hook register_module register_parameter
    register_state_dict_post_hook register_state_dict_pre_hook release requires_grad_ rows sampled set_extra_state
    set_submodule shape_env share_memory source state_dict temperature to to_empty to_folder train training type
    validate_inputs weights xpu zero_grad self torch nn F math Tensor mix frozen frames instants stage into weighted
    edge_weights log_odds recomputed interleave meet product pooled filtered within
    """.split()  # noqa: SIM905
)
"""Attributes of ``torch.nn.Module``, of what ``torch.fx`` and ``torch.export`` make of one, of supernets and of layers,
and names that generated code once used itself: those of weights stay."""


def identifier(text: str) -> str:
    """``text`` as the name of an attribute: ``x[2].sep3`` is ``x_2_sep3``. It never begins with an underscore, so that
    attributes which do are ours."""
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", text)).strip("_") or "part"
    if name[0].isdigit():
        name = f"n{name}"
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) or name in RESERVED else name


class Uniquely:
    """Hands out names: the second ``conv`` is ``conv_2``."""

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = set(taken)

    def __call__(self, base: str, free: Callable[[str], bool] = lambda name: True) -> str:
        """A name that is not taken, and that ``free`` agrees to."""
        name, n = base, 1
        while name in self._taken or not free(name):
            n += 1
            name = f"{base.rstrip('_')}_{n}"
        self._taken.add(name)
        return name

    def __iter__(self) -> Iterator[str]:
        """The names that were handed out."""
        return iter(self._taken)


Ends: TypeAlias = Sequence[Collection[str]]
"""What can stand behind the name of an application, one text of each collection."""


def _meet(a: str, a_ends: Ends, b: str, b_ends: Ends) -> bool:
    """Whether a name that begins with ``a`` and goes on with one of each of ``a_ends`` is also one of ``b``."""
    if not (a.startswith(b) or b.startswith(a)):
        return False
    if a_ends and (len(a) <= len(b) or not b_ends):
        return any(_meet(a + end, a_ends[1:], b, b_ends) for end in a_ends[0])
    if b_ends:
        return any(_meet(a, a_ends, b + end, b_ends[1:]) for end in b_ends[0])
    return a == b


def value_suffix(open_attributes: Mapping[str, Any]) -> str:
    """What an application's name adds for the values of attributes that depend on decisions: ``_k3x3x3``."""
    return "".join(f"_{name}{_short(value)}" for name, value in open_attributes.items())


def _short(value: Any) -> str:
    """A word for a value, another one for each."""
    if isinstance(value, tuple):
        return "x".join(_short(v) for v in value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str) and not re.fullmatch("[a-z]+", value):
        digest = hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return f"{re.sub('[^A-Za-z0-9]+', '_', value[:16])}_{digest}"
    return re.sub(r"\W", "_", str(value).replace("+", ""))


class Names:
    """The names of all scopes and applications of one space graph."""

    def __init__(self, graph: SpaceGraph) -> None:
        self._graph = graph
        by_parent: dict[int | None, Uniquely] = {}
        self._by_parent = by_parent
        self._with_values: dict[int, dict[str, Ends]] = {}
        """For each scope the names of applications behind which values stand."""
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
                self.nodes[node.id] = node.key or self._of_application(node)

    def further(self, scope: int, base: str) -> str:
        """A name within a scope for something that is not of the graph and has no weights."""
        others = self._with_values.get(scope, {})
        taken = self._by_parent.setdefault(scope, Uniquely())
        return taken(identifier(base), lambda name: not any(_meet(name, (), *other) for other in others.items()))

    def _of_application(self, node: Node) -> str:
        """A name that no other one meets, neither as it is nor with values behind it."""
        taken = self._by_parent.setdefault(node.scope, Uniquely())
        others = self._with_values.setdefault(node.scope, {})
        ends = [
            {value_suffix({name: value}) for value in leaves(case)}
            for name, case in node.attrs
            if type(case) is Diagram
        ]

        def free(name: str) -> bool:
            return not (
                any(_meet(name, ends, other, follow) for other, follow in others.items())
                or (ends and any(_meet(name, ends, other, ()) for other in taken if other.startswith(f"{name}_")))
            )

        name = taken(identifier(node.op or node.kind), free)
        if ends:
            others[name] = ends
        return name

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
