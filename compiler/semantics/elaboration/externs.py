"""`extern op`: operators of the user's, whose block gives the rules that the library's primitives have in Python.

The code itself is never looked at here. The keys of a block, all optional:

- ``channels``: of the output (else those of the first input); ``stride``: a number, or one per window axis, by which
  the axes of the first input shrink, to ceil(size / stride);
- ``shape``: all dimensions of the output at once, a tuple, instead of these two; ``layout``: of an output of another
  kind than the first input (`"features"`), with ``shape``;
- ``params``, ``flops``, ``activations``, ``depth``: the costs of one application. Without ``flops`` or ``params`` that
  cost is unknown; ``depth`` is 1 where there are FLOPs, else 0, and ``activations`` the output's elements where there
  are FLOPs, else 0, so that they are unknown where the FLOPs are.

The rules are arithmetic over the parameters, the inputs (`a.channels`), in costs the output (`out.height`), and the
constants of the file.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from ...diagnostics.model import Sink
from ...frontend import ast
from ...ir.diagram import typed
from ...ir.graph import TensorType
from ...ir.operation import (
    RANK,
    REQUIRED,
    SAME,
    Attributes,
    Cost,
    Extern,
    Layout,
    OpFault,
    Parameter,
    Primitive,
    TensorShape,
)
from ...ops.attributes import AXES, shown
from ...ops.registry import PRIMITIVES
from ...ops.saving import nothing
from ..modules import Module
from ..text.extern_blocks import OUTPUT, SIZES, TYPES, of_type, problems, type_of, undefined_names
from . import expressions
from .arithmetic import is_plain
from .context import Context, Env
from .state.limits import Abandoned
from .state.state import State
from .values import ERROR, Scalar, Tensor, kind_of

Inputs = tuple[TensorShape, ...]


def extern_primitive(state: State, declaration: ast.ExternDecl, module: Module) -> Primitive | None:
    """The primitive that a declaration makes, entered in the graph that ``state`` builds; None where it is wrong."""
    found = [*problems(declaration), *undefined_names(declaration, module)]
    for problem in found:
        state.report(problem)
    if found:
        return None
    key = id(declaration)
    if key in state.externs:
        return state.externs[key]
    name, n = declaration.name.id, 1
    while name in PRIMITIVES or name in state.builder.externs or name in ("sum", "mean", "concat", "input"):
        n += 1
        name = f"{declaration.name.id}_{n}"
    primitive = _Rules(declaration, module).primitive(name)
    state.externs[key] = state.builder.externs[name] = primitive
    return primitive


class _Rules:
    """The rules of one declaration, evaluated anew for each case of shapes and attributes."""

    def __init__(self, declaration: ast.ExternDecl, module: Module) -> None:
        self.declaration, self.module = declaration, module
        items = declaration.section.items
        self.rules = {item.key.id: item.value for item in items if isinstance(item, ast.Setting)}
        self._known: dict[Hashable, Any] = {}
        unknown = {cost for cost in ("params", "flops") if cost not in self.rules}
        if "flops" in unknown:
            unknown |= {cost for cost in ("activations", "depth") if cost not in self.rules}
        self.unknown = frozenset(unknown)

    def primitive(self, name: str) -> Primitive:
        path = self.module.source.path
        extern = Extern(
            self.declaration.name.id,
            self.declaration.target,
            self.declaration.name.span,
            str(path.parent) if path is not None else None,
            self.unknown,
        )
        return Primitive(
            name,
            tuple(self._parameter(p) for p in self.declaration.parameters),
            self.normalise,
            self.shape,
            self.cost,
            f"The class {self.declaration.target}.",
            inputs=len(self.declaration.inputs),
            saves=nothing,  # what it keeps for the backward pass is not known
            stateful=True,
            extern=extern,
        )

    def _parameter(self, parameter: ast.Parameter) -> Parameter:
        kind = TYPES[type_of(parameter) or "number"][0]
        default = parameter.default
        if default is None:
            return Parameter(parameter.name.id, kind, drawn="name")
        if isinstance(default, ast.Name) and default.id == "same":
            return Parameter(parameter.name.id, "channels", SAME, drawn="name")
        try:
            return Parameter(
                parameter.name.id, kind, self._evaluate(f"{parameter.name.id} = …", default, {}), drawn="name"
            )
        except OpFault:
            # Reported where it is applied.
            return Parameter(parameter.name.id, kind, REQUIRED, drawn="name")

    def _evaluate(self, what: str, expr: ast.Expr, names: dict[str, Any]) -> Any:
        """A plain value. Raises OpFault."""
        sink = Sink()
        env = Env(self.module, Context("", "", 0, (0, "", ()), 0, constant=self.declaration.name.span), names)
        try:
            value = expressions.evaluate(State(sink), expr, env)
        except Abandoned:
            value = ERROR
        if value is ERROR:
            reason = sink.diagnostics[0].message if sink.diagnostics else "it uses a constant that is wrong"
            raise OpFault("shape", f"its rule `{what}` fails: {reason}")
        if not is_plain(value) or isinstance(value, Scalar):
            raise OpFault("shape", f"its rule `{what}` gives {kind_of(value)}, not a number")
        return value

    def _value(self, key: str, inputs: Inputs, attrs: Attributes, output: TensorShape | None = None) -> Any:
        given = (key, inputs, tuple(map(typed, attrs.values())), output)
        if given not in self._known:
            shapes = {entry.name.id: shape for entry, shape in zip(self.declaration.inputs, inputs, strict=True)}
            if output is not None:
                shapes.setdefault(OUTPUT, output)
            tensors = {name: Tensor(-1, TensorType(shape.layout, shape.dims)) for name, shape in shapes.items()}
            rule = self.rules[key]
            text = f"{key} = {' '.join(rule.span.text.split())}"
            self._known[given] = self._evaluate(text, rule, {**tensors, **attrs})
        return self._known[given]

    def _whole(self, key: str, value: Any, least: int) -> int:
        if isinstance(value, float) and value.is_integer():
            advice = "`/` gives a fraction, `//` a whole number; `round(…)` rounds"
            raise OpFault("shape", f"its `{key}` must be a whole number, not {value}", advice)
        if type(value) is not int or value < least:
            text = f"its `{key}` must be a whole number of at least {least}, not {shown(value)}"
            raise OpFault("shape", text, "correct the rule in its block, or the arguments")
        return value

    # -- what a primitive has

    def normalise(self, inputs: Inputs, attrs: Attributes) -> Attributes:
        """The parameters in order, each of its type."""
        complete: dict[str, Any] = {}
        for parameter in self.declaration.parameters:
            name = parameter.name.id
            value = complete[name] = attrs[name]
            type_name = type_of(parameter)
            if type_name is None:
                continue
            _, types, words = TYPES[type_name]
            if not of_type(value, types):
                raise OpFault("attribute", f"`{name}` must be {words}, not {shown(value)}", None, name)
        return complete

    def shape(self, inputs: Inputs, attrs: Attributes) -> TensorShape:
        x = inputs[0]
        if "shape" in self.rules:
            return self._whole_shape(inputs, attrs)
        channels = (
            self._whole("channels", self._value("channels", inputs, attrs), 1)
            if "channels" in self.rules
            else x.channels
        )
        out = x.with_channels(channels)
        if "stride" not in self.rules:
            return out
        stride = self._value("stride", inputs, attrs)
        if type(stride) is int and (stride == 1 or x.layout in AXES):
            stride = (stride,) * RANK[x.layout]
        if not isinstance(stride, tuple) or len(stride) != RANK[x.layout]:
            text = f"its `stride` comes to {shown(stride)}, but the {x.layout} that enters has {RANK[x.layout]} axes"
            raise OpFault("shape", text, "a stride is a number, or one per axis; `shape` gives any dimensions")
        for s in stride:
            self._whole("stride", s, 1)
        return (
            TensorShape(x.layout, (channels, *(-(-n // s) for n, s in zip(x.axes, stride, strict=True))))
            if x.axes
            else out
        )

    def _whole_shape(self, inputs: Inputs, attrs: Attributes) -> TensorShape:
        layout: Layout = self._value("layout", inputs, attrs) if "layout" in self.rules else inputs[0].layout
        dims = self._value("shape", inputs, attrs)
        if not isinstance(dims, tuple):
            dims = (dims,)
        if len(dims) != SIZES[layout].count(",") + (layout != "features"):
            raise OpFault("shape", f"its `shape` has {len(dims)} numbers, but {layout} is {SIZES[layout]}")
        return TensorShape(layout, tuple(self._whole("shape", d, 1) for d in dims))

    def cost(self, inputs: Inputs, attrs: Attributes, output: TensorShape) -> Cost:
        stated = {}
        for key in ("params", "flops", "activations", "depth"):
            if key in self.rules:
                stated[key] = self._whole(key, self._value(key, inputs, attrs, output), 0)
        flops = stated.get("flops", 0)
        return Cost(
            stated.get("params", 0),
            flops,
            stated.get("depth", 1 if flops else 0),
            stated.get("activations", output.elements if flops else 0),
            self.unknown,
        )
