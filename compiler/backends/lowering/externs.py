"""Extern operators in generated code: permission to load them, what they are called, importing them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from ...diagnostics.externs import ExternNotAllowed, ExternNotLoaded
from ...diagnostics.model import SpaceError
from ...ir.graph import SpaceGraph
from ...ir.operation import Attributes, Extern, Primitive, TensorShape
from ...ops.torch.emission import Emission
from ...ops.torch.expressions import MODULE, Slot, call
from ..codegen.layer_text import layer_parameters
from ..codegen.namespace import INSIDE, NETWORK, SUPERNET, Namespace
from ..codegen.program import Import
from .extern_code import CodeFails, NotThere, own_class

if TYPE_CHECKING:
    from torch import nn

    from .network import Emit


def permitted(graph: SpaceGraph) -> None:
    """Raise SpaceError (E0227) for extern operators in a graph that was loaded without permission."""
    if not graph.allow_extern and graph.externs:
        found = [_extern(p) for p in graph.externs.values()]
        raise SpaceError([ExternNotAllowed(extern.span, extern.name, extern.target) for extern in found])


def load_externs(graph: SpaceGraph) -> None:
    """Import the code of all extern operators of a graph. Raises SpaceError: no permission, or it cannot be."""
    permitted(graph)
    import_externs(externs_of(graph))


def externs_of(graph: SpaceGraph) -> tuple[Extern, ...]:
    """The extern operators of a graph."""
    return tuple(map(_extern, graph.externs.values()))


def import_externs(externs: Iterable[Extern]) -> None:
    """Import the code of extern operators, by leave of whoever calls this. Raises SpaceError: it cannot be."""
    problems = [found for extern in externs if isinstance(found := extern_class(extern), ExternNotLoaded)]
    if problems:
        raise SpaceError(problems)


def extern_class(extern: Extern) -> type[nn.Module] | ExternNotLoaded:
    """The class of an extern operator, imported. Its module is looked for in the folder of the file that declares it,
    after all usual places."""
    from torch import nn

    try:
        found = own_class(extern.target, extern.folder)
    except NotThere as fault:
        fails = isinstance(fault, CodeFails)
        return ExternNotLoaded(extern.span, extern.name, extern.target, str(fault), fails=fails)
    if not issubclass(found, nn.Module):
        reason = f"{extern.module} has something else of that name"
        return ExternNotLoaded(extern.span, extern.name, extern.target, reason)
    return cast("type[nn.Module]", found)


class Externs:
    """Emission that knows the extern operators of a graph; ``imports`` are those that were used."""

    def __init__(self, graph: SpaceGraph, emit: Emit) -> None:
        self._graph, self._emit = graph, emit
        self._used: dict[str, Import] = {}
        self._names = Namespace(NETWORK | SUPERNET | INSIDE)

    @property
    def imports(self) -> tuple[Import, ...]:
        return tuple(self._used.values())

    def emit(self, op: str, inputs: tuple[TensorShape, ...], attrs: Attributes, output: TensorShape) -> Emission:
        """One application of ``op``; of an extern operator with all parameters of its constructor by name."""
        primitive = self._graph.externs.get(op)
        if primitive is None:
            return self._emit(op, inputs, attrs, output)
        made = call(self._called(_extern(primitive)), **attrs)
        return Emission(made, call(MODULE, *map(Slot, range(len(inputs)))))

    def _called(self, extern: Extern) -> str:
        """What the class is called in generated code; a name that is taken gets a number."""
        if extern.target not in self._used:
            alias = self._names.imported(extern.class_name)
            while layer_parameters(alias) is not None:
                alias = self._names.imported(extern.class_name)
            self._used[extern.target] = Import(extern.module, extern.class_name, alias)
        return self._used[extern.target].alias


def _extern(primitive: Primitive) -> Extern:
    assert primitive.extern is not None
    return primitive.extern
