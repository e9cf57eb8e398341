"""Tensors: what their shapes depend on, and the graph of operations once everything is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .environment import Thunk
from .runs import Made, Run, SpaceError, decisions_of, leaves, tree_of
from .shapes import AXES, Shape
from .values import OPERATORS, Listed, Tensor


@dataclass(eq=False)
class Node:
    """An operation instance of one architecture."""

    spec: Any
    parameters: dict[str, Any]
    inputs: list[Node]
    shape: Shape = field(default_factory=dict)

    @property
    def used(self) -> list[Node]:
        """The inputs that the result depends on: none of a zero, which asks for what it takes and ignores it."""
        return [] if self.spec.name == "zero" else self.inputs


def tensor_of(value: Any, run: Run) -> Tensor:
    """A tensor, or the only one of a list."""
    if isinstance(value, Listed):
        if len(value.elements) != 1:
            raise SpaceError("E0218", f"one tensor is needed, not {len(value.elements)}")
        return tensor_of(value.elements[0].force(run), run)
    if isinstance(value, Tensor):
        return value
    if isinstance(value, OPERATORS):
        raise SpaceError("E0219", "a tensor is needed, not an operator")
    raise SpaceError("E0209", f"a tensor is needed, not a {type(value).__name__}")


def read_axis(thunk: Thunk, axis: str, run: Run) -> Any:
    """A size (or the layout) of a tensor, asking only for what it depends on.

    Of a tensor that was demanded, everything is asked already.
    """
    known = run.values.get(thunk)
    if known is not None and known[0] in run.nodes:
        shape = run.nodes[known[0]].shape
        if axis in shape:
            return shape[axis]
    return hanging(thunk, axis, run)


def hanging(thunk: Thunk, axis: str, run: Run) -> Any:
    """The same, leaving the tree of what it depends on in the thunk's trees."""
    return thunk.read(run, axis, lambda value, r: axis_of(tensor_of(value, r), axis, r))


def right_axis(thunk: Thunk, axis: str, run: Run) -> Any:
    """A size of a tensor that may never be computed; an operator that is refused has none."""
    known = run.values.get(thunk)
    if known is not None and known[0] in run.nodes:
        return read_axis(thunk, axis, run)
    return _hanging_right(thunk, axis, run)[0]


def _hanging_right(thunk: Thunk, axis: str, run: Run) -> tuple[Any, Any]:
    """The same, and the tree of what it depends on."""
    if not may_be_refused(thunk, run.made):
        return hanging(thunk, axis, run), thunk.trees[axis]
    what = ("right", axis)

    def size(value: Any, r: Run) -> Any:
        shape = _right(tensor_of(value, r), r)
        if axis not in shape:
            raise SpaceError("E0221", f"{shape['layout']} has no {axis}")
        return shape[axis]

    return thunk.read(run, what, size), thunk.trees[what]


def may_be_refused(thunk: Thunk, made: Made) -> bool:
    """Whether something that leads to a tensor is refused under some answers."""
    if "refused" not in thunk.trees:
        found = leaves(tree_of(lambda r: tensor_of(thunk.force(r), r), thunk.context, made))
        thunk.trees["refused"] = any(isinstance(f, SpaceError) or _may_refuse(f, made) for f in found)
    return bool(thunk.trees["refused"])


def _may_refuse(tensor: Tensor, made: Made) -> bool:
    if any(may_be_refused(source, made) for source in (*tensor.inputs, *tensor.like)):
        return True

    def taken(run: Run) -> bool:
        try:
            return bool(_checked(tensor, run))
        except SpaceError:
            return False

    return False in leaves(tree_of(taken, {}, made))


def _checked(tensor: Tensor, run: Run) -> Shape:
    """The shape of a tensor, when its own operator takes what enters."""
    view = Lazily(tensor, run)
    if not tensor.like:
        for i in range(view.inputs):
            if view.size(i, "layout") not in tensor.spec.layouts:
                raise SpaceError("E0217", f"{tensor.spec.name} is not for {view.size(i, 'layout')}")
        if tensor.spec.name not in ("input", "identity"):
            tensor.spec.check(view)
    layout = axis_of(tensor, "layout", run)
    shape = {"layout": layout, **{axis: axis_of(tensor, axis, run) for axis in AXES[layout]}}
    if any(size < 1 for size in shape.values() if not isinstance(size, str)):
        raise SpaceError("E0216", f"nothing is left: {shape}")
    return shape


def _right(tensor: Tensor, run: Run) -> Shape:
    """The same, when all that leads to it is right as well."""
    for source in tensor.inputs:
        _right(tensor_of(source.force(run), run), run)
    return _checked(tensor, run)


def axis_of(tensor: Tensor, axis: str, run: Run) -> Any:
    if tensor.like:
        return zero_axis(tensor, axis, run)
    if axis != "layout":
        layout = tensor.spec.shape(Lazily(tensor, run), "layout")
        if axis not in AXES[layout]:
            raise SpaceError("E0221", f"{layout} has no {axis}")
    return tensor.spec.shape(Lazily(tensor, run), axis)


class Lazily:
    """The view of a rule that asks only for what it needs."""

    def __init__(self, tensor: Tensor, run: Run) -> None:
        self.tensor, self.run, self.inputs = tensor, run, len(tensor.inputs)

    def parameter(self, name: str) -> Any:
        return self.tensor.parameters[name].force(self.run)

    def size(self, index: int, axis: str) -> Any:
        return read_axis(self.tensor.inputs[index], axis, self.run)


class Concretely:
    """The view of a rule on a node of an architecture."""

    def __init__(self, node: Node) -> None:
        self.node, self.inputs = node, len(node.inputs)

    def parameter(self, name: str) -> Any:
        return self.node.parameters[name]

    def size(self, index: int, axis: str) -> Any:
        return self.node.inputs[index].shape[axis]


def demand(thunk: Thunk, run: Run) -> Node:
    """The operation instance of a tensor, with all that it asks for."""
    tensor = tensor_of(thunk.force(run), run)
    if tensor not in run.nodes:
        run.nodes[tensor] = instance(tensor, run)
    return run.nodes[tensor]


def instance(tensor: Tensor, run: Run) -> Node:
    inputs = [demand(i, run) for i in tensor.inputs]
    if tensor.spec.name == "identity":
        return inputs[0]
    node = Node(tensor.spec, {name: p.force(run) for name, p in tensor.parameters.items()}, inputs)
    if tensor.like:
        layout = zero_axis(tensor, "layout", run)
        node.shape = {"layout": layout, **{axis: zero_axis(tensor, axis, run) for axis in AXES[layout]}}
        return node
    view = Concretely(node)
    for i, given in enumerate(inputs):
        if given.shape["layout"] not in tensor.spec.layouts:
            raise SpaceError("E0217", f"{tensor.spec.name} is not for {given.shape['layout']} (input {i + 1})")
    if tensor.spec.name != "input":
        tensor.spec.check(view)
    layout = tensor.spec.shape(view, "layout")
    node.shape = {"layout": layout, **{axis: tensor.spec.shape(view, axis) for axis in AXES[layout]}}
    if any(size < 1 for size in node.shape.values() if not isinstance(size, str)):
        raise SpaceError("E0216", f"nothing is left: {node.shape}")
    return node


def zero_axis(tensor: Tensor, axis: str, run: Run) -> Any:
    """A size of what is absent, which no decision inside may change, and which all that it stands for agree in."""
    found = [_hanging_right(like, axis, run) for like in tensor.like]
    sizes = [size for size, _ in found]
    for _, tree in found:
        for decision in decisions_of(tree):
            if tensor.inside(decision):
                raise SpaceError("E0307", f"the shape of what is absent depends on {decision.path}")
    if any(size != sizes[0] for size in sizes):
        raise SpaceError("E0204", f"what is absent could have different shapes: {sizes} ({axis})")
    return sizes[0]
